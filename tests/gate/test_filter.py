"""Corners of the release filter: whose record it is, labels, nested provisions, and links between records."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.domain.errors import SambroError
from adapter.domain.identity import SAMORDNINGSNUMMER, PersonId
from adapter.domain.records import PROTECTION_CODES, SECURITY_LABEL
from adapter.gate.enforce import ReleaseRefused
from adapter.gate.facts import Facts
from adapter.gate.grant import Grant, find_among
from adapter.gate.labels import labelled, protection_of
from adapter.gate.release import Filtered, Withheld
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
    reference,
)
from tests.gate.filtering import filtered

FLAG = frozenset({"sekretessmarkering"})


MERGED = PersonId(SAMORDNINGSNUMMER, "196109732393")


def names(result: Filtered) -> list[str]:
    return [f"{resource['resourceType']}/{resource['id']}" for resource in result.resources]


def about(value: Json) -> Json:
    return {"resourceType": "Task", "id": "1", "status": "draft", "intent": "plan"} | value


OTHERS = reference(OTHER_PERSON)
OIDS = {"identifier": {"system": "urn:oid:1.2.752.129.2.1.3.1", "value": OTHER_PERSON.value}}
OTHER_PATIENT = patient("2", identifier=[OTHER_PERSON.as_fhir()])


@pytest.mark.parametrize(
    ("resource", "persons", "code"),
    [
        (goal(subject=reference(PERSON)), {PERSON}, None),
        (goal(subject=OTHERS), {PERSON}, "other-person"),
        (goal(subject=OTHERS), {PERSON, OTHER_PERSON}, None),
        (goal(subject=OIDS), {PERSON}, "other-person"),
        (goal(subject=OIDS), {OTHER_PERSON}, None),
        (goal(subject={"identifier": {"system": "urn:local", "value": "7"}}), {PERSON}, "subject-unknown"),
        (goal(subject={"identifier": {"system": "urn:local", "value": "7"}}), {PersonId("urn:local", "8")}, "other-person"),
        (goal(subject={"identifier": {"system": "urn:local", "value": "7"}}), {PersonId("urn:local", "7")}, None),
        (goal(subject={"display": "x"}), {PERSON}, "subject-unknown"),
        (goal(subject=reference(MERGED)), {PERSON}, "other-person"),
        (about({"for": OTHERS}), {PERSON}, "other-person"),
        (about({"for": reference(PERSON)}), {PERSON}, None),
        (goal(subject={"reference": "Patient/2"}), {PERSON}, "other-person"),
        (goal(subject={"reference": "Patient/9"}), {PERSON}, "subject-unknown"),
        (patient(identifier=[PERSON.as_fhir(), OTHER_PERSON.as_fhir()]), {PERSON}, None),
        (patient(identifier=[OTHER_PERSON.as_fhir()]), {PERSON}, "other-person"),
        (patient(identifier=[{"system": "urn:local", "value": "7"}]), {PERSON}, "subject-unknown"),
        (patient(identifier=[]), {PERSON}, "subject-unknown"),
        (about({}), {PERSON}, "subject-unknown"),
        (consent(), {PERSON}, None),
        (consent(person=OTHER_PERSON), {PERSON}, "other-person"),
    ],
)  # fmt: skip
def test_a_record_passes_that_says_whose_it_is(
    resource: Json, persons: set[PersonId], code: str | None
) -> None:
    name = f"{resource['resourceType']}/{resource['id']}"
    asked: dict[str, Any] = {
        "persons": frozenset(persons),
        "types": frozenset({resource["resourceType"], "Patient"}),
    }
    known = filtered([resource, OTHER_PATIENT], **asked)
    assert (name in names(known)) is (code is None)
    assert code is None or (Withheld(name, code) in known.withheld and code in known.alerts)
    trusted = filtered([resource, OTHER_PATIENT], subjects="trusted", **asked)
    assert (name in names(trusted)) is (code != "other-person")
    assert ("other-person" in {item.code for item in trusted.withheld if item.reference == name}) is (
        code == "other-person"
    )


def test_what_is_withheld_is_told_with_its_reason_in_the_order_of_the_records() -> None:
    untold = {"resourceType": "Basic"}
    result = filtered([untold, goal("1", subject=OTHERS), goal("2", implicitRules="urn:x"), goal("3", odd=1), audit("4")], consent(permit(code=record_types("SIP"))))  # fmt: skip
    assert result.withheld == (
        Withheld("Basic/", "no-match"),
        Withheld("Goal/1", "other-person"),
        Withheld("Goal/2", "modifier-extension"),
        Withheld("Goal/3", "element-undefined"),
        Withheld("Observation/4", "no-match"),
    )
    assert result.alerts == ("element-undefined", "modifier-extension", "other-person")


@pytest.mark.parametrize("unread", [None, "x", [1]])
def test_a_record_that_is_no_object_refuses_the_whole_answer(unread: Any) -> None:
    with pytest.raises(ReleaseRefused, match=r"^filter-failed$") as refusal:
        filtered([goal(), unread])
    assert refusal.value.code == "filter-failed"
    assert isinstance(refusal.value, SambroError)


def test_a_refusal_says_the_decisions_reason() -> None:
    with pytest.raises(ReleaseRefused, match=r"^consent-denies$") as refusal:
        filtered([goal()], consent(deny()))
    assert refusal.value.code == "consent-denies"


def test_a_patient_passes_in_the_minimal_form_or_whole_but_never_unprotected() -> None:
    sip = consent(permit(code=record_types("SIP")))
    (minimal,) = filtered([patient()], sip, protection=FLAG).resources
    assert minimal.keys() == {"resourceType", "id", "identifier", "meta"}
    (bare,) = filtered([patient(name=[])], protection=FLAG).resources
    assert "name" not in bare
    (flagged, _) = filtered([patient(), patient("2", meta={"security": [coding(SECURITY_LABEL, "sekretessmarkering")]})]).resources  # fmt: skip
    assert "address" not in flagged


YEAR = {"start": "2022", "end": "2022"}


@pytest.mark.parametrize(
    ("consents", "passing"),
    [
        ([consent(deny(dataPeriod=YEAR, provision=[permit(code=record_types("SIP"))]))], ["CarePlan/1"]),
        ([consent(deny(dataPeriod=YEAR, provision=[permit(code=record_types("SIP"))])), consent(id="c2")], ["CarePlan/1", "CarePlan/2", "Observation/1"]),
        ([consent(deny(provision=[permit(dataPeriod=YEAR)])), consent(id="c2")], ["CarePlan/1"]),
        ([consent(deny(provision=[permit(dataPeriod=YEAR)]))], ["CarePlan/1"]),
        ([consent(deny(code=record_types("SIP"), provision=[permit(dataPeriod=YEAR)])), consent(id="c2")], ["CarePlan/1", "Observation/1"]),
        ([consent(permit(code=record_types("SIP"), provision=[deny(dataPeriod=YEAR)]))], ["CarePlan/2"]),
        ([consent(permit(purpose=purposes("TREAT"), code=record_types("SIP"))), consent(permit(purpose=purposes("COC"), dataPeriod=YEAR), id="c2")], ["CarePlan/1"]),
    ],
)  # fmt: skip
def test_a_nested_provision_and_its_parent_hold_for_each_record(
    consents: list[Json], passing: list[str]
) -> None:
    records = [care_plan("1"), care_plan("2", period={"start": "2023", "end": "2023"}), audit("1")]
    both: dict[str, Any] = {"purposes": ("TREAT", "COC")} if "purpose" in consents[0]["provision"] else {}
    assert names(filtered(records, *consents, **both)) == passing


def test_a_grant_that_permits_nothing_releases_nothing() -> None:
    facts = Facts(goal())
    assert not Grant(frozenset({("Goal", "SIP")}), True, (), ()).releases(facts, find_among([facts]))


# References.


def released_goal(link: Json, *others: Json, provision: Json | None = None, **elements: Any) -> Any:
    plan = care_plan("1", goal=[link], **elements)
    result = filtered([plan, *others], consent(permit() if provision is None else provision))
    (whole,) = [item for item in result.resources if item["resourceType"] == "CarePlan"]
    return whole.get("goal", [None])[0]


NUMBER = {"system": "urn:s", "value": "1"}
ALL_BUT_GOAL_2 = permit(provision=[deny(data=data("instance", "Goal/2"))])


@pytest.mark.parametrize(
    ("link", "left"),
    [
        ({"reference": "Goal/1"}, {"reference": "Goal/1"}),
        ({"reference": "urn:uuid:1"}, {"reference": "urn:uuid:1"}),
        ({"reference": "Goal/2"}, None),
        ({"reference": "urn:uuid:2"}, None),
        ({"reference": "https://x.org/Goal/2"}, None),
        ({"type": "Goal", "identifier": NUMBER}, None),
        ({"reference": "Goal/1", "identifier": NUMBER}, None),
        ({"type": "Goal", "identifier": NUMBER | {"value": "9"}}, {"type": "Goal", "identifier": NUMBER | {"value": "9"}}),
        ({"reference": "Goal/9"}, {"reference": "Goal/9"}),
        ({"reference": "Encounter/9", "type": "Encounter"}, None),
        ({"reference": "Encounter/9", "identifier": NUMBER | {"value": "9"}}, {"identifier": NUMBER | {"value": "9"}}),
        ({"reference": "https://x.org/Goal/1"}, {"reference": "https://x.org/Goal/1"}),
        ({"reference": "RelatedPerson/1"}, {"type": "RelatedPerson"}),
        ({"type": "RelatedPerson", "identifier": NUMBER | {"value": "9"}}, {"type": "RelatedPerson"}),
        ({"reference": "#1"}, None),
        ({"reference": "#1", "type": "Goal"}, None),
        ({"type": "Goal"}, {"type": "Goal"}),
    ],
)  # fmt: skip
def test_what_is_left_of_a_reference_beside_something_withheld(link: Json, left: Json | None) -> None:
    others = [goal("1"), goal("2", identifier=[NUMBER])]
    assert released_goal(link, *others, provision=ALL_BUT_GOAL_2) == left


@pytest.mark.parametrize(
    ("link", "left"),
    [
        ({"reference": "Goal/9"}, {"reference": "Goal/9"}),
        ({"reference": "urn:uuid:9"}, None),
        ({"reference": "urn:uuid:9", "type": "Goal"}, {"reference": "urn:uuid:9", "type": "Goal"}),
        ({"reference": "https://x.org/Goal/9"}, None),
        ({"reference": "Encounter/9"}, None),
        ({"reference": "Patient/9"}, {"reference": "Patient/9"}),
        ({"reference": "RelatedPerson/9", "identifier": NUMBER}, {"type": "RelatedPerson"}),
        ({"type": "RelatedPerson", "identifier": NUMBER}, {"type": "RelatedPerson"}),
        ({"type": "Goal", "identifier": NUMBER}, {"type": "Goal", "identifier": NUMBER}),
        ({"reference": "#1", "type": "Goal"}, None),
        ({"type": "Goal"}, {"type": "Goal"}),
    ],
)  # fmt: skip
def test_what_is_left_of_a_reference_to_what_is_not_at_hand(link: Json, left: Json | None) -> None:
    assert released_goal(link) == left


def test_a_reference_to_what_is_not_at_hand_is_left_where_just_that_is_permitted() -> None:
    these = permit(data=data("instance", "CarePlan/1") + data("instance", "Goal/9"))
    assert released_goal({"reference": "Goal/9"}, provision=these) == {"reference": "Goal/9"}
    assert released_goal({"reference": "Goal/8"}, provision=these) is None


AUDIT_ELSEWHERE = consent(permit(code=record_types("AUDIT")), id="c2", agreement="urn:other")


def test_a_reference_to_what_is_not_at_hand_is_left_where_one_agreement_permits_it() -> None:
    plan = care_plan("1", goal=[{"reference": "Goal/9"}])
    assert filtered([plan], consent(), AUDIT_ELSEWHERE, agreement=None).resources == (plan,)


def test_the_persons_own_number_is_not_hidden_though_a_patient_is_withheld() -> None:
    spoilt = patient("1", implicitRules="urn:x")
    (released,) = filtered([spoilt, goal("1")]).resources
    assert released["subject"] == reference(PERSON, "Patient")


# Plans without their own consent.

ACTIVE = care_plan("1", status="active", identifier=[NUMBER], goal=[{"reference": "Goal/1"}])


@pytest.mark.parametrize(
    ("part", "withheld"),
    [
        (goal("1"), True),
        (goal("2"), False),
        (goal("2", addresses=[{"reference": "CarePlan/1"}]), True),
        (goal("2", addresses=[{"reference": "urn:uuid:1"}]), True),
        (goal("2", addresses=[{"type": "CarePlan", "identifier": NUMBER}]), True),
        (goal("2", addresses=[{"reference": "CarePlan/1"}, {"reference": "CarePlan/2"}]), False),
        (audit("3", basedOn=[{"reference": "CarePlan/1"}]), False),
        (care_plan("3", replaces=[{"reference": "CarePlan/1"}]), False),
    ],
)  # fmt: skip
def test_parts_go_with_their_plan_unless_they_belong_to_one_that_passes(part: Json, withheld: bool) -> None:
    result = filtered([ACTIVE, care_plan("2"), part])
    name = f"{part['resourceType']}/{part['id']}"
    assert (Withheld(name, "sip-consent-missing") in result.withheld) is withheld
    assert (name in names(result)) is not withheld
    assert Withheld("CarePlan/1", "sip-consent-missing") in result.withheld


def test_a_part_goes_with_its_plan_though_another_record_that_passes_refers_to_it() -> None:
    result = filtered([ACTIVE, goal("1"), audit("2", basedOn=[{"reference": "Goal/1"}])])
    assert names(result) == ["Observation/2"]


def test_a_plan_passes_where_one_of_the_agreements_that_release_it_has_its_consent() -> None:
    plans = consent(category="sip-plan", id="p1")
    elsewhere = consent(id="c2", agreement="urn:other")
    assert names(filtered([ACTIVE], consent(), plans, elsewhere, agreement=None)) == ["CarePlan/1"]
    assert names(filtered([ACTIVE], consent(), plans, agreement=None)) == ["CarePlan/1"]
    assert names(filtered([ACTIVE], consent(), elsewhere, agreement=None)) == []


def test_a_part_that_is_withheld_anyway_keeps_its_own_reason() -> None:
    result = filtered([ACTIVE, goal("1", subject=OTHERS)])
    assert Withheld("Goal/1", "other-person") in result.withheld


def test_a_plan_withheld_for_another_reason_takes_nothing_with_it() -> None:
    spoilt = care_plan("1", implicitRules="urn:x", goal=[{"reference": "Goal/1"}])
    assert names(filtered([spoilt, goal("1")])) == ["Goal/1"]


OF_PARTS = consent(permit(**{"class": classes("Goal")}))


def test_parts_of_a_plan_that_is_not_released_stay_unless_it_has_its_consent() -> None:
    """A Consent to the goals of a plan is none to the plan."""
    result = filtered([ACTIVE, goal("1"), goal("2")], OF_PARTS)
    assert (names(result), result.withheld[1].code) == (["Goal/2"], "sip-consent-missing")
    plans = consent(category="sip-plan", id="p1")
    assert names(filtered([ACTIVE, goal("1"), goal("2")], OF_PARTS, plans)) == ["Goal/1", "Goal/2"]
    elsewhere = consent(id="c2", agreement="urn:other")
    assert names(filtered([ACTIVE, goal("1")], OF_PARTS, elsewhere, agreement=None)) == []


def test_a_part_is_released_by_the_agreement_that_has_the_consent_of_its_plan() -> None:
    plans = consent(category="sip-plan", id="p1", agreement="urn:other")
    for permitted, found in (("Goal", ["Goal/1"]), ("CareTeam", [])):
        elsewhere = consent(permit(**{"class": classes(permitted)}), id="c2", agreement="urn:other")
        for ours in (OF_PARTS, consent()):
            assert names(filtered([ACTIVE, goal("1")], ours, plans, elsewhere, agreement=None)) == found


def test_where_no_plan_was_asked_for_its_consent_was_not_either() -> None:
    released = filtered([ACTIVE, goal("1")], types=frozenset({"Goal"}), record_types=frozenset({"SIP"}))
    assert names(released) == ["Goal/1"]


@pytest.mark.parametrize("status", ["draft", "revoked"])
def test_parts_of_a_plan_that_is_not_in_force_need_no_more_than_a_consent_to_them(status: str) -> None:
    assert names(filtered([ACTIVE | {"status": status}, goal("1")], OF_PARTS)) == ["Goal/1"]


# Labels.


@pytest.mark.parametrize(
    ("resource", "labels"),
    [
        (audit(), {(ACT_CODE, "ETHUD"), (CONFIDENTIALITY, "R")}),
        (dudit(), {(ACT_CODE, "ETH"), (CONFIDENTIALITY, "R")}),
        (audit(meta={"security": [coding(CONFIDENTIALITY, "V")]}), {(ACT_CODE, "ETHUD"), (CONFIDENTIALITY, "V")}),
        (audit(meta={"security": [coding(CONFIDENTIALITY, "N"), coding(ACT_CODE, "PSY")]}), {(ACT_CODE, "ETHUD"), (CONFIDENTIALITY, "R")}),
        (audit(meta={"security": [coding("urn:x", "y")]}), {(ACT_CODE, "ETHUD"), (CONFIDENTIALITY, "R"), ("urn:x", "y")}),
        (goal(meta={"security": [coding(CONFIDENTIALITY, "N")]}), {(CONFIDENTIALITY, "N")}),
        (goal(), set()),
        (patient(), {(SECURITY_LABEL, "sekretessmarkering")}),
        (patient(meta={"security": [coding(SECURITY_LABEL, "skyddadFolkbokforing"), coding("urn:x", "y")]}), {(SECURITY_LABEL, "sekretessmarkering"), ("urn:x", "y")}),
    ],
)  # fmt: skip
def test_the_labels_that_we_set(resource: Json, labels: set[tuple[str, str]]) -> None:
    stated = Facts(resource)
    facts = labelled(stated, FLAG)
    assert facts.labels == labels
    assert facts.stated_labels == stated.labels
    if labels != stated.labels:
        written = facts.resource["meta"]["security"]
        assert written == sorted(written, key=lambda label: (label["system"], label["code"]))
        assert "meta" not in resource or resource["meta"]["security"] != written


def test_labels_are_set_beside_what_else_meta_says_whatever_it_is() -> None:
    assert labelled(Facts(audit(meta={"versionId": "1"})), frozenset()).resource["meta"]["versionId"] == "1"
    assert labelled(Facts(audit(meta="x")), frozenset()).resource["meta"].keys() == {"security"}


def test_only_the_codes_of_protected_identity_protect() -> None:
    for code in PROTECTION_CODES:
        assert protection_of(Facts(goal(meta={"security": [coding(SECURITY_LABEL, code)]}))) == {code}
    for label in (coding(SECURITY_LABEL, "x"), coding("urn:x", "sekretessmarkering")):
        assert protection_of(Facts(goal(meta={"security": [label]}))) == frozenset()
