"""Parts of resources: what R4 calls a summary, what is named, and always what its reader must have; marked as parts."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

import orjson
import pytest

from adapter.fhir.profiles.packaged import profile_checker
from adapter.fhir.subset import Subset, Subsetting
from adapter.fhir.xml.shapes import Shapes

SUBSETTING: Final = Subsetting(Shapes(profile_checker().definitions))
TEXT: Final = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((files("fhir_profiles") / "examples" / f"{name}.json").read_bytes())
    return found | {"text": TEXT}


CONSENT: Final = example("Consent-waiver")
SUMMARY: Final = {
    "identifier", "status", "scope", "category", "patient", "dateTime", "performer", "organization", "provision"
}  # fmt: skip


@pytest.mark.parametrize(
    ("subset", "kept"),
    [
        (Subset("true"), SUMMARY),
        (Subset("text"), {"text", "status", "scope", "category"}),
        (Subset("data"), CONSENT.keys() - {"text"}),
        (
            Subset(elements=frozenset({"dateTime", "policy"})),
            {"dateTime", "policy", "status", "scope", "category"},
        ),
    ],
)
def test_a_part_holds_what_is_asked_for_and_what_must_be_there(subset: Subset, kept: set[str]) -> None:
    part = SUBSETTING.of(CONSENT, subset)
    always = {"resourceType", "id", "meta"}
    assert part.keys() == always | (kept & CONSENT.keys())
    assert part["meta"]["tag"][-1]["code"] == "SUBSETTED"
    assert CONSENT.get("meta", {}).get("tag", []) == []


def test_a_summary_goes_into_what_its_elements_hold() -> None:
    provision = SUBSETTING.of(CONSENT, Subset("true"))["provision"]
    assert "actor" in CONSENT["provision"]
    assert provision.keys() == CONSENT["provision"].keys() - {"actor", "provision"}


def test_the_whole_is_the_resource_itself() -> None:
    assert SUBSETTING.of(CONSENT, Subset()) is CONSENT


def test_a_part_of_every_example_is_good_but_for_its_profile() -> None:
    for name in (
        "Patient-person",
        "CarePlan-plan",
        "Goal-goal-long",
        "CareTeam-team",
        "Observation-audit-result",
    ):
        whole = example(name)
        part = dict(SUBSETTING.of(whole, Subset(elements=frozenset({"id"}))))
        part["meta"] = {"tag": part["meta"]["tag"]}
        codes = {issue.code for issue in profile_checker().check(part, str(part["resourceType"]))}
        assert "required" not in codes, name
