"""Residual rules of a token (IHE PCF, ITI-71): understood wholly or refused, and only ever narrowing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.domain.identity import PersonId
from adapter.gate.decision import Decision, decide
from adapter.gate.residual import Residual, residual_of
from adapter.gate.verdict import Reason, Verdict
from adapter.gate.vocabulary import ACT_CODE, CONFIDENTIALITY
from tests.gate.builders import (
    OTHER_PERSON,
    PERSON,
    Json,
    audit,
    care_plan,
    classes,
    coding,
    consent,
    data,
    deny,
    dudit,
    goal,
    patient,
    permit,
    purposes,
    record_types,
    registered,
    request,
)
from tests.gate.filtering import filtered_by

CX = "191212121212^^^&1.2.752.129.2.1.3.1&ISO"
DOC = "https://example.org/fhir/Consent/1"
RECORDS = [
    patient(),
    care_plan("1", goal=[{"reference": "Goal/1"}]),
    goal("1"),
    audit("1", effectiveDateTime="2022-05-02"),
    audit("2", effectiveDateTime="2024-05-02"),
    dudit("3", effectiveDateTime="2022-06-01"),
]
ALL = {"Patient/1", "CarePlan/1", "Goal/1", "Observation/1", "Observation/2", "Observation/3"}
FORBID: Json = {"type": "forbid"}
IN_2022: Json = {"dataPeriod": {"start": "2022-01-01", "end": "2022-12-31"}}


def claim(*rules: Json, **members: Any) -> str:
    return orjson.dumps({"patient_id": CX, "doc_id": [DOC], "residual": list(rules)} | members).decode()


def released(decision: Decision, resources: Sequence[Json] = RECORDS) -> dict[str, Json]:
    if decision.verdict is not Verdict.PERMIT:
        return {}
    filtered = filtered_by(decision, resources)
    return {f"{item['resourceType']}/{item['id']}": item for item in filtered.resources}


def decision(*consents: Json) -> Decision:
    return decide(request(), registered(consents or [consent()]))


def left(*rules: Json, person: PersonId = PERSON, **members: Any) -> set[str]:
    """What a token with these rules leaves of everything."""
    return set(released(residual_of(claim(*rules, **members)).narrow(decision(), person)))


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ([], ALL),
        ([{"type": "permit"} | IN_2022], ALL),
        ([FORBID], set()),
        (
            [FORBID, {"type": "permit"} | IN_2022],
            {"Patient/1", "CarePlan/1", "Observation/1", "Observation/3"},
        ),
        # An undated goal may lie in the period.
        ([FORBID | IN_2022], {"Patient/1", "Observation/2"}),
        (
            [FORBID | {"securityLabel": [coding(ACT_CODE, "ETH")]}],
            ALL - {"Observation/1", "Observation/2", "Observation/3"},
        ),
        ([FORBID | {"securityLabel": [coding(ACT_CODE, "ETHUD")]}], ALL - {"Observation/1", "Observation/2"}),
        (
            [FORBID | IN_2022 | {"securityLabel": [coding(CONFIDENTIALITY, "R")]}],
            ALL - {"Observation/1", "Observation/3"},
        ),
        ([FORBID | {"data": data("instance", "Observation/2")}], ALL - {"Observation/2"}),
        (
            [FORBID, {"type": "permit", "data": data("instance", "Observation/2")}],
            {"Patient/1", "Observation/2"},
        ),
        # Absolute URLs may mean ours: enough to forbid, too little to permit.
        ([FORBID | {"data": data("instance", "https://x.org/fhir/Observation/2")}], ALL - {"Observation/2"}),
        (
            [FORBID, {"type": "permit", "data": data("instance", "https://x.org/fhir/Observation/2")}],
            {"Patient/1"},
        ),
    ],
)
def test_what_the_rules_leave(rules: list[Json], kept: set[str]) -> None:
    """The minimal Patient, which any permit carries, passes the filter; who asks for it alone is asked of ``forbids_unseen``."""
    assert left(*rules) == kept


def test_the_order_of_the_rules_decides_nothing() -> None:
    permits = {"type": "permit"} | IN_2022
    assert left(FORBID, permits) == left(permits, FORBID)


def test_a_token_about_one_person_opens_nothing_of_another() -> None:
    narrowed = residual_of(claim()).narrow(decision(), OTHER_PERSON)
    assert (narrowed.verdict, narrowed.reason, narrowed.scope) == (Verdict.DENY, Reason.NO_MATCH, ())


def test_what_is_wholly_forbidden_is_denied_before_a_source_is_asked() -> None:
    assert residual_of(claim(FORBID)).narrow(decision(), PERSON).verdict is Verdict.DENY


def test_no_rule_makes_a_permit_of_anything_else() -> None:
    refused = decision(consent(deny()))
    assert residual_of(claim({"type": "permit"})).narrow(refused, PERSON) is refused


def test_the_obligations_tell_of_it() -> None:
    told = residual_of(claim(FORBID | IN_2022)).narrow(decision(), PERSON).obligations
    assert [(item.kind, item.effect, item.values) for item in told] == [
        ("dataPeriod", "except", ("2022-01-01/2022-12-31",))
    ]


@pytest.mark.parametrize(
    ("rules", "is_forbidden"), [([], False), ([FORBID], True), ([FORBID | IN_2022], True)]
)
def test_a_patient_is_judged_by_what_stands_in_it(rules: list[Json], is_forbidden: bool) -> None:
    assert residual_of(claim(*rules)).forbids_unseen(patient()) is is_forbidden


@pytest.mark.parametrize(
    "members",
    [
        {"doc_id": DOC},
        {"doc_id": [DOC, {"identifier": {"value": "1"}}]},
        {"acp": "https://example.org/policy"},
        {"acp": ["https://example.org/policy"]},
        {"residual": [FORBID | IN_2022] * 50},
    ],
)
def test_what_is_understood(members: Json) -> None:
    assert residual_of(claim(**members)).person == PERSON


@pytest.mark.parametrize(
    "patient_id",
    [CX, {"identifier": PERSON.as_fhir()}, {"type": "Patient", "identifier": PERSON.as_fhir()}],
    ids=["CX", "logical reference", "logical reference with its type"],
)
def test_whom_it_is_about(patient_id: object) -> None:
    assert residual_of(claim(patient_id=patient_id)).person == PERSON


def nested(depth: int) -> Json:
    return {"identifier": nested(depth - 1)} if depth else {"value": "1"}


REFUSED = {
    "no patient": {"patient_id": None},
    "a patient by URL": {"patient_id": "https://example.org/fhir/Patient/1"},
    "a patient by reference": {"patient_id": {"reference": "Patient/1"}},
    "a patient by reference beside the number": {
        "patient_id": {"reference": "Patient/1", "identifier": PERSON.as_fhir()}
    },
    "a number alone": {"patient_id": "191212121212"},
    "a number with more than its authority": {"patient_id": f"{CX}^PI"},
    "an authority that nobody knows": {"patient_id": "191212121212^^^&1.2.3&ISO"},
    "no consent": {"doc_id": None},
    "no name of a consent": {"doc_id": []},
    "an empty name of a consent": {"doc_id": [""]},
    "an empty name beside another": {"doc_id": [DOC, ""]},
    "a name that nests without end": {"doc_id": nested(40)},
    "a policy that is no text": {"acp": [7]},
    "an unknown member": {"other_value": "x"},
    "rules that are no list": {"residual": {"type": "forbid"}},
    "rules that are a number": {"residual": 7},
    "a rule that is no object": {"residual": ["forbid"]},
    "a rule without type": {"residual": [{}]},
    "a consent's word for a type": {"residual": [{"type": "deny"}]},
    "a consent's condition": {"residual": [FORBID | {"purpose": purposes("TREAT")}]},
    "another condition of a consent": {"residual": [FORBID | {"class": classes("CarePlan")}]},
    "an extension": {"residual": [FORBID | {"modifierExtension": [{"url": "x"}]}]},
    "a label that nobody knows": {"residual": [FORBID | {"securityLabel": [coding("x", "y")]}]},
    "several periods": {"residual": [FORBID | {"dataPeriod": [IN_2022["dataPeriod"]]}]},
    "a period that ends before it starts": {
        "residual": [{"type": "permit", "dataPeriod": {"start": "2023-01-01", "end": "2022-01-01"}}]
    },
    "an unknown meaning": {"residual": [FORBID | {"data": data("about", "Observation/1")}]},
    "a reference to nothing": {"residual": [FORBID | {"data": [{"meaning": "instance", "reference": {}}]}]},
    "no labels": {"residual": [FORBID | {"securityLabel": []}]},
    "too many rules": {"residual": [FORBID] * 51},
}


@pytest.mark.parametrize("members", REFUSED.values(), ids=REFUSED)
def test_what_is_not_wholly_understood_is_refused(members: Json) -> None:
    with pytest.raises(ValueError, match=r"^[a-z-]+$"):
        residual_of(claim(**members))


@pytest.mark.parametrize("text", ["[]", "7", "null", '"forbid"'])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^unknown-member$"):
        residual_of(text)


labels = st.lists(
    st.sampled_from(
        [
            coding(ACT_CODE, "ETH"),
            coding(ACT_CODE, "ETHUD"),
            coding(CONFIDENTIALITY, "R"),
            coding(CONFIDENTIALITY, "N"),
        ]
    ),
    min_size=1,
    max_size=2,
)
years = st.sampled_from(["2020", "2022", "2022-05", "2024-05-02", "2025"])
periods = st.builds(lambda start, end: {"start": min(start, end), "end": max(start, end)}, years, years)
references = st.sampled_from(
    ["Observation/1", "Goal/1", "CarePlan/1", "https://x.org/fhir/Observation/2", "Patient/9"]
)
meanings = st.sampled_from(["instance", "related", "dependents", "authoredby"])
rules = st.fixed_dictionaries(
    {"type": st.sampled_from(["forbid", "permit"])},
    optional={
        "securityLabel": labels,
        "dataPeriod": periods,
        "data": st.builds(data, meanings, references),
    },
)
CONSENTS = [
    [consent()],
    [consent(permit(code=record_types("AUDIT", "SIP")))],
    [consent(permit(provision=[deny(code=record_types("DUDIT"))])), consent(id="c2", category="sip-plan")],
]


@settings(max_examples=400, deadline=None)
@given(st.lists(rules, max_size=4), st.sampled_from(CONSENTS))
def test_what_a_token_with_rules_is_given_is_a_part_of_what_one_without_is(
    stated: list[Json], consents: list[Json]
) -> None:
    """And exactly the part that no rule may forbid, or some rule surely permits."""
    whole = decision(*consents)
    residual = residual_of(claim(*stated))
    before, after = released(whole), released(residual.narrow(whole, PERSON))
    assert after.keys() <= before.keys()
    for key in after:
        assert set(after[key]) <= set(before[key])
    for rule in residual.forbids:
        one = replace(residual, forbids=(rule,))
        assert after.keys() <= released(one.narrow(whole, PERSON)).keys()
    assert released(Residual(PERSON, (), residual.permits).narrow(whole, PERSON)) == before
    without_permits = released(replace(residual, permits=()).narrow(whole, PERSON))
    assert without_permits.keys() <= after.keys()
