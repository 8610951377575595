"""Corners of the decision that are no row of the table: ages, exceptions, doubts, and decisions united."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from adapter.domain.identity import PERSONNUMMER, PersonId
from adapter.gate.consent import CompiledConsent
from adapter.gate.decision import decide, unite
from adapter.gate.evaluation import age_at
from adapter.gate.verdict import Reason, Verdict, gravest
from adapter.gate.versions import Registered
from tests.gate.builders import (
    AT_SIXTEEN,
    MINOR,
    NOW,
    NURSE,
    REGION,
    UNRESOLVABLE,
    VARDCENTRAL,
    Json,
    actor,
    block,
    coding,
    concept,
    consent,
    decided,
    deny,
    permit,
    purposes,
    record_types,
    registered,
    request,
    without,
)
from tests.gate.decision_table import (
    DENY,
    NO_UNIT,
    OTHER_AGREEMENT,
    PERMIT,
    UNSURE,
    Case,
    R,
    excepted,
    minor_fields,
    only,
)

UNREAD_CATEGORY: dict[str, Any] = {"category": [{"text": "x"}]}
OF_MINOR: dict[str, Any] = {"person": MINOR, "at": AT_SIXTEEN}


def when(day: str) -> dict[str, Any]:
    return {"person": MINOR, "at": datetime.fromisoformat(f"{day}T12:00:00+00:00")}


# fmt: off
CORNERS = [
    Case("category unreadable, ended yesterday", [consent(permit(period={"end": "2024-06-02"})) | UNREAD_CATEGORY], DENY, R.NO_CONSENT),
    Case("category unreadable, another agreement", [consent(agreement=OTHER_AGREEMENT) | UNREAD_CATEGORY], DENY, R.NO_CONSENT),
    Case("person unreadable, ended yesterday", [without(consent(permit(period={"end": "2024-06-02"})), "patient")], DENY, R.NO_CONSENT),
    Case("a scope that is none of R4's", [consent(scope=concept("urn:x", "patient-privacy"))], UNSURE, R.CONSENT_UNREADABLE),
    Case("not even a fault says why", [None], UNSURE, R.CONSENT_UNREADABLE),
    Case("a guardian's deny stands when the child has grown up", [consent(deny(), person=MINOR, extension=minor_fields("guardian")), consent(id="c2", person=MINOR, extension=minor_fields())], DENY, R.CONSENT_DENIES, when("2021-02-02")),
    Case("an exception by a guardian has ended with the childhood", [consent(deny(provision=[permit()]), person=MINOR, extension=minor_fields("guardian")), consent(id="c2", person=MINOR, extension=minor_fields())], DENY, R.CONSENT_DENIES, when("2021-02-02")),
    Case("what both decided ends on the birthday as well", [consent(person=MINOR, extension=minor_fields("both"))], DENY, R.NO_CONSENT, when("2021-02-02")),
    Case("what both decided holds until then", [consent(person=MINOR, extension=minor_fields("both"))], PERMIT, R.CONSENT, when("2021-02-01")),
    Case("on the thirteenth birthday the maturity fields are needed", [consent(person=MINOR)], UNSURE, R.ELEMENT_NOT_EVALUATED, when("2016-02-02")),
    Case("the day before they are not", [consent(person=MINOR)], PERMIT, R.CONSENT, when("2016-02-01")),
    Case("on the last day of childhood they are needed", [consent(person=MINOR)], UNSURE, R.ELEMENT_NOT_EVALUATED, when("2021-02-01")),
    Case("from the birthday on they are not", [consent(person=MINOR)], PERMIT, R.CONSENT, when("2021-02-02")),
    Case("a minor's permit that does not say who decided", [consent(person=MINOR, extension=[minor_fields()[0], *minor_fields()[2:]])], UNSURE, R.ELEMENT_NOT_EVALUATED, OF_MINOR),
    Case("a minor's exception to a deny needs them as well", [consent(deny(provision=[permit()]), person=MINOR), consent(id="c2", person=MINOR, extension=minor_fields())], UNSURE, R.ELEMENT_NOT_EVALUATED, OF_MINOR),
    Case("a minor's exception for somebody else does not", [consent(deny(provision=[permit(actor=[actor(VARDCENTRAL)])]), person=MINOR)], DENY, R.CONSENT_DENIES, OF_MINOR),
    Case("an exception for another purpose", [consent(permit(provision=[deny(purpose=purposes("HQUALIMP"))]))], PERMIT, R.CONSENT),
    Case("an exception for this purpose", [consent(permit(provision=[deny(purpose=purposes("TREAT"))]))], DENY, R.CONSENT_DENIES),
    Case("an exception of another sender's Consent", [consent(permit(provision=[deny()]), sender=REGION), consent(id="c2")], PERMIT, R.CONSENT),
    Case("a deny with an exception for another purpose", [consent(deny(provision=[permit(purpose=purposes("HQUALIMP"))]))], DENY, R.CONSENT_DENIES),
    Case("a deny with an exception for other record types", [consent(deny(provision=[permit(actor=[actor(VARDCENTRAL)], code=record_types("AUDIT"))])), consent(id="c2")], DENY, R.CONSENT_DENIES, {"recipient": NO_UNIT, "record_types": frozenset({"SIP"})}),
    Case("a deny about somebody else with an exception in doubt", [consent(deny(actor=[actor(VARDCENTRAL)], provision=[permit(actor=[actor(NURSE, "Practitioner")])])), consent(id="c2")], PERMIT, R.CONSENT),
    Case("one exception in doubt beside one that holds", [consent(deny(provision=[permit(actor=[actor(VARDCENTRAL)], code=record_types("SIP")), permit(code=record_types("AUDIT"))]))], UNSURE, R.ELEMENT_NOT_EVALUATED, {"recipient": NO_UNIT}),
    Case("a deny in doubt of what was not asked for", [consent(), consent(deny(actor=[actor(VARDCENTRAL)], code=record_types("AUDIT")), id="c2")], PERMIT, R.CONSENT, {"recipient": NO_UNIT, "record_types": frozenset({"SIP"})}),
    Case("an exception to a deny for nobody's purpose opens nothing", [consent(deny(provision=[permit()]))], DENY, R.CONSENT_DENIES, {"purposes": ()}),
    Case("a permit for nobody's purpose beside a deny of all", [consent(deny())], DENY, R.CONSENT_DENIES, {"purposes": ()}),
    Case("a root permit in doubt permits nothing", [consent(permit(actor=[actor(VARDCENTRAL)]))], DENY, R.NO_MATCH, {"recipient": NO_UNIT}),
    Case("a lifting with an exception for other record types", [consent(), block(deny(code=record_types("AUDIT")))], PERMIT, R.CONSENT, {"record_types": frozenset({"SIP"})}),
    Case("a block of part of what was asked", [consent(), block(deny(code=record_types("AUDIT")))], PERMIT, R.CONSENT, {"record_types": frozenset({"SIP", "AUDIT"})}, (excepted("codes", "AUDIT"),)),
    Case("a block of part, the rest not permitted", [block(deny(code=record_types("AUDIT")))], DENY, R.BLOCKED, {"record_types": frozenset({"SIP", "AUDIT"})}),
    Case("a deny of part, the rest not permitted", [consent(deny(code=record_types("AUDIT")))], DENY, R.CONSENT_DENIES, {"record_types": frozenset({"SIP", "AUDIT"})}),
    Case("a block and a deny that take all together", [block(deny(code=record_types("AUDIT"))), consent(deny(code=record_types("SIP")))], DENY, R.CONSENT_DENIES, {"record_types": frozenset({"SIP", "AUDIT"})}),
    Case("a block in doubt beside a permit", [consent(), block(deny(actor=[actor(VARDCENTRAL)]))], UNSURE, R.ELEMENT_NOT_EVALUATED, {"recipient": NO_UNIT}),
    Case("the gravest doubt is told", [consent(status="?"), consent(permit(actor=[UNRESOLVABLE]), id="c2"), consent(permit(documentType=[]), id="c3")], UNSURE, R.CONSENT_UNREADABLE),
    Case("nothing that can be asked for", [consent()], DENY, R.NO_MATCH, {"types": frozenset({"Condition"}), "record_types": frozenset({"SIP"})}),
    Case("nothing that can be asked for, denied", [consent(deny())], DENY, R.NO_MATCH, {"types": frozenset({"Condition"}), "record_types": frozenset({"SIP"})}),
    Case("one known purpose beside an unknown one", [consent()], DENY, R.NO_PURPOSE, {"purposes": ("TREAT", "WHATEVER")}),
    Case("different parts for different purposes", [consent(permit(purpose=purposes("TREAT"), code=record_types("SIP"))), consent(permit(purpose=purposes("HQUALIMP"), code=record_types("AUDIT")), id="c2")], DENY, R.NO_MATCH, {"purposes": ("TREAT", "HQUALIMP")}),
    Case("emergency treatment among the purposes", [consent()], DENY, R.NO_MATCH, {"purposes": ("TREAT", "ETREAT")}, alert=True),
    Case("a deny that fits emergency treatment", [consent(deny())], DENY, R.CONSENT_DENIES, {"purposes": ("ETREAT",)}, alert=True),
    Case("doubt about the plans' own Consent alerts beside the permit", [consent(), consent(permit(actor=[UNRESOLVABLE]), category="sip-plan", id="s1")], PERMIT, R.CONSENT, alert=True),
    Case("but not where no plan was asked for", [consent(), consent(permit(actor=[UNRESOLVABLE]), category="sip-plan", id="s1")], PERMIT, R.CONSENT, {"record_types": frozenset({"AUDIT"})}, alert=False),
    Case("nor where nothing is permitted", [consent(deny()), consent(permit(actor=[UNRESOLVABLE]), category="sip-plan", id="s1")], DENY, R.CONSENT_DENIES, alert=False),
    Case("a deny of a purpose that is text alone", [consent(), consent(deny(action=[{"text": "x"}]), id="c2")], UNSURE, R.ELEMENT_NOT_EVALUATED),
    Case("a deny of an action not asked for", [consent(), consent(deny(action=[concept("http://terminology.hl7.org/CodeSystem/consentaction", "use")]), id="c2")], PERMIT, R.CONSENT),
    Case("a label without system in a permit is no match", [consent(permit(securityLabel=[{"code": "N"}]))], DENY, R.NO_MATCH),
    Case("a class of another code system in a permit is no match", [consent(permit(**{"class": [coding("urn:ietf:bcp:13", "Goal")]}))], DENY, R.NO_MATCH),
    Case("a foreign code in a permit may mean anything", [consent(permit(code=[concept("urn:x", "y")]))], PERMIT, R.CONSENT, obligations=(only("codes", "urn:x|y"),)),
]
# fmt: on


@pytest.mark.parametrize("case", CORNERS, ids=lambda case: case.says)
def test_a_corner_of_the_decision(case: Case) -> None:
    decision = decided(*case.consents, **case.asks)
    assert (decision.verdict, decision.reason) == (case.verdict, case.reason)
    if case.verdict is PERMIT:
        assert decision.obligations == case.obligations
    if case.alert is not None:
        assert decision.alert is case.alert


@pytest.mark.parametrize(
    ("number", "day", "age"),
    [
        ("200302022389", "2021-02-01", 17),
        ("200302022389", "2021-02-02", 18),
        ("200302022389", "2021-01-31", 17),
        ("200302022389", "2021-03-01", 18),
        ("", "2021-02-02", None),
        ("x", "2021-02-02", None),
        ("200399992389", "2021-02-02", None),
    ],
)
def test_the_age_on_a_day(number: str, day: str, age: int | None) -> None:
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    assert age_at(request(person=PersonId(PERSONNUMMER, number), at=at)) == age


def test_a_person_whose_number_tells_no_age_is_decided_as_an_adult() -> None:
    somebody = PersonId("urn:x", "1")
    made = consent() | {"patient": {"identifier": somebody.as_fhir()}, "extension": minor_fields("guardian")}
    assert age_at(request(person=somebody)) is None
    assert decided(made, person=somebody).verdict is PERMIT


def test_what_breaks_one_consents_evaluation_does_not_hide_anothers_denial() -> None:
    broken = CompiledConsent(id="c0", version="1", status="active", root="nothing")  # type: ignore[arg-type]
    assert decide(request(), [Registered(broken, True)]).reason is R.CONSENT_UNREADABLE
    decision = decide(request(), [Registered(broken, True), *registered([consent(deny())])])
    assert (decision.verdict, decision.alert, decision.consents) == (DENY, True, (("c1", "1"),))


def test_what_breaks_the_whole_decision_is_in_doubt_and_alerts() -> None:
    def failing() -> Iterator[Registered]:
        raise ZeroDivisionError
        yield

    decision = decide(request(), failing())
    assert (decision.verdict, decision.reason, decision.alert) == (UNSURE, R.CONSENT_UNREADABLE, True)
    assert (decision.consents, decision.at, decision.scope) == ((), NOW, ())


@pytest.mark.parametrize(
    ("consents", "rests_on"),
    [
        ([consent(), consent(id="c2")], ["c1", "c2"]),
        ([consent(id="c2"), consent(id="c1"), consent(deny(code=record_types("AUDIT")), id="c3")], ["c1", "c2", "c3"]),
        ([consent(), consent(deny(actor=[actor(VARDCENTRAL)]), id="c2")], ["c1"]),
        ([consent(deny()), consent(id="c2")], ["c1"]),
        ([consent(deny()), block()], ["b1"]),
        ([block(deny(code=record_types("SIP"))), consent(deny()), consent(id="c2")], ["b1", "c1"]),
        ([consent(deny(code=record_types("SIP")))], ["c1"]),
        ([consent(permit(purpose=purposes("COC"))), consent(permit(purpose=purposes("COC")), id="c2")], ["c1", "c2"]),
        ([consent(status="?"), consent(id="c2")], ["c1"]),
        ([None, consent(id="c2")], []),
        ([without(consent(), "id")], []),
        ([consent(meta={})], ["c1"]),
        ([consent(status="inactive")], []),
    ],
)  # fmt: skip
def test_what_a_decision_rests_on(consents: list[object], rests_on: list[str]) -> None:
    assert [name for name, _ in decided(*consents).consents] == rests_on


def test_a_decision_neither_shows_nor_compares_what_the_filter_applies() -> None:
    decision = decided(consent())
    assert replace(decision, scope=()) == decision
    assert "scope" not in repr(decision)


def test_nothing_of_a_registrar_who_may_not_open_is_permitted_but_it_narrows() -> None:
    def by_stranger(*resources: Json) -> Verdict:
        own = registered([consent()])
        return decide(request(), [*own, *registered(resources, opens_sender=False)]).verdict

    assert by_stranger(consent(id="c2")) is PERMIT
    assert by_stranger(consent(deny(), id="c2")) is DENY
    assert decide(request(), registered([consent()], opens_sender=False)).reason is R.NO_MATCH


APART: list[tuple[list[object], Verdict, Reason, list[str]]] = [
    ([consent()], PERMIT, R.CONSENT, ["c1"]),
    ([consent(agreement=None)], PERMIT, R.CONSENT, ["c1"]),
    ([consent(agreement=None), consent(deny(), id="c2")], PERMIT, R.CONSENT, ["c1"]),
    ([consent(), consent(id="c2", agreement=OTHER_AGREEMENT)], PERMIT, R.CONSENT, ["c1", "c2"]),
    ([consent(id=f"c{number}", agreement=f"urn:{9 - number}") for number in range(9)], PERMIT, R.CONSENT, [f"c{number}" for number in range(9)]),
    ([consent(deny()), consent(id="c2", agreement=OTHER_AGREEMENT)], PERMIT, R.CONSENT, ["c2"]),
    ([consent(deny()), consent(permit(purpose=purposes("COC")), id="c2", agreement=OTHER_AGREEMENT)], DENY, R.CONSENT_DENIES, ["c1"]),
    ([consent(permit(purpose=purposes("COC"))), consent(status="?", id="c2", agreement=OTHER_AGREEMENT)], UNSURE, R.CONSENT_UNREADABLE, ["c2"]),
    ([consent(permit(provision=[deny()]), agreement=None), consent(id="c2")], DENY, R.CONSENT_DENIES, ["c1"]),
    ([block(), consent(agreement=None)], DENY, R.BLOCKED, ["b1"]),
    ([consent(), consent(deny(), id="b1", category="sparr", agreement=OTHER_AGREEMENT)], DENY, R.BLOCKED, ["b1"]),
    ([None, consent()], UNSURE, R.CONSENT_UNREADABLE, []),
    ([], DENY, R.NO_CONSENT, []),
]  # fmt: skip


@pytest.mark.parametrize(("consents", "verdict", "reason", "rests_on"), APART)
def test_a_request_without_agreement_is_decided_apart_for_each(
    consents: list[object], verdict: Verdict, reason: Reason, rests_on: list[str]
) -> None:
    decision = decided(*consents, agreement=None)
    assert (decision.verdict, decision.reason) == (verdict, reason)
    assert [name for name, _ in decision.consents] == rests_on


def test_united_permits_release_what_each_releases_and_nothing_of_a_refusal() -> None:
    plans = decided(consent(permit(code=record_types("SIP"))))
    results = decided(consent(permit(code=record_types("AUDIT")), id="c2"))
    refused = replace(decided(consent(deny(), id="c3")), scope=plans.scope)
    united = unite([refused, plans, results])
    assert (united.verdict, united.consents, united.alert) == (PERMIT, (("c1", "1"), ("c2", "1")), False)
    assert united.scope == plans.scope + results.scope
    assert united.obligations == (only("codes", "AUDIT", "SIP"),)
    assert unite([replace(refused, alert=True), plans]).alert
    assert unite([plans]) is plans
    assert unite([refused]) is refused


def test_of_refusals_the_gravest_is_told() -> None:
    denied, doubtful = decided(consent(deny())), decided(None)
    for several in ([denied, doubtful], [doubtful, denied]):
        decision = unite(several)
        assert (decision.reason, decision.consents, decision.alert) == (
            R.CONSENT_DENIES,
            (("c1", "1"),),
            True,
        )


def test_reasons_by_gravity() -> None:
    order = [
        R.BLOCKED, R.CONSENT_DENIES, R.REGISTRY_UNAVAILABLE, R.CONSENT_UNREADABLE, R.ACTOR_UNRESOLVED,
        R.ELEMENT_NOT_EVALUATED, R.SIP_CONSENT_MISSING, R.NO_MATCH, R.NO_PURPOSE, R.NO_CONSENT,
    ]  # fmt: skip
    for place, reason in enumerate(order):
        assert gravest(reversed(order[place:])) is reason
    with pytest.raises(ValueError, match="empty"):
        gravest([])
