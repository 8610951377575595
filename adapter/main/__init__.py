"""The composition root: the one place that knows every room, and puts them together from the settings."""

from __future__ import annotations

from adapter.cli.app import build_cli
from adapter.main.commands import Installed


def run() -> None:
    """The ``sambro`` command."""
    build_cli(Installed())()
