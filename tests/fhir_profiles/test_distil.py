"""What of a definition comes through to the checker."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_profiles.build.distil import distilled

ROOT = {"id": "Observation", "min": 0, "max": "*", "base": {"max": "*"}}
VALUE = {"id": "Observation.value[x]", "min": 0, "max": "1", "base": {"max": "1"}, "type": [{"code": "integer"}]}  # fmt: skip


def value_element(**stated: Any) -> dict[str, Any]:
    profile = {
        "resourceType": "StructureDefinition",
        "url": "https://example.org/profile",
        "type": "Observation",
        "kind": "resource",
        "derivation": "constraint",
        "snapshot": {"element": [ROOT, VALUE | stated]},
    }
    element: dict[str, Any] = distilled([profile])["structures"][profile["url"]]["elements"][1]
    return element


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ({"minValueInteger": 0, "maxValueInteger": 40}, {"minValue": 0, "maxValue": 40}),
        ({"patternBoolean": False}, {"pattern": False}),
        ({"fixedInteger": 0}, {"fixed": 0}),
        ({"maxLength": 5}, {"maxLength": 5}),
        ({"min": 1}, {"min": 1}),
    ],
)
def test_what_a_profile_asks_is_kept(stated: dict[str, Any], kept: dict[str, Any]) -> None:
    plain = value_element()

    assert plain == {"id": "Observation.value[x]", "max": "1", "types": [{"code": "integer"}]}
    assert value_element(**stated) == plain | kept


def test_a_bound_that_is_not_checked_is_said_when_it_is_built() -> None:
    with pytest.raises(ValueError, match="minValue"):
        value_element(minValueDate="2026-01-01")
