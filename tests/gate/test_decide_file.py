"""``sambro decide``: files in, the answer of interfaces.md out."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from adapter.domain.errors import InputError
from adapter.gate.decide_file import decide_from_json
from adapter.gate.rules import release_rules
from tests.gate.builders import (
    ASKED,
    NOW,
    OTHER_PERSON,
    PERSON,
    REGION,
    Json,
    audit,
    bundle,
    care_plan,
    concept,
    consent,
    deny,
    goal,
    patient,
    permit,
    record_types,
    reference,
)


def answered(*files: object, records: Json | None = None, **changes: Any) -> dict[str, Any]:
    contents = [file if isinstance(file, bytes) else orjson.dumps(file) for file in files]
    asked = {key: value for key, value in (ASKED | changes).items() if value is not None}
    held = None if records is None else orjson.dumps(records)
    return decide_from_json(asked, contents, held, NOW, rules=release_rules())


def test_the_answer_without_records() -> None:
    assert answered(consent(permit(code=record_types("SIP")))) == {
        "verdict": "permit",
        "reason": "consent",
        "consents": [{"id": "c1", "version": "1"}],
        "obligations": [{"kind": "codes", "effect": "only", "values": ["SIP"]}],
        "policy": "sambro-gate/1",
        "at": "2024-06-03T10:00:00.000Z",
    }


def test_the_answer_with_records_names_what_passes_and_what_does_not() -> None:
    answer = answered(
        consent(permit(code=record_types("SIP"))), records=bundle(care_plan("1"), audit("2"), patient("3"))
    )
    assert (answer["released"], answer["withheld"]) == (["CarePlan/1", "Patient/3"], ["Observation/2"])


def test_records_count_as_the_persons_unless_they_say_otherwise() -> None:
    stranger = patient("9", identifier=[OTHER_PERSON.as_fhir()])
    unsaid, of_another = (
        audit("1", subject={"reference": "Patient/1"}),
        audit("2", subject=reference(OTHER_PERSON)),
    )
    answer = answered(consent(), records=bundle(unsaid, of_another, stranger))
    assert (answer["released"], answer["withheld"]) == (["Observation/1"], ["Observation/2", "Patient/9"])


def test_a_deny_withholds_every_record() -> None:
    answer = answered(consent(deny()), records=bundle(care_plan("1"), patient("2")))
    assert (answer["verdict"], answer["released"], answer["withheld"]) == (
        "deny",
        [],
        ["CarePlan/1", "Patient/2"],
    )


def test_a_plan_is_permitted_without_records_and_judged_with_them() -> None:
    active = bundle(care_plan("1", status="active"))
    assert answered(consent())["verdict"] == "permit"
    missing = answered(consent(), records=active)
    assert (missing["verdict"], missing["reason"], missing["released"]) == ("deny", "sip-consent-missing", [])
    assert answered(consent(), consent(category="sip-plan", id="s1"), records=active)["released"] == [
        "CarePlan/1"
    ]


@pytest.mark.parametrize("file", [b"", b"{", b"\xff\xfe", b"[" * 5000, b"null", orjson.dumps(goal()), b"[1]"])
def test_what_cannot_be_read_is_an_unreadable_consent(file: bytes) -> None:
    answer = answered(consent(), file)
    assert (answer["verdict"], answer["reason"]) == ("indeterminate", "consent-unreadable")


@pytest.mark.parametrize(
    "incomplete",
    [
        bundle(consent(), link=[{"relation": "next", "url": "https://x.org"}]),
        bundle(consent(), total=2),
        bundle(consent(), {"resourceType": "OperationOutcome", "issue": []}),
    ],
)
def test_a_page_that_was_not_fetched_is_a_registry_that_did_not_answer(incomplete: Json) -> None:
    assert answered(incomplete)["reason"] == "registry-unavailable"


def test_a_bundle_resolves_actors_by_full_url() -> None:
    by_url = permit(
        actor=[
            {
                "role": concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
                "reference": {"reference": "Organization/r"},
            }
        ]
    )
    region: Json = {"resourceType": "Organization", "id": "r", "identifier": [REGION.as_fhir()]}
    base = "https://registry.example.org/fhir"
    whole: Json = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": f"{base}/Consent/c1", "resource": consent(by_url)},
            {"fullUrl": f"{base}/Organization/r", "resource": region},
        ],
    }
    assert answered(whole)["verdict"] == "permit"
    assert answered(consent(by_url), whole["entry"][1]["resource"])["verdict"] == "indeterminate"
    elsewhere = {"fullUrl": "https://elsewhere.example.org/fhir/Organization/r", "resource": region}
    assert answered(whole | {"entry": [whole["entry"][0], elsewhere]})["reason"] == "actor-unresolved"


def test_ten_digits_mean_the_same_person() -> None:
    assert answered(consent(), patient=PERSON.as_fhir() | {"value": "121212+1212"})["verdict"] == "permit"


@pytest.mark.parametrize("value", ["191212121213", "?", "1"])
def test_a_malformed_number_is_an_unknown_person(value: str) -> None:
    answer = answered(consent(), patient=PERSON.as_fhir() | {"value": value})
    assert (answer["verdict"], answer["reason"]) == ("deny", "no-consent")


def test_without_an_agreement_each_that_a_consent_names_is_decided_apart() -> None:
    other = consent(deny(), id="c2", agreement="https://example.org/avtal/lerum")
    assert answered(consent(), other, agreement=None)["verdict"] == "permit"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"patient": None}, "patient"),
        ({"patient": {"system": "urn:x"}}, "patient"),
        ({"sender": {}}, "sender.organization"),
        ({"requester": {"organization": REGION.as_fhir(), "roles": [{"code": "x"}]}}, "requester.roles[0]"),
        ({"purpose": "TREAT"}, "purpose"),
        ({"action": "correct"}, "action"),
        ({"types": [1]}, "types"),
        ({"recordTypes": {}}, "recordTypes"),
        ({"agreement": 7}, "agreement"),
        ({"category": ["osl-waiver"]}, "category[0]"),
        ({"patiens": 1}, "request.patiens"),
    ],
)
def test_a_bad_request_names_its_field(changes: Json, path: str) -> None:
    with pytest.raises(InputError) as refusal:
        answered(consent(), **changes)
    assert path in {issue.path for issue in refusal.value.issues}


@pytest.mark.parametrize(
    "records", [{}, {"resourceType": "Bundle", "entry": [{}]}, {"resourceType": "Bundle", "entry": 1}]
)
def test_records_that_are_no_bundle_are_a_usage_error(records: Json) -> None:
    with pytest.raises(InputError):
        answered(consent(), records=records)
