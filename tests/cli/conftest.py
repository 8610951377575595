"""The command, and an installation for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.cli.command import Installation, Run, installed, runner


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    for name in ("SAMBRO_CONFIG", "SAMBRO_DATA", "SAMBRO_MASTER_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    # A terminal would wrap and colour what is compared here.
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    yield runner(monkeypatch, capsys)
    # ``serve`` lets the process log to its stderr, which is this test's no longer.
    structlog.reset_defaults()


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return installed(tmp_path)
