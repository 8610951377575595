"""The work of a check grows with what is checked, and has an end that is told."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from adapter.domain.errors import Issue
from adapter.domain.records import CANONICAL
from adapter.fhir.profiles.findings import MAX_OBJECTS, Enough, Findings
from adapter.fhir.profiles.narrative import is_narrative
from adapter.fhir.profiles.packaged import profile_checker
from tests.conformance.samples import example

Json = dict[str, Any]

_PATIENT_PROFILES = [
    "http://hl7.org/fhir/StructureDefinition/Patient",
    f"{CANONICAL}/StructureDefinition/patient",
]


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One item for each object that was looked at."""
    seen: list[int] = []
    count = Findings.count_object

    def counted(findings: Findings) -> None:
        seen.append(1)
        count(findings)

    monkeypatch.setattr(Findings, "count_object", counted)
    return seen


def nested(levels: int) -> Json:
    """A Patient within a Patient, and so on, each of which claims two profiles."""
    patient: Json = example("Patient-person") | {"meta": {"profile": _PATIENT_PROFILES}, "id": "p"}
    for _ in range(levels):
        patient = example("Patient-person") | {
            "id": "p",
            "meta": {"profile": _PATIENT_PROFILES},
            "contained": [patient],
            "link": [{"other": {"reference": "#p"}, "type": "seealso"}],
        }
    return patient


def extended(levels: int) -> Json:
    """An extension of ours within itself, and so on."""
    extension: Json = {"url": f"{CANONICAL}/StructureDefinition/agreement", "valueUri": "urn:x:y"}
    for _ in range(levels):
        extension = {"url": f"{CANONICAL}/StructureDefinition/agreement", "extension": [extension]}
    return extension


def test_what_is_contained_is_looked_at_once_for_each_profile(looked_at: list[int]) -> None:
    profile_checker().check(nested(1))
    one = len(looked_at)
    looked_at.clear()
    profile_checker().check(nested(9))
    assert len(looked_at) <= 9 * one


def test_an_extension_that_we_know_is_looked_at_once(looked_at: list[int]) -> None:
    profile_checker().check(example("Patient-person") | {"extension": [extended(1)]})
    few = len(looked_at)
    looked_at.clear()
    profile_checker().check(example("Patient-person") | {"extension": [extended(11)]})
    assert len(looked_at) == few + 10


def test_a_profile_that_is_claimed_by_many_versions_is_asked_once(looked_at: list[int]) -> None:
    patient = example("Patient-person")
    profile_checker().check(patient | {"meta": {"profile": _PATIENT_PROFILES[1:]}})
    once = len(looked_at)
    looked_at.clear()
    claims = [f"{_PATIENT_PROFILES[1]}|{version}" for version in range(50)]
    assert profile_checker().check(patient | {"meta": {"profile": claims}}) == ()
    assert len(looked_at) == once


def test_many_contained_resources_are_checked(looked_at: list[int]) -> None:
    organizations = [{"resourceType": "Organization", "id": f"o{n}", "name": "x"} for n in range(500)]
    links = [{"reference": f"#o{n}"} for n in range(500)]
    patient = example("Patient-person") | {"contained": organizations, "generalPractitioner": links}
    assert profile_checker().check(patient) == ()
    del links[7]
    assert profile_checker().check(patient) == (Issue("Patient", "dom-3"),)


def test_too_much_to_look_at_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapter.fhir.profiles.findings.MAX_OBJECTS", 20)
    patient = example("Patient-person")
    assert profile_checker().check(patient) == ()
    many = patient | {"address": [{"city": "Alingsås"}] * 20}
    assert profile_checker().check(many) == (Issue("Patient", "too-costly"),)


def test_the_budget_is_more_than_a_large_record_needs() -> None:
    many = example("Patient-person") | {"address": [{"city": "Alingsås"}] * 1_000}
    assert profile_checker().check(many) == ()
    findings = Findings("Patient")
    for _ in range(MAX_OBJECTS):
        findings.count_object()
    with pytest.raises(Enough):
        findings.count_object()
    assert findings.all() == (Issue("Patient", "too-costly"),)


def test_attributes_without_end_in_a_narrative_are_refused_at_once() -> None:
    many = " ".join(f"a{place}=''" for place in range(20_000))
    started = process_time()
    assert not is_narrative(f"<div xmlns='http://www.w3.org/1999/xhtml' {many}>x</div>")
    assert process_time() - started < 1
