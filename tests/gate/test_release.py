"""The release filter: what passes, what does not, and what of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from adapter.domain.records import SECURITY_LABEL
from adapter.gate.decision import Verdict
from adapter.gate.facts import Facts
from adapter.gate.grant import Grant
from adapter.gate.release import Filtered, ReleaseRefused, filter_resources
from adapter.gate.rules import release_rules
from adapter.gate.vocabulary import ACT_CODE, CONFIDENTIALITY
from tests.gate.builders import (
    IFO,
    OTHER_PERSON,
    PERSON,
    Json,
    audit,
    care_plan,
    classes,
    coding,
    confidentiality,
    consent,
    data,
    decided,
    deny,
    dudit,
    goal,
    patient,
    permit,
    record_types,
    reference,
)
from tests.gate.filtering import filtered

FLAG = frozenset({"sekretessmarkering"})


def names(result: Filtered) -> list[str]:
    return [f"{resource['resourceType']}/{resource['id']}" for resource in result.resources]


def labels(resource: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(label["system"], label["code"]) for label in resource["meta"]["security"]}


RECORDS = [care_plan("1"), care_plan("2", period={"start": "2023-01-01"}), goal("1"), audit("1"), dudit("2")]


@pytest.mark.parametrize(
    ("provision", "released"),
    [
        (permit(), ["CarePlan/1", "CarePlan/2", "Goal/1", "Observation/1", "Observation/2"]),
        (permit(**{"class": classes("CarePlan")}), ["CarePlan/1", "CarePlan/2"]),
        (permit(code=record_types("DUDIT")), ["Observation/2"]),
        (permit(dataPeriod={"start": "2022", "end": "2022"}), ["CarePlan/1"]),
        (permit(dataPeriod={"start": "2024-05-02", "end": "2024-05-02"}), ["Observation/1", "Observation/2"]),
        (permit(data=data("instance", "CarePlan/1")), ["CarePlan/1"]),
        (permit(data=data("instance", "https://x.org/fhir/CarePlan/1") + data("instance", "Goal/1")), ["Goal/1"]),
        (permit(data=data("instance", "CarePlan/1/_history/1") + data("instance", "Goal/1")), ["Goal/1"]),
        (permit(securityLabel=confidentiality("R")), ["Observation/1", "Observation/2"]),
        (permit(securityLabel=[coding(ACT_CODE, "ETH")]), ["Observation/2"]),
        (permit(code=[{"coding": [coding("http://loinc.org", "75624-7")]}]), ["Observation/1"]),
        (permit(provision=[deny(code=record_types("SIP"))]), ["Observation/1", "Observation/2"]),
        (permit(provision=[deny(securityLabel=[coding(ACT_CODE, "ETH")])]), ["CarePlan/1", "CarePlan/2", "Goal/1"]),
        # The undated Goal is outside a permit and inside a deny; the open plan of 2023 overlaps what is denied.
        (permit(provision=[deny(dataPeriod={"start": "2024"})]), ["CarePlan/1"]),
        (permit(provision=[deny(data=data("instance", "https://x.org/fhir/CarePlan/1"))]), ["CarePlan/2", "Goal/1", "Observation/1", "Observation/2"]),
        (permit(provision=[deny(code=record_types("SIP"), dataPeriod={"end": "2022"})]), ["CarePlan/2", "Observation/1", "Observation/2"]),
    ],
)  # fmt: skip
def test_obligations_hold_for_each_resource(provision: Json, released: list[str]) -> None:
    assert names(filtered(RECORDS, consent(provision))) == released


def test_two_permits_release_their_union_and_each_keeps_its_own_conditions() -> None:
    plans = consent(permit(code=record_types("SIP"), dataPeriod={"start": "2022", "end": "2022"}))
    results = consent(permit(code=record_types("DUDIT")), id="c2")
    assert names(filtered(RECORDS, plans, results)) == ["CarePlan/1", "Observation/2"]


def test_related_reaches_what_the_instance_refers_to_and_no_further() -> None:
    plan = care_plan("1", goal=[{"reference": "Goal/1"}])
    records = [plan, goal("1"), goal("2")]
    assert names(filtered(records, consent(permit(data=data("related", "CarePlan/1"))))) == [
        "CarePlan/1",
        "Goal/1",
    ]
    rest = filtered(records, consent(permit(provision=[deny(data=data("related", "CarePlan/1"))])))
    assert names(rest) == ["Goal/2"]


def test_related_to_what_is_not_at_hand_permits_nothing_and_denies_everything() -> None:
    assert names(filtered([goal("1")], consent(permit(data=data("related", "CarePlan/9"))))) == []
    assert (
        names(filtered([goal("1")], consent(permit(provision=[deny(data=data("related", "CarePlan/9"))]))))
        == []
    )


def test_dependents_reach_what_refers_to_the_instance() -> None:
    records = [care_plan("1", goal=[{"reference": "Goal/1"}]), care_plan("2"), goal("1")]
    assert names(filtered(records, consent(permit(data=data("dependents", "Goal/1"))))) == [
        "CarePlan/1",
        "Goal/1",
    ]


def test_authored_by_is_the_author_or_the_performer_of_an_observation() -> None:
    rule = [{"meaning": "authoredby", "reference": reference(IFO, "Organization")}]
    performed = audit("1", performer=[reference(IFO, "Organization")])
    assert names(filtered([performed, audit("2"), goal("1")], consent(permit(data=rule)))) == [
        "Observation/1"
    ]
    # Nobody says who made the other two: a deny reaches them.
    assert (
        names(filtered([performed, audit("2"), goal("1")], consent(permit(provision=[deny(data=rule)]))))
        == []
    )


def test_an_observation_of_another_code_passes_only_if_asked_for_by_type_alone() -> None:
    glucose = audit("9", code={"coding": [coding("http://loinc.org", "15074-8")]})
    assert names(filtered([glucose], types=frozenset({"Observation"}))) == ["Observation/9"]
    assert names(filtered([glucose], record_types=frozenset({"AUDIT"}))) == []
    assert names(filtered([glucose], consent(permit(code=record_types("AUDIT", "DUDIT"))))) == []


def test_what_was_not_asked_for_does_not_pass() -> None:
    assert names(filtered(RECORDS, types=frozenset({"Goal"}))) == ["Goal/1"]


def test_a_type_without_a_rule_does_not_pass() -> None:
    condition = {"resourceType": "Condition", "id": "1", "subject": reference(PERSON)}
    assert filtered([condition], types=frozenset({"Condition"})).resources == ()


@pytest.mark.parametrize(
    "planted",
    [
        {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]},
        {"activity": [{"modifierExtension": [{"url": "urn:x"}]}]},
        {"implicitRules": "urn:x"},
        {"recommendation": "R5"},
        {"_recommendation": {}},
        {"activity": [{"detail": {"risk": "hög"}}]},
        {"period": "2022"},
        {"intent": {"value": "plan"}},
        {"intent": None},
    ],
)
def test_what_could_change_the_meaning_keeps_the_resource_back_and_alerts(planted: Json) -> None:
    result = filtered([care_plan("1", **planted), goal("1")])
    assert names(result) == ["Goal/1"]
    assert result.alerts


def test_unnamed_elements_and_extensions_are_dropped_and_the_source_is_untouched() -> None:
    plan = care_plan(
        "1",
        text={"status": "generated", "div": "<div>hemligt</div>"},
        contained=[{"resourceType": "Patient"}],
        encounter={"reference": "Encounter/1"},
        extension=[
            {"url": "urn:x", "valueString": "hemligt"},
            {"url": "https://w3id.org/sambro/fhir/StructureDefinition/sip-version", "valuePositiveInt": 2},
        ],
        _status={"extension": [{"url": "urn:x"}]},
        description="Insatser",
    )
    before = repr(plan)
    (released,) = filtered([plan]).resources
    assert released == {
        **care_plan("1"),
        "description": "Insatser",
        "extension": [
            {"url": "https://w3id.org/sambro/fhir/StructureDefinition/sip-version", "valuePositiveInt": 2}
        ],
    }
    assert repr(plan) == before
    assert released["period"] is not plan["period"]


def test_references_to_what_is_withheld_are_gone_by_literal_and_by_identifier() -> None:
    key = {"system": "urn:s", "value": "g2"}
    plan = care_plan(
        "1",
        goal=[{"reference": "Goal/1"}, {"reference": "Goal/2"}, {"type": "Goal", "identifier": key}],
        activity=[
            {"detail": {"status": "scheduled", "goal": [{"reference": "urn:uuid:2", "display": "Mål"}]}}
        ],
    )
    denied = consent(permit(provision=[deny(data=data("instance", "Goal/2"))]))
    (released, _) = filtered([plan, goal("1"), goal("2", identifier=[key])], denied).resources
    assert released["goal"] == [{"reference": "Goal/1"}]
    assert released["activity"] == [{"detail": {"status": "scheduled"}}]


def test_a_reference_by_identifier_to_what_is_withheld_and_has_no_id_is_gone() -> None:
    key = {"system": "urn:s", "value": "g2"}
    plan = care_plan("1", goal=[{"reference": "Goal/1"}, {"identifier": key}])
    nameless = {name: value for name, value in goal("2", identifier=[key]).items() if name != "id"}
    (released, _) = filtered([plan, goal("1"), nameless | {"modifierExtension": [{"url": "x"}]}]).resources
    assert released["goal"] == [{"reference": "Goal/1"}]


def test_references_to_what_is_not_at_hand_pass_only_if_it_would_be_released_unseen() -> None:
    plan = care_plan(
        "1", replaces=[{"reference": "CarePlan/0"}], author={"reference": "Practitioner/1", "display": "IFO"}
    )
    (released,) = filtered([plan]).resources
    assert released["replaces"] == [{"reference": "CarePlan/0"}]
    assert released["author"] == {"display": "IFO"}
    (narrowed,) = filtered([plan], consent(permit(data=data("instance", "CarePlan/1")))).resources
    assert "replaces" not in narrowed


def test_a_relative_is_mentioned_by_type_alone() -> None:
    said = goal(
        "1",
        expressedBy={
            "type": "RelatedPerson",
            "display": "Mor",
            "identifier": {"system": "urn:x", "value": "1"},
        },
    )
    assert filtered([said]).resources[0]["expressedBy"] == {"type": "RelatedPerson"}


def test_another_persons_record_never_passes() -> None:
    result = filtered(
        [goal("1", subject=reference(OTHER_PERSON)), patient("2", identifier=[OTHER_PERSON.as_fhir()])]
    )
    assert (result.resources, result.alerts) == ((), ("other-person",))


def test_a_record_that_does_not_say_whose_it_is_does_not_pass() -> None:
    result = filtered([goal("1", subject={"display": "?"}), goal("2")])
    assert (names(result), result.alerts) == (["Goal/2"], ("subject-unknown",))


def test_the_subject_may_be_the_patient_in_the_same_bundle() -> None:
    other = patient("2", identifier=[OTHER_PERSON.as_fhir()])
    records = [
        patient("1"),
        other,
        goal("1", subject={"reference": "Patient/1"}),
        goal("2", subject={"reference": "Patient/2"}),
    ]
    assert names(filtered(records)) == ["Patient/1", "Goal/1"]


def test_any_permit_carries_a_patient_of_identifier_and_labels() -> None:
    (released,) = filtered(
        [patient()], consent(permit(code=record_types("SIP"))), record_types=frozenset({"SIP"})
    ).resources
    assert released == {"resourceType": "Patient", "id": "1", "identifier": [PERSON.as_fhir()]}


def test_a_permit_of_person_carries_the_whole_patient() -> None:
    (released,) = filtered([patient()], consent(permit(code=record_types("person")))).resources
    assert released == patient()


def test_labels_are_ours_whatever_the_sender_stated() -> None:
    stated = {"security": [coding(CONFIDENTIALITY, "N"), coding(ACT_CODE, "ETH")]}
    (first, second) = filtered([audit("1", meta=stated), dudit("2")]).resources
    assert labels(first) == {(ACT_CODE, "ETHUD"), (CONFIDENTIALITY, "R")}
    assert labels(second) == {(ACT_CODE, "ETH"), (CONFIDENTIALITY, "R")}


def test_a_label_that_was_taken_off_still_counts_for_a_deny_and_no_longer_for_a_permit() -> None:
    stated = audit("1", meta={"security": [coding(CONFIDENTIALITY, "N")]})
    assert names(filtered([stated], consent(permit(securityLabel=confidentiality("N"))))) == []
    assert (
        names(filtered([stated], consent(permit(provision=[deny(securityLabel=confidentiality("N"))])))) == []
    )


def test_a_protected_patient_has_no_address_telecom_or_name() -> None:
    whole = patient(
        contact=[{"name": {"family": "Tolvansson"}}],
        generalPractitioner=[reference(IFO)],
        photo=[{"title": "x"}],
    )
    (released,) = filtered([whole], consent(permit(code=record_types("person"))), protection=FLAG).resources
    assert released["name"] == [{"text": "Skyddad uppgift"}]
    assert released.keys() == {"resourceType", "id", "identifier", "name", "gender", "meta"}
    assert labels(released) == {(SECURITY_LABEL, "sekretessmarkering")}


def test_a_protected_patient_stays_so_though_the_agreement_releases_records() -> None:
    (released,) = filtered([patient()], protection=FLAG, protected="release").resources
    assert "address" not in released


AUDIT_CODE = audit()["code"]


@pytest.mark.parametrize(
    "record",
    [
        care_plan(description="Bor på Storgatan"),
        care_plan(author=reference(IFO, "Organization")),
        goal(description={"text": "Egen lägenhet"}),
        audit(performer=[{"display": "Mottagningen"}]),
        audit(note=[{"text": "ringde hemifrån"}]),
        audit(code=AUDIT_CODE | {"text": "Bor på Storgatan"}),
        audit(code={"coding": [AUDIT_CODE["coding"][0] | {"display": "Bor på Storgatan"}]}),
        audit(interpretation=[{"text": "Bor på Storgatan"}]),
        audit(component=[{"code": {"text": "Bor på Storgatan"}, "valueInteger": 1}]),
        audit(identifier=[{"system": "urn:x", "value": "1", "type": {"text": "Bor på Storgatan"}}]),
        goal(achievementStatus={"coding": [{"code": "x", "display": "Bor på Storgatan"}]}),
        care_plan(replaces=[{"identifier": {"system": "urn:x", "value": "Bor på Storgatan"}}]),
    ],
)
def test_free_text_or_a_unit_is_kept_back_for_a_protected_person(record: Json) -> None:
    withheld = filtered([record], protection=FLAG)
    assert (withheld.resources, withheld.alerts) == ((), ("protected-identity",))
    assert len(filtered([record], protection=FLAG, protected="release").resources) == 1


def test_a_bare_score_passes_for_a_protected_person() -> None:
    assert names(filtered([audit("1")], protection=FLAG)) == ["Observation/1"]


def test_the_flag_on_the_records_own_patient_protects_as_well() -> None:
    flagged = patient(meta={"security": [coding(SECURITY_LABEL, "skyddadFolkbokforing")]})
    result = filtered([flagged, care_plan(description="Bor på Storgatan")])
    assert names(result) == ["Patient/1"]
    assert "address" not in result.resources[0]


def test_an_active_plan_needs_its_own_consent_and_keeps_its_parts_back_without() -> None:
    plan = care_plan("1", status="active", goal=[{"reference": "Goal/1"}])
    task = {
        "resourceType": "Task",
        "id": "1",
        "status": "draft",
        "intent": "plan",
        "for": reference(PERSON),
        "focus": {"reference": "CarePlan/1"},
    }
    records = [plan, goal("1"), goal("2"), task, care_plan("2"), care_plan("3", status="revoked")]
    assert names(filtered(records)) == ["Goal/2", "CarePlan/2", "CarePlan/3"]
    with_consent = filtered(records, consent(), consent(category="sip-plan", id="s1"))
    assert len(with_consent.resources) == len(records)


@pytest.mark.parametrize(
    "sip",
    [
        consent(category="sip-plan", id="s1", status="inactive"),
        consent(permit(data=data("instance", "CarePlan/9")), category="sip-plan", id="s1"),
        consent(category="sip-plan", id="s1", agreement="https://example.org/avtal/lerum"),
        consent(category="sip-plan", id="s1", sender=None),
        consent(deny(), category="sip-plan", id="s1"),
    ],
)
def test_a_sip_consent_that_is_not_in_force_for_the_pair_releases_no_plan(sip: Json) -> None:
    assert names(filtered([care_plan("1", status="active"), audit("1")], consent(), sip)) == ["Observation/1"]


def test_the_filter_is_idempotent() -> None:
    records = [
        patient(),
        care_plan("1", goal=[{"reference": "Goal/1"}], description="x"),
        goal("1"),
        audit("1"),
        dudit("2"),
    ]
    once = filtered(records, protection=FLAG, protected="release")
    again = filtered([dict(resource) for resource in once.resources], protection=FLAG, protected="release")
    assert again.resources == once.resources


@pytest.mark.parametrize("verdict", [Verdict.DENY, Verdict.INDETERMINATE])
def test_only_a_permit_is_filtered(verdict: Verdict) -> None:
    permitted = decided(consent())
    refused = replace(permitted, verdict=verdict)
    with pytest.raises(ReleaseRefused):
        filter_resources(
            [goal()],
            refused,
            persons=frozenset({PERSON}),
            protection=frozenset(),
            protected="release",
            rules=release_rules(),
        )


def test_an_exception_inside_the_filter_releases_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_grant: Grant, facts: Facts, _records: object) -> bool:
        if facts.type == "Observation":
            raise ZeroDivisionError
        return True

    monkeypatch.setattr(Grant, "releases", broken)
    with pytest.raises(ReleaseRefused, match="filter-failed"):
        filtered([goal("1"), audit("1")])


def test_a_record_beyond_the_bounds_refuses_the_whole_answer() -> None:
    deep: Json = {}
    for _ in range(60):
        deep = {"extension": [deep]}
    with pytest.raises(ReleaseRefused, match="filter-failed"):
        filtered([goal("1"), goal("2", **deep)])
