"""A house, and an application, in a folder of its own."""

from __future__ import annotations

from tests.api.conftest import bridge
from tests.exchange.conftest import house

__all__ = ["bridge", "house"]
