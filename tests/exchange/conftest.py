"""A house in a folder of its own, over a database of each kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import Place
from tests.exchange.house import House, opened


@pytest.fixture
async def house(tmp_path: Path, place: Place) -> AsyncIterator[House]:
    async with opened(tmp_path, place=place) as house:
        yield house
