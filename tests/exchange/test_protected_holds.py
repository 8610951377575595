"""Nothing is held of somebody protected that the release rules would give nothing of: made no hold of, or ended by the flag."""

from __future__ import annotations

from collections.abc import AsyncIterator, MutableMapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapter.domain.agreement import Agreement
from adapter.domain.records import Mode
from adapter.domain.states import State
from adapter.exchange.receipt import Receipt
from adapter.store.log import timeline
from tests.exchange.bodies import (
    OTHER,
    SAMORDNING,
    TOLVAN,
    Json,
    adt_a31,
    adt_a40,
    consent,
    person_data,
    plan_consent,
    revocation,
    screening,
    sent_by_region,
    sip,
)
from tests.exchange.held_plans import hold_plans, push_plans
from tests.exchange.house import House, opened
from tests.exchange.parties import REGION_PUSH, alingsas, with_region_push


def holds_alone(protected: str = "withhold") -> Agreement:
    """The packaged agreement, where the kommun's records are held for the region and forwarded to nobody."""

    def edit(tree: Json) -> None:
        for flow in tree["flows"]:
            if flow["from"] == "kommun":
                flow["modes"].remove("forward")
                flow.pop("deliver", None)
                flow["protected"] = protected

    return alingsas(edit)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path, holds_alone()) as house:
        yield house


def alerts(lines: Sequence[MutableMapping[str, Any]]) -> list[Json]:
    """What the alerts among some lines of the log are about."""
    return [
        {name: line.get(name) for name in ("code", "party")} for line in lines if line["event"] == "alert"
    ]


async def hold_state(house: House, receipt: Receipt) -> tuple[State, tuple[str, ...]]:
    """The state and codes of a message's one hold."""
    held = await house.delivery(receipt, "hold")
    return held.state, held.codes


FLAGGED_MERGE = adt_a40().replace(b"MRG|", b"PD1||||||||||||Y\rMRG|")
SENDERS_ALERT = {"code": "protected-identity", "party": "kommun"}


async def test_a_plan_of_somebody_protected_is_not_held_and_its_sender_reads_withheld(house: House) -> None:
    await house.send(adt_a31(flag="Y"))
    receipt = await push_plans(house)
    with capture_logs() as lines:
        await house.work()
    message = await house.message(receipt)
    assert (message.mapping, message.trace) == (None, None)
    steps = [step.stage for step in await house.database.read(partial(timeline, shown=message))]
    assert steps == ["received", "parsed", "decided", "withheld"]
    assert (message.state, message.reason, message.codes, message.deliveries) == (
        State.WITHHELD,
        "protected-identity",
        (),
        (),
    )
    assert await house.contents() == 0
    assert SENDERS_ALERT in alerts(lines)
    [event] = (await house.audit("authorization"))[-1:]
    assert (event["outcome"], event["outcomeDesc"]) == ("8", "protected-identity")


async def test_beside_a_forward_no_hold_is_left_when_its_attempt_is_withheld(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await house.send(adt_a31(flag="Y"))
        receipt = await push_plans(house)
        await house.work()
        message = await house.message(receipt)
        assert message.state is State.WITHHELD
        assert [one.mode for one in message.deliveries] == [Mode.FORWARD]
        assert await house.contents() == 0


async def test_a_flow_that_releases_records_of_somebody_protected_holds_them_before_and_after_the_flag(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, holds_alone("release")) as house:
        await hold_plans(house, "P-1")
        await house.send(adt_a31(flag="Y"))
        await house.push(sip("P-2"))
        await house.work()
        assert len((await house.search("CarePlan")).resources) == 2


async def test_a_plan_that_hinges_on_its_own_consent_alone_is_held_of_somebody_protected_too(
    tmp_path: Path,
) -> None:
    """That consent may come before the hold ends."""
    async with opened(tmp_path, holds_alone("release")) as house:
        await house.send(adt_a31(flag="Y"))
        receipt = await push_plans(house)
        await house.push(revocation("S-plan"))
        await house.work()
        assert await hold_state(house, receipt) == (State.QUEUED, ())


@pytest.mark.parametrize(
    "teller", ["the region's journal", "the kommun's system", "a record of another kind"]
)
async def test_a_flag_ends_what_is_held(house: House, teller: str) -> None:
    receipt = await hold_plans(house)
    with capture_logs() as lines:
        match teller:
            case "the region's journal":
                await house.send(adt_a31(flag="Y"))
            case "the kommun's system":
                await house.push(person_data("person.protected"))
            case _:
                flagged = screening()
                flagged["person"]["skydd"] = ["sekretessmarkering"]
                await house.push(flagged)
    assert await hold_state(house, receipt) == (State.CANCELLED, ("protected-identity",))
    assert SENDERS_ALERT in alerts(lines)
    ended = [event["outcomeDesc"] for event in await house.audit("authorization") if event["outcome"] == "8"]
    assert "protected-identity" in ended
    assert (await house.search("CarePlan")).resources == ()


async def test_what_was_sealed_is_wiped_with_its_hold(house: House) -> None:
    await hold_plans(house, "P-1", "P-2")
    await house.send(adt_a31(flag="Y"))
    await house.work()
    assert await house.contents() == 0


async def test_a_flag_of_somebody_else_or_none_at_all_ends_no_hold(house: House) -> None:
    receipt = await hold_plans(house)
    await house.send(adt_a31("VGR-1", person=OTHER, flag="Y"))
    await house.send(adt_a31("VGR-2", flag="N"))
    assert await hold_state(house, receipt) == (State.QUEUED, ())
    assert len((await house.search("CarePlan")).resources) == 1


async def test_a_flag_under_the_number_that_was_merged_away_ends_what_is_held_under_the_other(
    house: House,
) -> None:
    await house.send(adt_a40())
    receipt = await hold_plans(house)
    await house.send(adt_a31("VGR-1", person=SAMORDNING, flag="Y"))
    assert await hold_state(house, receipt) == (State.CANCELLED, ("protected-identity",))


async def held_by_samordningsnummer(house: House) -> Receipt:
    """A plan is held under the samordningsnummer, by Consents that may move with it."""
    for body in (consent(person=SAMORDNING), plan_consent(person=SAMORDNING)):
        await house.push(sent_by_region(body), REGION_PUSH)
    receipt = await house.push(sip(person=SAMORDNING))
    await house.work()
    return receipt


async def test_a_flag_under_the_number_that_stays_ends_what_was_held_under_the_other(tmp_path: Path) -> None:
    async with opened(tmp_path, with_region_push()) as house:
        receipt = await held_by_samordningsnummer(house)
        await house.send(adt_a40())
        await house.send(adt_a31("VGR-1", flag="Y"))
        assert await hold_state(house, receipt) == (State.CANCELLED, ("protected-identity",))


@pytest.mark.parametrize(
    ("flagged", "held"), [(TOLVAN, SAMORDNING), (SAMORDNING, TOLVAN)], ids=["that stays", "that ceases"]
)
async def test_a_merge_with_a_number_that_has_a_flag_ends_what_the_other_holds(
    tmp_path: Path, flagged: str, held: str
) -> None:
    async with opened(tmp_path, with_region_push()) as house:
        receipt = await (held_by_samordningsnummer(house) if held == SAMORDNING else hold_plans(house))
        await house.send(adt_a31("VGR-1", person=flagged, flag="Y"))
        assert await hold_state(house, receipt) == (State.QUEUED, ())
        await house.send(adt_a40())
        assert await hold_state(house, receipt) == (State.CANCELLED, ("protected-identity",))


async def test_a_flag_that_comes_while_a_plan_is_processed_keeps_it_from_being_held(house: House) -> None:
    receipt = await push_plans(house)
    house.database.meanwhile = lambda: house.send(adt_a31(flag="Y"))
    await house.process()
    assert (await house.message(receipt)).state is State.WITHHELD


async def test_a_plan_that_is_held_while_a_flag_is_accepted_ends_with_it(house: House) -> None:
    receipt = await push_plans(house)
    house.database.after_readings(2, house.process)
    await house.send(adt_a31(flag="Y"))
    assert await hold_state(house, receipt) == (State.CANCELLED, ("protected-identity",))


async def test_a_merge_that_brings_a_flag_keeps_the_flags_of_both_numbers(house: House) -> None:
    flagged = person_data(person=SAMORDNING)
    flagged["person"]["skydd"] = ["skyddadFolkbokforing"]
    await house.push(flagged)
    await house.send(FLAGGED_MERGE)
    assert (await house.standing()).protection == {"skyddadFolkbokforing", "sekretessmarkering"}


@pytest.mark.parametrize("held", [SAMORDNING, TOLVAN], ids=["that ceases", "that stays"])
async def test_a_merge_that_brings_a_flag_ends_what_either_number_holds(tmp_path: Path, held: str) -> None:
    async with opened(tmp_path, with_region_push()) as house:
        receipt = await (held_by_samordningsnummer(house) if held == SAMORDNING else hold_plans(house))
        await house.send(FLAGGED_MERGE)
        assert await hold_state(house, receipt) == (State.CANCELLED, ("protected-identity",))
        assert await house.contents() == 0


async def test_a_consent_that_brings_a_flag_saves_what_it_permits_where_flags_keep_nothing_back(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, holds_alone("release")) as house:
        today = {"start": "2026-01-01", "slut": house.clock.now.date().isoformat()}
        for body in (consent(period=today), plan_consent()):
            await house.push(body)
        receipt = await house.push(sip())
        await house.work()
        house.clock.move(hours=24)
        again = consent("S-2")
        again["person"]["skydd"] = ["sekretessmarkering"]
        await house.push(again)
        assert (await house.standing()).protection == {"sekretessmarkering"}
        assert await hold_state(house, receipt) == (State.QUEUED, ())


async def test_a_merge_while_a_flag_is_accepted_does_not_save_what_the_other_number_has(house: House) -> None:
    receipt = await hold_plans(house)
    house.database.meanwhile = lambda: house.send(adt_a40())
    await house.send(adt_a31("VGR-1", person=SAMORDNING, flag="Y"))
    assert await hold_state(house, receipt) == (State.CANCELLED, ("protected-identity",))
