"""What this package ships: definitions and examples as JSON, one resource a file, made from SUSHI's output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

PACKAGE: Final = Path(__file__).parents[1]
_FOLDERS: Final = ("definitions", "examples")


def shipped() -> dict[str, str]:
    """What the package holds now: text by path in the package."""
    return {
        f"{folder}/{file.name}": file.read_text(encoding="utf-8")
        for folder in _FOLDERS
        for file in sorted((PACKAGE / folder).glob("*.json"))
    }


def made(compiled: Path) -> dict[str, str]:
    """What it should hold, from SUSHI's folder of resources: text by path in the package."""
    return dict(
        _shippable(file.name, json.loads(file.read_text(encoding="utf-8")))
        for file in sorted(compiled.glob("*.json"))
    )


def write(files: Mapping[str, str]) -> None:
    """Make the package hold ``files`` and no other definitions or examples."""
    for path in shipped().keys() - files.keys():
        (PACKAGE / path).unlink()
    for path, text in files.items():
        (PACKAGE / path).parent.mkdir(exist_ok=True)
        (PACKAGE / path).write_text(text, encoding="utf-8")


def _shippable(name: str, resource: dict[str, Any]) -> tuple[str, str]:
    # A snapshot repeats the whole of R4 for each profile; whoever needs one makes it from the differential.
    resource.pop("snapshot", None)
    folder = "definitions" if "url" in resource else "examples"
    return f"{folder}/{name}", json.dumps(resource, ensure_ascii=False, indent=1) + "\n"
