"""One provision: whom and what it is about, and what of it is read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from adapter.domain.records import RECORD_TYPE_SYSTEM
from adapter.gate.actors import Context, Target
from adapter.gate.conditions import Conditions
from adapter.gate.provision import Provision, read_root
from adapter.gate.reading import Node, Period, period_of
from adapter.gate.request import Code
from adapter.gate.vocabulary import ACT_CODE, ACT_REASON, CONFIDENTIALITY, RESOURCE_TYPES
from tests.gate.builders import (
    NURSE,
    PSYKIATRI,
    REGION,
    VARDCENTRAL,
    Json,
    actions,
    classes,
    coding,
    concept,
    data,
    deny,
    permit,
    purposes,
    record_types,
    request,
)
from tests.gate.decision_table import WITH_NURSE


def provision(**fields: Any) -> Provision:
    given: dict[str, Any] = {
        "effect": "permit",
        "period": None,
        "actors": None,
        "actions": None,
        "purposes": None,
    }
    return Provision(**given | {"conditions": Conditions()} | fields)


def named(*codes: str) -> frozenset[Code]:
    return frozenset((ACT_REASON, code) for code in codes)


@pytest.mark.parametrize(
    ("effect", "stated", "purpose", "about"),
    [
        ("permit", None, "TREAT", True),
        ("permit", named("TREAT"), "TREAT", True),
        ("permit", named("TREAT", "COC"), "COC", True),
        ("permit", named("TREAT"), "COC", False),
        ("permit", named("COC"), "TREAT", False),
        ("permit", frozenset({("urn:x", "TREAT")}), "TREAT", False),
        ("permit", None, "WHATEVER", False),
        ("permit", named("WHATEVER"), "WHATEVER", False),
        ("permit", None, None, False),
        ("deny", None, "TREAT", True),
        ("deny", None, "WHATEVER", True),
        ("deny", None, None, True),
        ("deny", named("TREAT"), "TREAT", True),
        ("deny", named("TREAT"), "COC", True),
        ("deny", named("COC"), "TREAT", False),
        ("deny", named("TREAT"), "HQUALIMP", False),
        ("deny", named("TREAT"), "WHATEVER", None),
        ("deny", named("TREAT"), None, None),
        ("deny", frozenset({("urn:x", "TREAT")}), "TREAT", False),
    ],
)
def test_a_purpose_is_exact_in_a_permit_and_covers_its_kinds_in_a_deny(
    effect: str, stated: frozenset[Code] | None, purpose: str | None, about: bool | None
) -> None:
    assert provision(effect=effect, purposes=stated).has_purpose(purpose) is about


UNIT, ELSEWHERE = (Target(organization=frozenset({unit})) for unit in (PSYKIATRI, VARDCENTRAL))
DISCLOSE = frozenset({("http://terminology.hl7.org/CodeSystem/consentaction", "disclose")})


@pytest.mark.parametrize(
    ("fields", "applies"),
    [
        ({}, True),
        ({"actions": DISCLOSE}, True),
        ({"actions": frozenset({("urn:x", "disclose")})}, False),
        ({"actors": (UNIT,)}, True),
        ({"actors": (ELSEWHERE, UNIT)}, True),
        ({"actors": (ELSEWHERE,)}, False),
        ({"actors": ()}, False),
        ({"actors": (Target(practitioner=frozenset({NURSE})),)}, None),
        ({"actors": (UNIT,), "actions": frozenset({("urn:x", "disclose")})}, False),
    ],
)
def test_whether_it_is_about_a_request(fields: dict[str, Any], applies: bool | None) -> None:
    assert provision(**fields).applies(request()) is applies


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "at_most"),
    [
        (None, False),
        (Period(None, None), False),
        (period_of("2024-06-01", None), False),
        (period_of(None, "2024-06-01"), False),
        (period_of("2024-06-01", "2024-06-01"), True),
        (period_of("2024-06-01", "2024-06-07"), True),
        (period_of("2024-06-01", "2024-06-08"), False),
        (period_of("2024-03-28", "2024-04-03"), True),
        (period_of("2024-10-24", "2024-10-30"), True),
        (period_of("2024-10-24", "2024-10-31"), False),
        (Period(utc("2024-06-01T10:00:00"), utc("2024-06-08T10:00:00")), True),
        (Period(utc("2024-06-01T10:00:00"), utc("2024-06-08T10:00:01")), False),
    ],
)
def test_a_week_is_seven_whole_days_in_stockholm_whatever_the_clocks_do(
    period: Period | None, at_most: bool
) -> None:
    assert provision(period=period).is_a_week_at_most is at_most


WEEK = period_of("2024-06-01", "2024-06-07")


@pytest.mark.parametrize(
    ("fields", "lifts"),
    [
        ({"period": WEEK, "actors": (UNIT,)}, True),
        ({"period": WEEK, "actors": (ELSEWHERE, UNIT)}, True),
        ({"period": WEEK, "actors": (ELSEWHERE,)}, False),
        ({"period": WEEK, "actors": (Target(organization=frozenset({REGION})),)}, False),
        ({"period": WEEK, "actors": (Target(practitioner=frozenset({NURSE})),)}, True),
        ({"period": WEEK, "actors": None}, False),
        ({"period": None, "actors": (UNIT,)}, False),
    ],
)
def test_what_lifts_a_block(fields: dict[str, Any], lifts: bool) -> None:
    assert provision(**fields).lifts_for(WITH_NURSE) is lifts


def read(value: Json) -> tuple[Provision, set[tuple[str, str]]]:
    node = Node(value, "P", [])
    return read_root(node, Context()), {(issue.path, issue.code) for issue in node.faults}


SIP, AUDIT, FOREIGN = (
    (RECORD_TYPE_SYSTEM, "SIP"),
    (RECORD_TYPE_SYSTEM, "AUDIT"),
    ("http://loinc.org", "75624-7"),
)


@pytest.mark.parametrize("effect", [permit, deny])
def test_a_provision_as_it_is_read(effect: Any) -> None:
    whole = effect(
        period={"start": "2024-06-01", "end": "2024-06-07"},
        purpose=purposes("TREAT", "COC"),
        action=actions("disclose"),
        **{"class": classes("Goal", "Task")},
        code=[*record_types("SIP", "AUDIT"), concept(*FOREIGN)],
        dataPeriod={"start": "2022"},
        data=data("related", "Goal/1"),
        securityLabel=[coding(CONFIDENTIALITY, "R")],
    )
    made, faults = read(whole)
    assert faults == set()
    assert (made.effect, made.period, made.actors) == (whole["type"], WEEK, None)
    assert (made.purposes, made.actions) == (named("TREAT", "COC"), DISCLOSE)
    conditions = made.conditions
    assert conditions.classes == frozenset({"Goal", "Task"})
    assert conditions.codes == frozenset({SIP, AUDIT, FOREIGN})
    assert (conditions.period, conditions.period_text) == (period_of("2022", None), "2022/")
    assert list(map(str, conditions.data or ())) == ["related Goal/1"]
    assert conditions.labels == frozenset({(CONFIDENTIALITY, "R")})


def test_what_is_not_said_is_no_limit() -> None:
    made, faults = read(permit())
    assert (made, faults) == (provision(), set())


def test_only_the_permit_leaves_out_codes_without_a_system() -> None:
    element: Json = {"code": [{"coding": [{"code": "x"}]}], "securityLabel": [{"code": "x"}]}
    permitted, faults = read(permit(**element))
    assert (permitted.conditions.codes, permitted.conditions.labels, faults) == (
        frozenset(),
        frozenset(),
        set(),
    )
    _, faults = read(deny(**element))
    assert faults == {("P.code", "element-not-evaluated"), ("P.securityLabel", "element-not-evaluated")}


def test_a_deny_of_eth_takes_ethud_and_no_other_label_does() -> None:
    def labels(effect: Any, code: str) -> frozenset[Code] | None:
        return read(effect(securityLabel=[coding(ACT_CODE, code)]))[0].conditions.labels

    assert labels(deny, "ETH") == frozenset({(ACT_CODE, "ETH"), (ACT_CODE, "ETHUD")})
    assert labels(deny, "ETHUD") == frozenset({(ACT_CODE, "ETHUD")})
    assert labels(permit, "ETH") == frozenset({(ACT_CODE, "ETH")})


@pytest.mark.parametrize(
    ("element", "fault"),
    [
        ({"purpose": [coding("urn:x", "TREAT")]}, "P.purpose"),
        ({"purpose": purposes("TREAT", "WHATEVER")}, "P.purpose"),
        ({"action": actions("collect")}, "P.action"),
        ({"action": [{"text": "x"}]}, "P.action"),
        ({"class": [coding("urn:x", "Goal")]}, "P.class"),
        ({"class": [coding(RESOURCE_TYPES, "Whatever")]}, "P.class"),
        ({"securityLabel": [coding(ACT_CODE, "whatever")]}, "P.securityLabel"),
        ({"code": record_types("LAB")}, "P.code"),
        ({"code": [{"text": "x"}]}, "P.code"),
        ({"code": [concept("urn:x", "")]}, "P.code"),
    ],
)  # fmt: skip
def test_a_deny_of_what_nobody_can_compare_is_a_fault_and_a_permit_is_none(element: Json, fault: str) -> None:
    assert (fault, "element-not-evaluated") in read(deny(**element))[1]
    assert (fault, "element-not-evaluated") not in read(permit(**element))[1]


@pytest.mark.parametrize("stated", [["access"], ["disclose"], ["use"], ["access", "disclose", "use"]])
def test_every_action_that_we_evaluate_can_be_denied(stated: list[str]) -> None:
    assert read(deny(action=actions(*stated)))[1] == set()


@pytest.mark.parametrize(
    ("value", "effect", "fault"),
    [
        ({}, "deny", ("P.type", "element-not-evaluated")),
        ({"type": "Permit"}, "deny", ("P.type", "element-not-evaluated")),
        ({"type": ["permit"]}, "deny", ("P.type", "consent-unreadable")),
        (permit(provision=[permit()]), "permit", ("P.provision[0]", "element-not-evaluated")),
        (deny(provision=[deny()]), "deny", ("P.provision[0]", "element-not-evaluated")),
        (permit(provision=[{}]), "permit", ("P.provision[0]", "element-not-evaluated")),
        (permit(provision=[deny(provision=[permit()])]), "permit", ("P.provision[0]", "element-not-evaluated")),
        (permit(dataPeriod={"start": "x"}), "permit", ("P.dataPeriod", "consent-unreadable")),
        (permit(data=[{"meaning": "whole", "reference": {"reference": "Goal/1"}}]), "permit", ("P.data[0]", "element-not-evaluated")),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_noted_and_read_as_what_narrows(
    value: Json, effect: str, fault: tuple[str, str]
) -> None:
    made, faults = read(value)
    assert made.effect == effect
    assert fault in faults


@pytest.mark.parametrize("value", [permit(provision=[{}]), deny(provision=[{"type": "x"}])])
def test_an_exception_that_does_not_say_its_effect_is_read_as_a_deny(value: Json) -> None:
    (exception,) = read(value)[0].nested
    assert exception.effect == "deny"


def test_nested_provisions_are_read_in_their_order() -> None:
    made, faults = read(permit(provision=[deny(purpose=purposes("TREAT")), deny(period={"end": "2024"})]))
    assert faults == set()
    assert [(inner.effect, inner.purposes) for inner in made.nested] == [
        ("deny", named("TREAT")),
        ("deny", None),
    ]
    assert made.nested[1].period == period_of(None, "2024")
    assert all(inner.nested == () for inner in made.nested)


def test_data_by_identifier_or_literal_is_read_and_nothing_else() -> None:
    by_number = {"meaning": "instance", "reference": {"identifier": {"system": "urn:s", "value": "1"}}}
    made, faults = read(permit(data=[by_number, *data("dependents", "Goal/1")]))
    assert (list(map(str, made.conditions.data or ())), faults) == (["urn:s|1", "dependents Goal/1"], set())
    left, faults = read(permit(data=[{"meaning": "instance", "reference": {"display": "x"}}]))
    assert (left.conditions.data, faults) == ((), {("P.data[0].reference", "element-not-evaluated")})
