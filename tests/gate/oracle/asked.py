"""Records: which are asked for, about whom they are, and whether they can be released at all."""

from __future__ import annotations

from typing import Any

from tests.gate.oracle.words import TYPES_OF, Json, pairs

NAMED_BY_A_RULE = {"CarePlan", "Goal", "CareTeam", "Observation", "Patient"}


def name(record: Json) -> str:
    return f"{record['resourceType']}/{record['id']}"


def asked(request: Json) -> set[tuple[str, str | None]]:
    """The kinds of record that are asked for, as (resource type, record type); stated both ways, they are both to hold."""
    kinds: set[tuple[str, str | None]] = {
        (kind, name) for name, types in TYPES_OF.items() for kind in types
    } | {("Observation", None)}
    types, names = request.get("types"), request.get("recordTypes")
    return {
        (kind, name) for kind, name in kinds if (not types or kind in types) and (not names or name in names)
    }


def is_about(record: Json, patient: Json, entries: list[Json]) -> bool:
    if record["resourceType"] == "Patient":
        return bool(pairs(record.get("identifier")) & pairs(patient))
    subject = record.get("subject") or record.get("patient") or record.get("for") or {}
    if pairs(subject.get("identifier")):
        return bool(pairs(subject["identifier"]) & pairs(patient))
    persons = [one for one in entries if one["resourceType"] == "Patient"]
    return any(
        subject.get("reference") == f"Patient/{one['id']}" and pairs(one.get("identifier")) & pairs(patient)
        for one in persons
    )


def can_be_released(record: Json) -> bool:
    """Of a type that a release rule names, without a modifierExtension or an element that R4 does not define."""
    return (
        record["resourceType"] in NAMED_BY_A_RULE
        and not _has_modifier_extension(record)
        and "undefinedInR4" not in record
    )


def _has_modifier_extension(value: Any) -> bool:
    if isinstance(value, list):
        return any(_has_modifier_extension(one) for one in value)
    if not isinstance(value, dict):
        return False
    return "modifierExtension" in value or any(_has_modifier_extension(one) for one in value.values())
