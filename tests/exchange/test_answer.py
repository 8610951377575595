"""Answering a query: decided before any source is touched, released, audited, and nothing told to whom nothing may be told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from structlog.testing import capture_logs

from adapter.domain.errors import Unreachable
from adapter.domain.records import RecordType
from adapter.domain.requester import Requester
from adapter.domain.states import State
from adapter.mapping.source import Source
from adapter.store import persons, tables
from adapter.store.exclusion import is_first
from tests.databases import Databases
from tests.exchange.bodies import (
    KOMMUN,
    OTHER,
    REGION,
    TOLVAN,
    Json,
    consent,
    person_data,
    revocation,
    screening,
)
from tests.exchange.held_plans import hold_plans
from tests.exchange.house import House, opened
from tests.exchange.parties import alingsas, kommun, person, region, requester

STRANGER = requester("2321000016", "SE2321000016-E0901", "TREAT")
OTHER_UNIT = region(unit="SE2321000131-E0112")
NOT_PERMITTED = {
    "another region": STRANGER,
    "a unit that the consent does not name": OTHER_UNIT,
    "no unit stated": region(unit=None),
    "a unit of nobody": region(unit="SE2321000131-E0999"),
    "a purpose that the agreement does not list": region("HQUALIMP"),
    "one purpose permitted, one not": region("TREAT", "HQUALIMP"),
    "emergency access": region("BTG"),
    "emergency treatment beside a permitted purpose": region("TREAT", "ETREAT"),
    "the sender itself": kommun(),
    "no purpose stated": requester("2321000131", REGION["enhet"]),
}


async def answered_live(house: House, *records: Json, **terms: Any) -> None:
    """The person has consented, and the kommun's system would answer with these records."""
    await house.push(consent(**terms))
    house.source.records = list(records)


@pytest.mark.parametrize(
    ("resource_type", "count"),
    [("CarePlan", 1), ("Goal", 2), ("CareTeam", 1), ("Task", 1), ("Observation", 0)],
)
async def test_a_plan_is_answered_from_the_hold(house: House, resource_type: str, count: int) -> None:
    await hold_plans(house)
    found = await house.search(resource_type)
    assert [resource["resourceType"] for resource in found.resources] == [resource_type] * count
    assert (found.receipt is not None) == (count > 0)


async def test_a_screening_is_answered_live_and_nothing_stays(house: House) -> None:
    await answered_live(house, screening())
    found = await house.search("Observation")
    assert ([resource["valueInteger"] for resource in found.resources], found.receipt) == ([17], None)
    assert await house.contents() == 0


@pytest.mark.parametrize(
    ("permitted", "asked"),
    [
        (["AUDIT", "DUDIT"], (RecordType.AUDIT, RecordType.DUDIT)),
        (["DUDIT", "SIP"], (RecordType.DUDIT,)),
    ],
)
async def test_the_source_is_asked_for_no_more_than_is_permitted(
    house: House, permitted: list[str], asked: tuple[RecordType, ...]
) -> None:
    await answered_live(house, uppgifter=permitted)
    await house.search("Observation")
    assert house.source.asked == [(person(TOLVAN), asked)]


async def test_what_the_source_answers_beyond_the_permit_is_not_released(house: House) -> None:
    await answered_live(house, screening(), uppgifter=["DUDIT"])
    assert (await house.search("Observation")).resources == ()


@pytest.mark.parametrize(
    "sender",
    [KOMMUN | {"enhet": "SE2120001553-1002"}, {"organisation": KOMMUN["organisation"]}, REGION],
    ids=["another unit", "no unit", "another party"],
)
async def test_a_record_of_a_unit_without_permit_is_dropped(house: House, sender: Json) -> None:
    await answered_live(house, screening("SCR-1", avsandare=sender), screening("SCR-2"))
    assert len((await house.search("Observation")).resources) == 1


async def test_a_record_of_another_person_is_never_released(house: House) -> None:
    await answered_live(house, screening(person=OTHER))
    assert (await house.search("Observation")).resources == ()


async def test_a_plan_is_never_asked_of_a_live_source_that_the_agreement_does_not_name(house: House) -> None:
    await hold_plans(house)
    await house.search("CarePlan")
    assert house.source.asked == []


@pytest.mark.parametrize("who", NOT_PERMITTED.values(), ids=NOT_PERMITTED)
@pytest.mark.parametrize("resource_type", ["CarePlan", "Observation", "Patient"])
async def test_whoever_has_no_permit_gets_nothing_and_no_source_is_touched(
    house: House, who: Requester, resource_type: str
) -> None:
    await hold_plans(house)
    house.source.records = [screening()]
    found = await house.search(resource_type, requester=who)
    assert (found.resources, found.receipt, house.source.asked) == ((), None, [])


async def test_without_consent_no_source_is_touched(house: House) -> None:
    house.source.records = [screening()]
    assert (await house.search("Observation")).resources == ()
    assert house.source.asked == []


@pytest.mark.parametrize(
    ("who", "asked"),
    [(region("TREAT"), 1), (region("HQUALIMP"), 0), (region("TREAT", "HQUALIMP"), 0), (OTHER_UNIT, 0)],
    ids=["as agreed", "another purpose", "another purpose too", "another unit"],
)
async def test_no_consent_opens_what_the_agreement_does_not(
    tmp_path: Path, who: Requester, asked: int
) -> None:
    """The person consents to every unit and to a purpose that the agreement does not list."""
    agreement = alingsas(lambda tree: tree["flows"][1].update(units=["oppenpsykiatri"]))
    async with opened(tmp_path, agreement) as house:
        whole_region = [{"organisation": REGION["organisation"]}]
        await answered_live(house, screening(), mottagare=whole_region, andamal=["TREAT", "HQUALIMP"])
        found = await house.search("Observation", requester=who)
        assert (len(found.resources), len(house.source.asked)) == (asked, asked)


@pytest.mark.parametrize("purpose", ["BTG", "ETREAT"])
async def test_emergency_access_is_refused_as_any_other_audited_and_alerted(
    house: House, purpose: str
) -> None:
    await hold_plans(house)
    with capture_logs() as logs:
        assert (await house.search("CarePlan", requester=region(purpose))).resources == ()
    assert "emergency-access-refused" in [line.get("code") for line in logs]
    [event] = await house.audit("access")
    purposes = [
        coding["code"]
        for agent in event["agent"]
        for use in agent.get("purposeOfUse", ())
        for coding in use["coding"]
    ]
    assert (event["outcome"], purposes) == ("4", [purpose])


async def test_a_source_that_does_not_answer_shows_only_to_whom_has_a_permit(house: House) -> None:
    await answered_live(house)
    house.source.failure = Unreachable("source-timeout")
    with pytest.raises(Unreachable, match="source-timeout"):
        await house.search("Observation")
    assert (await house.search("Observation", requester=STRANGER)).resources == ()
    assert (await house.search("Observation", OTHER)).resources == ()


async def test_a_live_answer_that_cannot_be_mapped_is_no_answer(house: House) -> None:
    await answered_live(house, screening())
    house.source.spoil = lambda arrival: replace(arrival, record=Source("push", {}))
    with pytest.raises(Unreachable, match="source-answer-not-mapped"):
        await house.search("Observation")


@pytest.mark.parametrize("resource_type", ["CarePlan", "Observation"])
async def test_a_consent_that_ends_while_an_answer_is_made_empties_it(
    house: House, resource_type: str
) -> None:
    await hold_plans(house)
    house.source.records = [screening()]
    house.database.meanwhile = lambda: house.push(revocation())
    assert (await house.search(resource_type)).resources == ()


async def test_what_was_revoked_or_has_expired_is_not_answered(house: House) -> None:
    await hold_plans(house)
    house.clock.move(hours=72)
    assert (await house.search("CarePlan")).resources == ()


async def test_an_answer_is_audited_with_each_decision_and_whoever_asked(house: House) -> None:
    await answered_live(house, screening())
    before = len(await house.audit())
    await house.search("Observation")
    events = (await house.audit())[before:]
    assert [(event["type"]["code"], event["outcome"]) for event in events][-1] == ("rest", "0")
    assert "0" in [event["outcome"] for event in events if event["type"]["code"] == "110113"]
    agents = [agent["who"].get("identifier", {}).get("value") for agent in events[-1]["agent"]]
    policies = [policy for agent in events[-1]["agent"] for policy in agent.get("policy", ())]
    assert (REGION["enhet"] in agents, policies) == (True, ["urn:ietf:params:oauth:jti:jti-1"])


async def test_a_refusal_and_an_unknown_person_leave_the_same_audit(house: House) -> None:
    """Same shape, outcome and reason: the person key alone tells them apart."""
    await answered_live(house, screening())
    for number in (OTHER, "189002029800"):
        await house.search("Observation", number)
    access = await house.audit("access")
    keys = [house.keyring.person_key(person(number)) for number in (OTHER, "189002029800")]
    refused, unknown = (str(event).replace(key, "#") for event, key in zip(access, keys, strict=True))
    assert refused == unknown


async def test_the_audit_holds_no_personal_number(house: House) -> None:
    await hold_plans(house)
    house.source.records = [screening()]
    for resource_type in ("CarePlan", "Observation", "Patient", "Consent"):
        await house.search(resource_type)
    assert TOLVAN not in str(await house.audit())


async def test_no_audit_no_answer(house: House) -> None:
    await hold_plans(house)
    await house.break_audit()
    for resource_type in ("CarePlan", "Patient", "Consent", "Observation"):
        with pytest.raises(Unreachable):
            await house.search(resource_type)


async def test_a_patient_is_a_number_and_nothing_else(house: House) -> None:
    await house.push(person_data())
    await house.push(consent())
    [patient] = (await house.search("Patient")).resources
    assert patient.keys() == {"resourceType", "id", "identifier"}
    assert patient["identifier"] == [person(TOLVAN).as_fhir()]


async def test_the_hold_is_wiped_once_every_part_of_it_is_confirmed(house: House) -> None:
    receipt = await hold_plans(house)
    answers = [(await house.search(name)).receipt for name in ("CarePlan", "Goal", "CareTeam", "Task")]
    for answer in answers:
        assert (await house.delivery(receipt, "hold")).state is State.QUEUED
        assert await house.confirm_receipt(region(), answer or "", "request-2")
    assert (await house.delivery(receipt, "hold")).state is State.DELIVERED
    assert await house.contents() == 0
    assert (await house.search("CarePlan")).resources == ()


async def test_a_get_alone_wipes_nothing(house: House) -> None:
    await hold_plans(house)
    first = await house.search("CarePlan")
    assert (await house.search("CarePlan")).resources == first.resources


async def test_only_whom_an_answer_was_given_to_confirms_it(house: House) -> None:
    receipt = await hold_plans(house)
    given = (await house.search("CarePlan")).receipt or ""
    for who, answer in ((STRANGER, given), (kommun(), given), (region(), "another-answer")):
        assert not await house.confirm_receipt(who, answer, "request-2")
    assert (await house.delivery(receipt, "hold")).state is State.QUEUED
    assert await house.confirm_receipt(region(), given, "request-2")
    assert await house.confirm_receipt(region(), given, "request-3")


async def test_a_receipt_waits_for_the_person_before_it_has_the_chain(
    tmp_path: Path, postgres: Databases
) -> None:
    """Whoever holds the person may go on to the audit: in another order each would wait for the other (exclusion.py)."""
    with postgres.one() as place:
        async with opened(tmp_path, place=place) as house:
            await hold_plans(house)
            given = (await house.search("CarePlan")).receipt or ""
            key = house.keyring.person_key(person(TOLVAN))
            held, may_end = asyncio.Event(), asyncio.Event()

            def busy(connection: Connection) -> None:
                persons.alone_with(connection, [key])
                held.set()
                while not may_end.is_set():
                    connection.execute(text("select pg_sleep(0.02)"))

            working = asyncio.create_task(house.database.write(busy))
            await held.wait()
            confirming = asyncio.create_task(house.confirm_receipt(region(), given, "request-2"))
            await asyncio.sleep(0.15)
            assert await house.database.write(partial(is_first, name="audit|test"))
            may_end.set()
            await working
            assert await confirming


async def test_a_hold_that_was_fetched_counts_as_delivered_at_its_end(house: House) -> None:
    fetched = await hold_plans(house)
    await house.search("CarePlan")
    house.clock.move(hours=73)
    await house.upkeep.sweep()
    delivery = await house.delivery(fetched, "hold")
    assert (delivery.state, delivery.codes) == (State.DELIVERED, ("hold-expired",))


async def test_a_hold_that_nobody_fetched_is_purged_at_its_end(house: House) -> None:
    missed = await hold_plans(house)
    await house.search("CarePlan", requester=OTHER_UNIT)
    house.clock.move(hours=73)
    await house.upkeep.sweep()
    delivery = await house.delivery(missed, "hold")
    assert (delivery.state, delivery.codes) == (State.PURGED, ("hold-expired",))
    assert await house.contents() == 0


async def test_only_ids_that_were_given_out_lead_to_a_person(house: House) -> None:
    await hold_plans(house)
    [plan] = (await house.search("CarePlan")).resources
    goal = plan["goal"][0]["reference"].removeprefix("Goal/")
    assert await house.answer.person_of("CarePlan", plan["id"]) == person(TOLVAN)
    assert await house.answer.person_of("Goal", goal) is None
    assert await house.answer.person_of("Observation", plan["id"]) is None
    house.clock.move(days=30)
    assert await house.answer.person_of("CarePlan", plan["id"]) is None


async def test_what_is_refused_gives_no_id_out(house: House) -> None:
    await hold_plans(house)
    await house.search("CarePlan", requester=STRANGER)
    assert await house.count(tables.reference) == 0


async def test_a_protected_identity_keeps_a_held_plan_back_and_alerts(house: House) -> None:
    await hold_plans(house)
    await house.flag()
    with capture_logs() as logs:
        found = await house.search("CarePlan")
    assert (found.resources, found.receipt) == ((), None)
    assert [line.get("party") for line in logs if line.get("code") == "protected-identity"] == ["kommun"]


@pytest.mark.parametrize(
    ("who", "reads"),
    [(kommun(), True), (region(), True), (STRANGER, False), (region(unit=None), True)],
    ids=["the registrar", "a party that it names", "a stranger", "a party that states no unit"],
)
async def test_a_consent_is_read_by_its_registrar_and_whom_it_names(
    house: House, who: Requester, reads: bool
) -> None:
    await house.push(consent())
    found = await house.search("Consent", requester=who)
    assert len(found.resources) == int(reads)


async def test_a_party_that_a_consent_does_not_name_does_not_see_it(house: House) -> None:
    await house.push(consent(lamnarUt=[KOMMUN], mottagare=[{"enhet": "SE2120001553-1002"}]))
    assert (await house.search("Consent")).resources == ()
    assert len((await house.search("Consent", requester=kommun())).resources) == 1


async def test_a_consent_that_ended_is_shown_as_ended(house: House) -> None:
    await house.push(consent())
    await house.push(revocation())
    [shown] = (await house.search("Consent")).resources
    assert shown["status"] == "inactive"


async def test_every_answer_about_consents_is_audited(house: House) -> None:
    await house.push(consent())
    for who in (region(), STRANGER):
        await house.search("Consent", requester=who)
    assert [event["outcome"] for event in await house.audit("access")] == ["0", "4"]
