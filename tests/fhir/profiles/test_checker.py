"""What the checker finds in a resource, by FHIR R4 alone: one planted fault a row."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from adapter.domain.errors import Issue
from adapter.fhir.profiles.packaged import profile_checker
from tests.fhir.plans import bundle, sip
from tests.fhir.profiles.resources import CONSENT, OBSERVATION, PATIENT, QUESTIONNAIRE

Json = dict[str, Any]

ORGANIZATION: Json = {"resourceType": "Organization", "name": "x"}
EXTENSION: Json = {"url": "urn:x", "valueCode": "x"}
GOOD = {item["resourceType"]: item for item in (PATIENT, OBSERVATION, CONSENT, QUESTIONNAIRE)}


@pytest.mark.parametrize("kind", GOOD)
def test_what_is_right_has_no_fault(kind: str) -> None:
    assert profile_checker().check(GOOD[kind]) == ()


@pytest.mark.parametrize(
    ("kind", "spoil", "issue"),
    [
        # Elements and cardinality.
        ("Patient", lambda it: it.update(nickname="x"), ("Patient.nickname", "unknown-element")),
        ("Patient", lambda it: it.update({"no name of ours": 1}), ("Patient", "unknown-element")),
        ("Patient", lambda it: it["name"][0].update(first="x"), ("Patient.name[0].first", "unknown-element")),
        ("Patient", lambda it: it.update(_deceasedDateTime={"id": "x"}), ("Patient.deceased", "too-many-values")),
        ("Patient", lambda it: it.update(deceasedDateTime="2026-01-01"), ("Patient.deceased", "too-many-values")),
        ("Patient", lambda it: it.update(deceasedString="x"), ("Patient.deceasedString", "unknown-element")),
        ("Observation", lambda it: it.pop("status"), ("Observation.status", "required")),
        ("Observation", lambda it: it.pop("code"), ("Observation.code", "required")),
        ("Observation", lambda it: it["component"][0].pop("code"), ("Observation.component[0].code", "required")),
        ("Consent", lambda it: it.pop("category"), ("Consent.category", "required")),
        # The shape of JSON.
        ("Patient", lambda it: it.update(name=it["name"][0]), ("Patient.name", "type")),
        ("Patient", lambda it: it.update(gender=["male"]), ("Patient.gender", "value")),
        ("Patient", lambda it: it.update(name=[]), ("Patient.name", "empty")),
        ("Patient", lambda it: it.update(name=[{}]), ("Patient.name[0]", "empty")),
        ("Patient", lambda it: it.update(name=["x"]), ("Patient.name[0]", "type")),
        ("Patient", lambda it: it.update(name=None), ("Patient.name", "null")),
        ("Patient", lambda it: it.update(birthDate=None), ("Patient.birthDate", "null")),
        ("Patient", lambda it: it["name"][0].update(given=["x", None]), ("Patient.name[0].given[1]", "null")),
        ("Patient", lambda it: it["name"][0].update(family=""), ("Patient.name[0].family", "empty")),
        ("Patient", lambda it: it["name"][0].update(family="  "), ("Patient.name[0].family", "value")),
        ("Patient", lambda it: it["name"][0].update(family="a\x00b"), ("Patient.name[0].family", "value")),
        ("Patient", lambda it: it.update(_birthDate="x"), ("Patient.birthDate", "type")),
        ("Patient", lambda it: it.update(_birthDate={"x": 1}), ("Patient.birthDate.x", "unknown-element")),
        ("Patient", lambda it: it.update(_birthDate=None), ("Patient.birthDate", "null")),
        ("Patient", lambda it: it.update(_birthDate={}), ("Patient.birthDate", "empty")),
        ("Patient", lambda it: it.update(_gender={"id": "1"}, gender=None), ("Patient.gender", "empty")),
        ("Patient", lambda it: it.update(_name=[{"id": "1"}]), ("Patient.name[0]", "type")),
        # Primitives.
        ("Patient", lambda it: it.update(birthDate="1912-13-12"), ("Patient.birthDate", "value")),
        ("Patient", lambda it: it.update(birthDate="1912-02-30"), ("Patient.birthDate", "value")),
        ("Patient", lambda it: it.update(birthDate="12-12-1912"), ("Patient.birthDate", "value")),
        ("Patient", lambda it: it.update(deceasedBoolean="false"), ("Patient.deceased", "value")),
        ("Patient", lambda it: it.update(deceasedBoolean=0), ("Patient.deceased", "value")),
        ("Patient", lambda it: it.update(id="å"), ("Patient.id", "value")),
        ("Patient", lambda it: it.update(id="x" * 65), ("Patient.id", "value")),
        ("Patient", lambda it: it.update(multipleBirthInteger=True), ("Patient.multipleBirth", "value")),
        ("Patient", lambda it: it.update(multipleBirthInteger=2**31), ("Patient.multipleBirth", "value")),
        ("Patient", lambda it: it.update(multipleBirthInteger=1.5), ("Patient.multipleBirth", "value")),
        ("Observation", lambda it: it.update(effectiveDateTime="2026-05-02T10:00:00"), ("Observation.effective", "value")),
        ("Observation", lambda it: it.update(issued="2026-05-02"), ("Observation.issued", "value")),
        ("Observation", lambda it: it["valueQuantity"].update(value="12"), ("Observation.value.value", "value")),
        ("Observation", lambda it: it["valueQuantity"].update(value=True), ("Observation.value.value", "value")),
        ("Patient", lambda it: it.update(photo=[{"contentType": "image/png", "data": "=="}]), ("Patient.photo[0].data", "value")),
        ("Patient", lambda it: it["contact"][0].update(telecom=[{"rank": 0}]), ("Patient.contact[0].telecom[0].rank", "value")),
        ("Patient", lambda it: it["name"][0].update(family="\ud800"), ("Patient.name[0].family", "value")),
        ("Patient", lambda it: it.update(language="\ud800"), ("Patient.language", "value")),
        ("Patient", lambda it: it["name"][0].update(family="\uffff"), ("Patient.name[0].family", "value")),
        # Codes.
        ("Patient", lambda it: it.update(gender="man"), ("Patient.gender", "code")),
        ("Observation", lambda it: it.update(status="done"), ("Observation.status", "code")),
        ("Consent", lambda it: it["provision"].update(type="allow"), ("Consent.provision.type", "code")),
        ("Questionnaire", lambda it: it["item"][0]["item"][0].update(type="number"), ("Questionnaire.item[0].item[0].type", "code")),
        # References.
        ("Observation", lambda it: it["subject"].update(reference="CarePlan/1"), ("Observation.subject", "reference-target")),
        ("Observation", lambda it: it["subject"].update(reference="https://example.org/fhir/CarePlan/1"), ("Observation.subject", "reference-target")),
        ("Observation", lambda it: it["subject"].update(type="CarePlan"), ("Observation.subject", "reference-target")),
        ("Observation", lambda it: it["subject"].update(reference="#nobody"), ("Observation.subject", "reference-target")),
        # Invariants.
        ("Patient", lambda it: it.update(contact=[{"gender": "male"}]), ("Patient.contact[0]", "pat-1")),
        ("Observation", lambda it: it.update(dataAbsentReason={"text": "x"}), ("Observation", "obs-6")),
        ("Consent", lambda it: it.pop("policyRule"), ("Consent", "ppc-1")),
        ("Consent", lambda it: it["provision"]["period"].update(end="2025-01-01"), ("Consent.provision.period", "per-1")),
        ("Questionnaire", lambda it: it["item"][0].pop("item"), ("Questionnaire.item[0]", "que-1")),
        ("Questionnaire", lambda it: it["item"][0]["item"][0].update(linkId="1"), ("Questionnaire", "que-2")),
        ("Patient", lambda it: it.update(contained=[{"resourceType": "Organization", "id": "1", "name": "x"}]), ("Patient", "dom-3")),
        # Extensions.
        ("Patient", lambda it: it.update(extension=[{"valueString": "x"}]), ("Patient.extension[0].url", "required")),
        ("Patient", lambda it: it.update(extension=[{"url": "urn:x"}]), ("Patient.extension[0]", "ext-1")),
        ("Patient", lambda it: it.update(extension=[{"url": "urn:x", "valueCode": "a", "extension": [{"url": "y", "valueCode": "b"}]}]), ("Patient.extension[0]", "ext-1")),
        ("Patient", lambda it: it.update(extension=[{"url": "urn:x", "valueDate": "x"}]), ("Patient.extension[0].value", "value")),
        # Narrative.
        ("Patient", lambda it: it.update(text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">\ud800</div>'}), ("Patient.text.div", "value")),
        ("Patient", lambda it: it.update(text={"status": "generated", "div": "<p>x</p>"}), ("Patient.text.div", "value")),
        ("Patient", lambda it: it.update(text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div>'}), ("Patient.text.div", "value")),
        ("Patient", lambda it: it.update(text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x">x</p></div>'}), ("Patient.text.div", "value")),
        # Contained resources.
        ("Patient", lambda it: it.update(contained=["x"]), ("Patient.contained[0]", "type")),
        ("Patient", lambda it: it.update(contained=[ORGANIZATION | {"id": "1"}] * 2, managingOrganization={"reference": "#1"}), ("Patient.contained[1].id", "duplicate-id")),
    ],
)  # fmt: skip
def test_a_planted_fault_is_named_by_path_and_code(
    kind: str, spoil: Callable[[Json], object], issue: tuple[str, str]
) -> None:
    resource = deepcopy(GOOD[kind])
    spoil(resource)
    assert profile_checker().check(resource) == (Issue(*issue),)


def test_what_is_contained_is_of_a_type_and_has_an_id() -> None:
    found = profile_checker().check(PATIENT | {"contained": [{"resourceType": "Resource"}, ORGANIZATION]})
    assert {(issue.path, issue.code) for issue in found} == {
        ("Patient", "dom-3"),
        ("Patient.contained[0]", "unknown-resource-type"),
        ("Patient.contained[0].id", "required"),
        ("Patient.contained[1].id", "required"),
    }


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"valueInteger": 10**400}, "Observation.value"),
        ({"valueQuantity": {"value": 10**400}}, "Observation.value.value"),
        ({"valueQuantity": {"value": Decimal("1e400")}}, "Observation.value.value"),
    ],
)
def test_a_number_that_no_invariant_can_be_asked_of_is_a_fault(value: Json, path: str) -> None:
    observation = {key: part for key, part in OBSERVATION.items() if key != "valueQuantity"} | value
    assert Issue(path, "value") in profile_checker().check(observation)


@pytest.mark.parametrize("number", ["1.50", "-0.0", "12", "1e25"])
def test_a_decimal_as_it_was_sent_is_good(number: str) -> None:
    observation = OBSERVATION | {"valueQuantity": {"value": Decimal(number), "unit": "poäng"}}
    assert profile_checker().check(observation) == ()
    del observation["code"]
    assert profile_checker().check(observation) == (Issue("Observation.code", "required"),)


def test_an_id_may_stand_beside_a_value() -> None:
    named = {"given": ["Tolvan", "T"], "_given": [{"id": "1"}]}
    assert profile_checker().check(PATIENT | {"name": [named], "_birthDate": {"id": "2"}}) == ()


def test_what_may_stand_beside_a_primitive() -> None:
    beside = {"extension": [{"url": "urn:x", "valueCode": "unknown"}]}
    absent = PATIENT | {"_birthDate": beside, "name": [{"given": ["Tolvan", None], "_given": [None, beside]}]}
    absent.pop("birthDate")
    assert profile_checker().check(absent) == ()


def test_a_narrative_of_plain_markup_is_good() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Plan</p><table><tr><td>1</td></tr></table></div>'
    assert profile_checker().check(PATIENT | {"text": {"status": "generated", "div": div}}) == ()


def test_a_bundles_entries_are_checked_and_its_references_resolved_by_full_url() -> None:
    whole = bundle(sip())
    assert profile_checker().check(whole) == ()
    whole["entry"][1]["resource"]["intent"] = "guess"
    assert profile_checker().check(whole) == (Issue("Bundle.entry[1].resource.intent", "code"),)
    entries: list[Json] = [
        {"fullUrl": "urn:uuid:5b0c9d3e-0000-8000-8000-000000000001", "resource": PATIENT},
        {"resource": OBSERVATION | {"subject": {"reference": "urn:uuid:5b0c9d3e-0000-8000-8000-000000000001"}}},
    ]  # fmt: skip
    collection: Json = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert profile_checker().check(collection) == ()
    entries[0]["resource"] = CONSENT
    assert profile_checker().check(collection) == (
        Issue("Bundle.entry[1].resource.subject", "reference-target"),
    )


@pytest.mark.parametrize(
    "kind", [None, 1, [], "Nothing", "HumanName", "string", "Resource", "DomainResource"]
)
def test_what_is_no_resource_is_said_to_be_none(kind: object) -> None:
    assert profile_checker().check({"resourceType": kind}) == (Issue("Resource", "unknown-resource-type"),)


def test_depth_and_number_of_findings_are_bounded() -> None:
    deep: Json = {"url": "urn:x", "valueCode": "x"}
    for _ in range(100):
        deep = {"url": "urn:x", "extension": [deep]}
    assert "too-deep" in {issue.code for issue in profile_checker().check(PATIENT | {"extension": [deep]})}
    many = PATIENT | {"name": [{"nick": 1}] * 500}
    assert len(profile_checker().check(many)) == 200
