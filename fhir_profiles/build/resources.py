"""What this package ships, made from SUSHI's output: definitions and examples, a resource each, and for the checker all distilled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fhir_profiles.build.distil import distilled

PACKAGE: Final = Path(__file__).parents[1]
DISTILLED: Final = "distilled.json"
_SHIPPED: Final = ("definitions/*.json", "examples/*.json", DISTILLED)
_DISTILLED_TYPES: Final = ("StructureDefinition", "ValueSet", "CodeSystem")


def shipped() -> dict[str, str]:
    """What the package holds now: text by path in the package."""
    return {
        file.relative_to(PACKAGE).as_posix(): file.read_text(encoding="utf-8")
        for pattern in _SHIPPED
        for file in sorted(PACKAGE.glob(pattern))
    }


def made(compiled: Path, core: Path) -> dict[str, str]:
    """What it should hold, from SUSHI's folder of resources and the R4 core package's: text by path in the package."""
    definitions = [*_conformance_resources(core), *_conformance_resources(compiled)]
    text = json.dumps(distilled(definitions), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    resources = dict(_shippable(file.name, _read(file)) for file in sorted(compiled.glob("*.json")))
    return {**resources, DISTILLED: text + "\n"}


def write(files: Mapping[str, str]) -> None:
    """Make the package hold ``files`` and nothing else of the kind."""
    for path in shipped().keys() - files.keys():
        (PACKAGE / path).unlink()
    for path, text in files.items():
        (PACKAGE / path).parent.mkdir(exist_ok=True)
        (PACKAGE / path).write_text(text, encoding="utf-8")


def _conformance_resources(folder: Path) -> Iterator[dict[str, Any]]:
    for kind in _DISTILLED_TYPES:
        yield from map(_read, sorted(folder.glob(f"{kind}-*.json")))


def _read(file: Path) -> dict[str, Any]:
    resource: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return resource


def _shippable(name: str, resource: dict[str, Any]) -> tuple[str, str]:
    # A snapshot repeats the whole of R4 for each profile; whoever needs one makes it from the differential.
    resource.pop("snapshot", None)
    folder = "definitions" if "url" in resource else "examples"
    return f"{folder}/{name}", json.dumps(resource, ensure_ascii=False, indent=1) + "\n"
