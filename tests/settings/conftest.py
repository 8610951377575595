"""A sound configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.folder import written


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return written(tmp_path / "config")
