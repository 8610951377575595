"""A sound configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.folder import MAIN, SHIPPED


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    (folder / "agreements").mkdir(parents=True)
    for name in ("neutral_push", "region_hl7v2"):
        (folder / "mappings" / "systems" / name).mkdir(parents=True)
    (folder / "agreements" / SHIPPED.name).write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "sambro.yaml").write_text(MAIN, encoding="utf-8")
    return folder
