"""Accepting a message: what is stored, what is refused with every fault named, and what a repeat is answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapter.domain.errors import InputError, Issue, Unreachable
from adapter.domain.records import OUR_ID
from adapter.domain.states import State
from adapter.exchange.receipt import Outcome
from adapter.exchange.repeats import ControlIdConflict
from adapter.exchange.sending_unit import NotTheSender
from adapter.store import tables
from tests.exchange.bodies import (
    KOMMUN,
    OTHER,
    REGION,
    TOLVAN,
    Json,
    consent,
    oru_r01,
    person_data,
    plan_consent,
    revocation,
    screening,
    sip,
)
from tests.exchange.house import House, opened
from tests.exchange.parties import alingsas


async def refused(house: House, body: Json) -> tuple[Issue, ...]:
    """The faults for which a message is refused; nothing of it is kept."""
    before = await house.count(tables.message)
    with pytest.raises(InputError) as caught:
        await house.push(body)
    assert (await house.count(tables.message), await house.contents()) == (before, 0)
    return caught.value.issues


@pytest.mark.parametrize("body", [sip, screening, person_data], ids=["sip", "screening", "person"])
async def test_without_consent_the_content_is_neither_stored_nor_mapped(
    house: House, body: Callable[[], Json]
) -> None:
    receipt = await house.push(body())
    assert (receipt.outcome, receipt.state) == (Outcome.ACCEPTED, State.WITHHELD)
    assert (await house.contents(), await house.process(), house.woken) == (0, 0, 0)


async def test_a_withheld_message_says_why_and_each_refusal_is_audited(house: House) -> None:
    receipt = await house.push(sip())
    assert (await house.message(receipt)).reason == "no-consent"
    [filed] = await house.audit("filed")
    assert (filed["outcome"], filed["outcomeDesc"]) == ("0", "sip")
    decisions = await house.audit("authorization")
    assert [(event["outcome"], event["outcomeDesc"]) for event in decisions] == [("8", "no-consent")] * 2


async def test_what_a_consent_reaches_is_sealed_and_a_worker_is_woken(house: House) -> None:
    await house.push(consent())
    receipt = await house.push(screening())
    assert (receipt.outcome, receipt.state) == (Outcome.ACCEPTED, State.ACCEPTED)
    assert (await house.contents(), house.woken) == (1, 1)


async def test_an_active_plan_that_a_waiver_reaches_needs_its_own_consent(house: House) -> None:
    await house.push(consent())
    assert await refused(house, sip()) == (Issue("sip.status", "sip-consent-missing"),)


@pytest.mark.parametrize("status", ["utkast", "aktiv"])
async def test_a_plan_passes_as_a_draft_or_with_its_own_consent(house: House, status: str) -> None:
    await house.push(consent())
    if status == "aktiv":
        await house.push(plan_consent())
    assert (await house.push(sip(status=status))).state is State.ACCEPTED


async def test_a_plan_consent_of_another_pair_is_not_the_plans(house: House) -> None:
    await house.push(consent())
    await house.push(plan_consent(lamnarUt=[REGION], mottagare=[KOMMUN]))
    assert await refused(house, sip()) == (Issue("sip.status", "sip-consent-missing"),)


@pytest.mark.parametrize(
    ("sender", "error"),
    [
        (KOMMUN | {"enhet": REGION["enhet"]}, InputError),
        (REGION, NotTheSender),
        ({"organisation": REGION["organisation"]}, NotTheSender),
    ],
    ids=["unit of another party", "another party", "another party without unit"],
)
@pytest.mark.parametrize("body", [consent, screening])
async def test_a_body_of_another_party_is_refused(
    house: House, body: Callable[..., Json], sender: Json, error: type[Exception]
) -> None:
    await house.push(consent("S-before"))
    messages = await house.count(tables.message)
    with pytest.raises(error):
        await house.push(body(avsandare=sender))
    assert (await house.count(tables.message), await house.contents()) == (messages, 0)


async def test_a_unit_of_another_party_is_named_at_its_place_on_the_wire(house: House) -> None:
    with pytest.raises(InputError) as http:
        await house.push(screening(avsandare=KOMMUN | {"enhet": REGION["enhet"]}))
    assert http.value.issues == (Issue("avsandare.enhet", "unit-unknown"),)
    with pytest.raises(InputError) as hl7:
        await house.send(oru_r01().replace(REGION["enhet"].encode(), KOMMUN["enhet"].encode(), 1))
    assert hl7.value.issues == (Issue("MSH-4", "unit-unknown"),)


async def test_a_body_that_names_no_unit_is_of_the_channels_unit(house: House) -> None:
    await house.push(consent())
    receipt = await house.push(screening(avsandare={"organisation": KOMMUN["organisation"]}))
    assert (await house.message(receipt)).source_unit == "ifo-utforare"


async def test_a_unit_that_the_consent_does_not_name_sends_nothing(house: House) -> None:
    await house.push(consent())
    receipt = await house.push(screening(avsandare=KOMMUN | {"enhet": "SE2120001553-1002"}))
    assert (receipt.state, await house.contents()) == (State.WITHHELD, 0)


@pytest.mark.parametrize("first", [consent, screening, sip])
async def test_the_same_message_again_gets_the_earlier_answer(
    house: House, first: Callable[..., Json]
) -> None:
    await house.push(consent("S-before"))
    await house.push(plan_consent())
    body = first()
    receipt, messages = await house.push(body), await house.count(tables.message)
    before = len(await house.audit_kinds())
    again = await house.push(body)
    assert (again.message_id, again.outcome) == (receipt.message_id, Outcome.REPEATED)
    assert await house.count(tables.message) == messages
    assert (await house.audit_kinds())[before:] == ["repeated"]


async def test_a_repeat_of_a_delivered_message_gets_the_earlier_answer_after_a_revocation(
    house: House,
) -> None:
    given, plan = consent(), sip()
    for body in (given, plan_consent(), plan):
        receipt = await house.push(body)
    await house.work()
    await house.push(revocation())
    again = await house.push(plan)
    assert (again.message_id, again.outcome) == (receipt.message_id, Outcome.REPEATED)
    assert (await house.push(given)).outcome is Outcome.REPEATED


async def test_another_body_under_the_same_id_is_a_conflict(house: House) -> None:
    await house.push(consent())
    await house.push(screening(messageId="m"))
    with pytest.raises(ControlIdConflict):
        await house.push(screening("SCR-2", messageId="m"))
    assert await house.count(tables.message) == 2


async def test_hl7_counters_restart_so_another_body_is_accepted_and_marked(house: House) -> None:
    await house.push(consent())
    first = await house.send(oru_r01("VGR-1", total=6))
    second = await house.send(oru_r01("VGR-1", total=7))
    assert (second.outcome, second.state) == (Outcome.ACCEPTED, State.ACCEPTED)
    assert second.message_id != first.message_id
    assert (await house.message(second)).codes == ("control-id-reused",)
    assert (await house.send(oru_r01("VGR-1", total=6))).message_id == first.message_id


@pytest.mark.parametrize("control_id", [TOLVAN, f"SIP-{TOLVAN}-1"])
async def test_an_id_that_names_a_person_is_shown_as_another_and_still_tells_a_repeat(
    house: House, control_id: str
) -> None:
    await house.push(consent())
    pushed, sent = screening(messageId=control_id), oru_r01(control_id)
    for first, again in [
        (await house.push(pushed), await house.push(pushed)),
        (await house.send(sent), await house.send(sent)),
    ]:
        assert (again.outcome, again.message_id) == (Outcome.REPEATED, first.message_id)
        shown = (await house.message(first)).control_id
        assert OUR_ID.fullmatch(shown)


async def test_a_withheld_message_is_accepted_anew_once_there_is_a_consent(house: House) -> None:
    body = screening()
    withheld = await house.push(body)
    await house.push(consent())
    again = await house.push(body)
    assert (again.outcome, again.state) == (Outcome.ACCEPTED, State.ACCEPTED)
    assert (await house.message(again)).rerun_of == withheld.message_id


async def test_each_of_several_reruns_names_the_first(house: House) -> None:
    body = screening()
    first, *later = [await house.push(body) for _ in range(3)]
    assert [(await house.message(one)).rerun_of for one in later] == [first.message_id] * 2


async def test_a_rerun_has_the_idempotency_key_of_the_first_time(house: House) -> None:
    body = screening()
    await house.push(consent())
    house.region.fail("http-422", transient=False)
    dead = await house.carry(body)
    again = await house.carry(body)
    assert (dead.state, again.state, again.rerun_of) == (State.DEAD, State.DELIVERED, dead.id)
    first, second = house.region.keys
    assert first == second


async def test_a_consent_that_ends_while_a_record_is_accepted_stops_it_later(house: House) -> None:
    await house.push(consent())
    house.database.meanwhile = lambda: house.push(revocation())
    message = await house.carry(screening())
    assert (message.state, await house.contents(), house.region.keys) == (State.WITHHELD, 0, [])


async def test_a_consent_is_filed_on_how_the_person_stands_when_it_is_committed(house: House) -> None:
    house.database.meanwhile = lambda: house.push(revocation("S-1"))
    with pytest.raises(InputError, match="consent-ended"):
        await house.push(consent("S-1"))
    assert (await house.standing()).consents == ()


async def test_nothing_is_accepted_that_cannot_be_audited(house: House) -> None:
    await house.break_audit()
    with pytest.raises(Unreachable):
        await house.push(consent())
    assert (await house.count(tables.message), await house.count(tables.consent)) == (0, 0)


async def test_an_agreement_that_is_not_in_force_carries_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas(lambda tree: tree["valid"].update(to="2026-11-21"))) as house:
        await house.push(consent())
        receipt = await house.push(screening())
        assert (receipt.state, (await house.message(receipt)).reason) == (State.WITHHELD, "no-recipient")


@pytest.mark.parametrize("person", [OTHER])
async def test_a_consent_says_nothing_of_another_person(house: House, person: str) -> None:
    await house.push(consent())
    assert (await house.push(screening(person=person))).state is State.WITHHELD
