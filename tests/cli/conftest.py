"""The command, and an installation for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.cli.command import Installation, Run, installed, runner
from tests.cli.story import KEY


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


@pytest.fixture
def served(installation: Installation) -> Installation:
    """An installation whose database a house writes (``story.happened``)."""
    installation.key.parent.mkdir(mode=0o700)
    installation.key.write_bytes(KEY)
    installation.key.chmod(0o600)
    installation.data.mkdir()
    return installation
