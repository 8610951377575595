"""Conditions on a single resource: met, not met, or not to be told."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.domain.identity import PERSONNUMMER, Identifier, PersonId
from adapter.domain.records import RECORD_TYPE_SYSTEM
from adapter.gate.conditions import Conditions, DataRule, Meaning, Pair, asked_pairs
from adapter.gate.facts import Facts
from adapter.gate.grant import find_among
from adapter.gate.reading import period_of
from adapter.gate.references import Ref, ref_of
from adapter.gate.vocabulary import ACT_CODE, CONFIDENTIALITY
from tests.gate.builders import IFO, PERSON, STRANGER, Json, audit, care_plan, coding, concept, dudit, goal

NUMBER = Identifier("urn:s", "1")
OTHER_NUMBER = Identifier("urn:s", "2")
OTHER_SYSTEM = Identifier("urn:t", "1")


def rule(meaning: Meaning, **reference: Any) -> DataRule:
    return DataRule(meaning, ref_of(reference))


def holds(data: DataRule, resource: Json, *others: Json) -> bool | None:
    facts = Facts(resource)
    return data.holds(facts, find_among([facts, *map(Facts, others)]))


@pytest.mark.parametrize(
    ("reference", "resource", "is_meant"),
    [
        ({"reference": "Goal/1"}, goal("1"), True),
        ({"reference": "Goal/1"}, goal("2"), False),
        ({"reference": "urn:uuid:1"}, goal("1"), True),
        ({"reference": "urn:uuid:2"}, goal("1"), False),
        ({"reference": "https://x.org/Goal/1"}, goal("1"), None),
        ({"reference": "https://x.org/Goal/1"}, goal("2"), False),
        ({"reference": "Goal/1/_history/2"}, goal("1"), None),
        ({"reference": "Task/1"}, goal("1"), False),
        ({"reference": "Goal/1"}, {"resourceType": "Goal"}, None),
        ({"identifier": NUMBER.as_fhir()}, goal("1", identifier=[NUMBER.as_fhir()]), True),
        ({"identifier": NUMBER.as_fhir()}, goal("1", identifier=[OTHER_NUMBER.as_fhir()]), False),
        ({"identifier": NUMBER.as_fhir()}, goal("1", identifier=[OTHER_SYSTEM.as_fhir()]), None),
        ({"identifier": NUMBER.as_fhir()}, goal("1", identifier=[OTHER_SYSTEM.as_fhir(), OTHER_NUMBER.as_fhir()]), False),
        ({"identifier": NUMBER.as_fhir()}, goal("1"), None),
        ({"type": "Task", "identifier": NUMBER.as_fhir()}, goal("1"), False),
        ({"type": "Goal", "identifier": NUMBER.as_fhir()}, goal("1"), None),
        ({"type": "Goal", "identifier": NUMBER.as_fhir()}, goal("1", identifier=[NUMBER.as_fhir()]), True),
        ({"reference": "Goal/9", "identifier": NUMBER.as_fhir()}, goal("1", identifier=[NUMBER.as_fhir()]), True),
    ],
)  # fmt: skip
def test_whether_a_resource_is_the_instance(reference: Json, resource: Json, is_meant: bool | None) -> None:
    assert holds(rule("instance", **reference), resource) is is_meant


@pytest.mark.parametrize(
    ("reference", "at_hand", "related"),
    [
        ({"reference": "CarePlan/1"}, [care_plan("1", goal=[{"reference": "Goal/1"}])], True),
        ({"reference": "CarePlan/1"}, [care_plan("1", goal=[{"reference": "urn:uuid:1"}])], True),
        ({"reference": "CarePlan/1"}, [care_plan("1", goal=[{"reference": "https://x.org/Goal/1"}])], True),
        ({"reference": "CarePlan/1"}, [care_plan("1", goal=[{"reference": "Goal/2"}])], False),
        ({"reference": "CarePlan/1"}, [care_plan("2", goal=[{"reference": "Goal/1"}])], None),
        ({"reference": "CarePlan/1"}, [], None),
        ({"reference": "https://x.org/CarePlan/1"}, [care_plan("1", goal=[{"reference": "Goal/1"}])], None),
        ({"reference": "https://x.org/CarePlan/1"}, [care_plan("1")], False),
        ({"identifier": NUMBER.as_fhir()}, [care_plan("1", identifier=[NUMBER.as_fhir()], goal=[{"reference": "Goal/1"}])], True),
        ({"reference": "Goal/1"}, [], True),
    ],
)  # fmt: skip
def test_related_is_the_instance_and_what_it_refers_to(
    reference: Json, at_hand: list[Json], related: bool | None
) -> None:
    assert holds(rule("related", **reference), goal("1"), *at_hand) is related


@pytest.mark.parametrize(
    ("reference", "resource", "at_hand", "depends"),
    [
        ({"reference": "Goal/1"}, care_plan("1", goal=[{"reference": "Goal/1"}]), [goal("1")], True),
        ({"reference": "Goal/1"}, care_plan("1", goal=[{"reference": "urn:uuid:1"}]), [goal("1")], True),
        ({"reference": "Goal/1"}, care_plan("1", goal=[{"type": "Goal", "identifier": NUMBER.as_fhir()}]), [goal("1", identifier=[NUMBER.as_fhir()])], True),
        ({"reference": "Goal/1"}, care_plan("1", goal=[{"reference": "Goal/2"}]), [goal("1")], False),
        ({"reference": "https://x.org/Goal/1"}, care_plan("1", goal=[{"reference": "Goal/1"}]), [goal("1")], None),
        ({"reference": "Goal/1"}, care_plan("1", goal=[{"reference": "Goal/1"}]), [], True),
        ({"reference": "Goal/1"}, care_plan("1", goal=[{"reference": "Goal/2"}]), [], False),
        ({"reference": "Goal/1"}, care_plan("1", goal=[{"reference": "https://x.org/Goal/1"}]), [], None),
        ({"reference": "Goal/1"}, care_plan("1", goal=[{"type": "Goal", "identifier": NUMBER.as_fhir()}]), [], None),
        ({"reference": "Goal/1"}, goal("1"), [], True),
    ],
)  # fmt: skip
def test_dependents_are_the_instance_and_what_refers_to_it(
    reference: Json, resource: Json, at_hand: list[Json], depends: bool | None
) -> None:
    assert holds(rule("dependents", **reference), resource, *at_hand) is depends


def by(**reference: Any) -> Json:
    return reference


@pytest.mark.parametrize(
    ("named", "authors", "wrote"),
    [
        (by(reference="Organization/1"), [by(reference="Organization/1")], True),
        (by(reference="Organization/1"), [by(reference="Organization/2")], False),
        (by(reference="Organization/1"), [by(reference="Organization/2"), by(reference="Organization/1")], True),
        (by(reference="https://x.org/Organization/1"), [by(reference="Organization/1")], None),
        (by(reference="Organization/1"), [by(reference="https://x.org/Organization/1")], None),
        (by(identifier=IFO.as_fhir()), [by(identifier=IFO.as_fhir())], True),
        (by(identifier=IFO.as_fhir()), [by(identifier=STRANGER.as_fhir())], False),
        (by(identifier=IFO.as_fhir()), [by(identifier=NUMBER.as_fhir())], None),
        (by(identifier=IFO.as_fhir()), [by(reference="Organization/1")], None),
        (by(reference="Organization/1"), [by(identifier=IFO.as_fhir())], None),
        (by(identifier=IFO.as_fhir()), [by(identifier=PERSON.as_fhir())], False),
        (by(identifier=PERSON.as_fhir()), [by(identifier=IFO.as_fhir())], None),
        (by(type="Practitioner", identifier=IFO.as_fhir()), [by(type="Organization", identifier=NUMBER.as_fhir())], False),
        (by(type="Organization", identifier=IFO.as_fhir()), [by(type="Organization", identifier=NUMBER.as_fhir())], None),
        (by(type="Organization", identifier=IFO.as_fhir()), [by(identifier=NUMBER.as_fhir())], None),
        (by(identifier=IFO.as_fhir()), [by(type="Organization", identifier=NUMBER.as_fhir())], None),
        (by(reference="Organization/1", identifier=IFO.as_fhir()), [by(reference="Organization/2", identifier=NUMBER.as_fhir())], False),
        (by(reference="Organization/1", identifier=IFO.as_fhir()), [by(reference="Organization/2", identifier=IFO.as_fhir())], True),
        (by(reference="Organization/1"), [by(reference="Organization/2", identifier=PERSON.as_fhir())], False),
        (by(identifier=IFO.as_fhir()), [by(reference="Organization/1", identifier=PERSON.as_fhir())], None),
        (by(reference="urn:uuid:1"), [by(reference="Organization/2")], False),
        (by(reference="Organization/1"), [], None),
        (by(reference="Organization/1"), [by(display="x")], None),
    ],
)  # fmt: skip
def test_whether_somebody_is_the_author(named: Json, authors: list[Json], wrote: bool | None) -> None:
    assert holds(rule("authoredby", **named), goal("1", author=authors)) is wrote


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (rule("instance", reference="Goal/1"), "Goal/1"),
        (rule("related", reference="Goal/1"), "related Goal/1"),
        (rule("authoredby", identifier=IFO.as_fhir()), f"authoredby {IFO.system}|{IFO.value}"),
        (DataRule("instance", Ref(None, True, None, None)), ""),
    ],
)
def test_a_rule_in_words(data: DataRule, said: str) -> None:
    assert str(data) == said


SIP, AUDIT, DUDIT = ((RECORD_TYPE_SYSTEM, name) for name in ("SIP", "AUDIT", "DUDIT"))
ALCOHOL = ("urn:x", "alcohol")
MARKED = audit("1", code={"coding": [coding("http://loinc.org", "75624-7"), coding(*ALCOHOL)]})
IN_PASSING = audit("1", component=[{"code": concept(*ALCOHOL)}])
UNTOLD = audit("1", code=concept("http://loinc.org", "1"))
LABEL = (CONFIDENTIALITY, "R")


@pytest.mark.parametrize(
    ("conditions", "resource", "met"),
    [
        (Conditions(), goal(), True),
        (Conditions(classes=frozenset({"Goal"})), goal(), True),
        (Conditions(classes=frozenset({"Task"})), goal(), False),
        (Conditions(codes=frozenset({SIP})), goal(), True),
        (Conditions(codes=frozenset({AUDIT})), goal(), False),
        (Conditions(codes=frozenset({AUDIT, SIP})), goal(), True),
        (Conditions(codes=frozenset({AUDIT})), UNTOLD, None),
        (Conditions(codes=frozenset({SIP})), UNTOLD, False),
        (Conditions(codes=frozenset({AUDIT})), dudit(), False),
        (Conditions(codes=frozenset({ALCOHOL})), MARKED, True),
        (Conditions(codes=frozenset({ALCOHOL})), IN_PASSING, None),
        (Conditions(codes=frozenset({ALCOHOL})), audit(), False),
        (Conditions(codes=frozenset({ALCOHOL, DUDIT})), audit(), False),
        (Conditions(codes=frozenset({ALCOHOL, DUDIT})), MARKED, True),
        (Conditions(period=period_of("2024", "2024")), audit(), True),
        (Conditions(period=period_of("2023", "2023")), audit(), False),
        (Conditions(period=period_of("2024-05-03", None)), audit(effectiveDateTime="2024-05"), None),
        (Conditions(period=period_of("2024", "2024")), goal(), None),
        (Conditions(labels=frozenset({LABEL})), goal(meta={"security": [coding(*LABEL)]}), True),
        (Conditions(labels=frozenset({LABEL})), goal(), False),
        (Conditions(labels=frozenset({(ACT_CODE, "ETH")})), goal(meta={"security": [coding(*LABEL)]}), False),
        (Conditions(data=(rule("instance", reference="Goal/1"),)), goal("1"), True),
        (Conditions(data=(rule("instance", reference="Goal/2"),)), goal("1"), False),
        (Conditions(data=(rule("instance", reference="Goal/2"), rule("instance", reference="Goal/1"))), goal("1"), True),
        (Conditions(classes=frozenset({"Task"}), period=period_of("2024", "2024")), goal(), False),
        (Conditions(classes=frozenset({"Goal"}), period=period_of("2024", "2024")), goal(), None),
    ],
)  # fmt: skip
def test_whether_a_resource_meets_every_condition(
    conditions: Conditions, resource: Json, met: bool | None
) -> None:
    facts = Facts(resource)
    assert conditions.holds(facts, find_among([facts])) is met


def test_a_label_that_was_taken_off_can_no_longer_be_told() -> None:
    facts = Facts(goal(), frozenset({LABEL}))
    assert Conditions(labels=frozenset({LABEL})).holds(facts, find_among([facts])) is None


ASKED: frozenset[Pair] = frozenset(
    {("CarePlan", "SIP"), ("Goal", "SIP"), ("Observation", "AUDIT"), ("Condition", None)}
)


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        (Conditions(), ASKED),
        (Conditions(classes=frozenset({"Goal", "Condition"})), {("Goal", "SIP"), ("Condition", None)}),
        (Conditions(codes=frozenset({SIP})), {("CarePlan", "SIP"), ("Goal", "SIP")}),
        (Conditions(codes=frozenset({SIP}), classes=frozenset({"Goal"})), {("Goal", "SIP")}),
        (Conditions(codes=frozenset({SIP, ALCOHOL})), ASKED),
        (Conditions(codes=frozenset({DUDIT})), set()),
        (Conditions(labels=frozenset()), set()),
        (Conditions(period=period_of("2024", "2024"), data=(rule("instance", reference="X/1"),)), ASKED),
    ],
)  # fmt: skip
def test_what_class_and_code_let_through_of_what_was_asked(
    conditions: Conditions, left: frozenset[Pair]
) -> None:
    assert conditions.pairs(ASKED) == left


@pytest.mark.parametrize(
    ("conditions", "decided"),
    [
        (Conditions(), True),
        (Conditions(classes=frozenset({"Goal"}), codes=frozenset({SIP})), True),
        (Conditions(codes=frozenset({ALCOHOL})), False),
        (Conditions(period=period_of("2024", "2024")), False),
        (Conditions(data=()), False),
        (Conditions(labels=frozenset()), False),
    ],
)  # fmt: skip
def test_whether_nothing_is_left_to_be_seen_in_the_resource(conditions: Conditions, decided: bool) -> None:
    assert conditions.is_decided_by_pairs is decided


def test_what_is_asked_for_as_types_and_record_types() -> None:
    everything = asked_pairs(frozenset(), frozenset())
    assert everything >= {("CarePlan", "SIP"), ("Observation", "AUDIT"), ("Observation", "DUDIT")}
    assert all(record for _, record in everything)
    assert asked_pairs(frozenset({"Observation"}), frozenset({"AUDIT", "SIP"})) == {("Observation", "AUDIT")}
    assert asked_pairs(frozenset({"Condition", "Goal"}), frozenset()) == {
        ("Condition", None),
        ("Goal", "SIP"),
    }
    assert asked_pairs(frozenset({"Condition"}), frozenset({"SIP"})) == frozenset()
    assert {kind for kind, _ in asked_pairs(frozenset(), frozenset({"SIP"}))} >= {"CarePlan", "Goal"}


def test_records_are_found_by_literal_or_by_identifier() -> None:
    plan = Facts(care_plan("1", identifier=[NUMBER.as_fhir()]))
    find = find_among([plan])
    number = PersonId(PERSONNUMMER, "191212121212")
    for reference in ("CarePlan/1", "urn:uuid:1"):
        assert find(ref_of({"reference": reference})) is plan
    assert find(ref_of({"identifier": NUMBER.as_fhir()})) is plan
    assert find(ref_of({"reference": "CarePlan/2", "identifier": NUMBER.as_fhir()})) is plan
    assert find(ref_of({"reference": "CarePlan/2", "identifier": number.as_fhir()})) is None
