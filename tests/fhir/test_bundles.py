"""Bundles that leave: the searchset's fixed form, the transaction's references and conditions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapter.domain.errors import Issue, MappingError
from adapter.domain.identity import PERSONNUMMER
from adapter.domain.records import RECORD_ID
from adapter.fhir.bundles import searchset, transaction
from adapter.fhir.models import check_r4b
from tests.fhir.plans import PLAN_ID, SUBJECT, TOLVAN, care_plan, goal, patient, sip

BASE = "https://sambro.example/fhir"


def read(body: bytes) -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads(body)
    return bundle


def provenance() -> dict[str, Any]:
    """That of a plan, as the gate makes it."""
    return {
        "resourceType": "Provenance",
        "id": "9176901f-e22b-537c-b377-a01e88a46b8b",
        "meta": {"profile": ["https://w3id.org/sambro/fhir/StructureDefinition/provenance"]},
        "target": [{"reference": f"CarePlan/{PLAN_ID}"}],
        "recorded": "2026-11-16T08:00:00.000Z",
        "agent": [{"who": {"display": "Sambro"}}],
    }


def by_type(bundle: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["resource"]["resourceType"]: entry for entry in bundle["entry"]}


def test_a_searchset_is_good_fhir_with_its_matches_and_the_notice() -> None:
    bundle = read(searchset(BASE, "CarePlan", [care_plan()], total=1))
    assert check_r4b(bundle) == ()
    match, notice = bundle["entry"]
    assert (bundle["type"], bundle["total"]) == ("searchset", 1)
    assert match == {
        "fullUrl": f"{BASE}/CarePlan/{PLAN_ID}",
        "resource": care_plan(),
        "search": {"mode": "match"},
    }
    assert notice["search"] == {"mode": "outcome"}
    assert "there may be more" in notice["resource"]["issue"][0]["details"]["text"]


def test_a_searchset_has_nothing_of_its_own_and_repeats_no_parameter() -> None:
    bundle = read(searchset(BASE, "CarePlan", [], total=0))
    assert bundle.keys() == {"resourceType", "type", "total", "link", "entry"}
    assert bundle["link"] == [{"relation": "self", "url": f"{BASE}/CarePlan/_search"}]
    assert [entry["search"]["mode"] for entry in bundle["entry"]] == ["outcome"]
    assert bundle["total"] == 0


def test_the_total_is_what_is_told_and_may_be_left_out() -> None:
    assert read(searchset(BASE, "Goal", [goal()], total=2))["total"] == 2
    assert "total" not in read(searchset(BASE, "Goal", [goal()], total=None))


def test_other_pages_and_what_was_left_out_of_account_are_told() -> None:
    pages = {"next": f"{BASE}/Goal?_page=x"}
    bundle = read(searchset(BASE, "Goal", [goal()], total=2, pages=pages, ignored=["colour"]))
    assert check_r4b(bundle) == ()
    assert [link["relation"] for link in bundle["link"]] == ["self", "next"]
    [_, notice] = bundle["entry"]
    first, second = notice["resource"]["issue"]
    assert (first["severity"], second["severity"]) == ("information", "warning")
    assert second["location"] == ["http.colour"]


def test_an_answer_to_be_confirmed_has_an_identifier() -> None:
    identifier = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:7d3f2f5e-0c5b-4a8e-9d55-3a3f0f0f5a11"}
    bundle = read(searchset(BASE, "CarePlan", [care_plan()], total=1, identifier=identifier))
    assert bundle["identifier"] == identifier


def test_a_transaction_is_good_fhir_and_always_the_same() -> None:
    bundle = transaction(sip(), patient=True)
    assert check_r4b(bundle) == ()
    assert bundle == transaction(sip(), patient=True)
    assert by_type(bundle)["CarePlan"]["fullUrl"] == f"urn:uuid:{PLAN_ID}"
    assert all("id" not in entry["resource"] for entry in bundle["entry"])


def test_records_are_updated_on_our_own_identifier() -> None:
    entries = by_type(transaction(sip(), patient=False))
    assert entries.keys() == {"CarePlan", "Goal", "CareTeam"}
    assert entries["CarePlan"]["request"] == {
        "method": "PUT",
        "url": f"CarePlan?identifier={RECORD_ID}|{PLAN_ID}",
    }


def test_references_between_records_become_urns() -> None:
    made = transaction(sip(), patient=False)
    entries = by_type(made)
    plan = entries["CarePlan"]["resource"]
    goals = [entry["fullUrl"] for entry in made["entry"] if entry["resource"]["resourceType"] == "Goal"]
    assert len(goals) == 2
    assert plan["goal"] == [{"reference": url} for url in goals]
    assert plan["careTeam"] == [{"reference": entries["CareTeam"]["fullUrl"]}]


def test_a_record_outside_the_delivery_is_known_by_our_identifier() -> None:
    revised = care_plan() | {"replaces": [{"reference": "CarePlan/plan-0"}], "subject": SUBJECT}
    plan = by_type(transaction([revised], patient=False))["CarePlan"]["resource"]
    assert plan["replaces"] == [
        {"type": "CarePlan", "identifier": {"system": RECORD_ID, "value": "plan-0"}},
    ]


def test_a_person_is_referred_to_by_identifier_only() -> None:
    bundle = transaction(sip(), patient=True)
    assert by_type(bundle)["CarePlan"]["resource"]["subject"] == SUBJECT
    assert by_type(bundle)["CareTeam"]["resource"]["participant"][1]["member"] == SUBJECT
    assert "Patient/" not in json.dumps(bundle)


def test_a_patient_is_only_created_where_there_is_none() -> None:
    entry = by_type(transaction([patient()], patient=True))["Patient"]
    assert entry["request"] == {
        "method": "POST",
        "url": "Patient",
        "ifNoneExist": f"identifier={PERSONNUMMER}|{TOLVAN}",
    }
    assert transaction([patient()], patient=False)["entry"] == []


def test_a_provenance_is_created_once_and_leads_to_the_records_of_its_delivery() -> None:
    made = transaction(sip(), patient=True, provenance=provenance())
    entry = by_type(made)["Provenance"]
    assert check_r4b(made) == ()
    assert entry["fullUrl"] == f"urn:uuid:{provenance()['id']}"
    assert entry["request"] == {
        "method": "POST",
        "url": "Provenance",
        "ifNoneExist": f"_tag={RECORD_ID}|{provenance()['id']}",
    }
    assert entry["resource"]["meta"]["tag"] == [{"system": RECORD_ID, "code": provenance()["id"]}]
    records = [it["fullUrl"] for it in made["entry"] if it["request"]["method"] == "PUT"]
    assert {link["reference"] for link in entry["resource"]["target"]} <= set(records)


@pytest.mark.parametrize(
    ("resources", "issue"),
    [
        ([{"resourceType": "Condition", "id": "c"}], Issue("Condition", "type-not-deliverable")),
        ([goal() | {"identifier": []}], Issue("Goal.identifier", "required")),
        (
            [goal() | {"identifier": [{"system": "urn:x", "value": "1"}]}],
            Issue("Goal.identifier", "required"),
        ),
        ([care_plan()], Issue("CarePlan.subject", "required")),
        ([{"resourceType": "Patient", "id": "p"}], Issue("Patient.identifier", "required")),
    ],
)
def test_what_would_double_or_dangle_is_not_delivered(resources: list[dict[str, Any]], issue: Issue) -> None:
    with pytest.raises(MappingError) as caught:
        transaction(resources, patient=True)
    assert caught.value.issues == (issue,)


def test_the_resources_handed_in_stay_as_they_were() -> None:
    resources = sip()
    transaction(resources, patient=True)
    assert resources == sip()
