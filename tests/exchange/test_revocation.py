"""Revocations end to end: in force at once, answered when what had left has ended, and final whenever they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import PersonId
from adapter.domain.records import RecordType
from adapter.domain.states import State
from adapter.exchange.audit_forms import request_id_of
from adapter.exchange.ports import Arrival
from adapter.exchange.receipt import Outcome, Receipt
from adapter.exchange.stopping import Stopped
from adapter.store import tables
from adapter.store.database import StaleClaim
from tests.exchange.bodies import (
    OTHER,
    SAMORDNING,
    Json,
    adt_a40,
    consent,
    enrolment,
    person_data,
    plan_consent,
    revocation,
    screening,
    sent_by_region,
    sip,
)
from tests.exchange.fakes import FakeSource, Outside, SlowSystem
from tests.exchange.held_plans import push_plans
from tests.exchange.house import House, opened
from tests.exchange.parties import PUSH, REGION_PUSH, with_region_push

ENDED = (Issue("consent.samtyckeId", "consent-ended"),)


class Departure:
    """A house with a screening of one person under way to the region, another one queued behind it."""

    def __init__(self, house: House, region: SlowSystem) -> None:
        self.house, self.region = house, region

    async def begin(self) -> None:
        """The person consents, and the first attempt is under way."""
        await self.house.push(consent())
        self.left = await self.house.push(screening("SCR-1"))
        self.waits = await self.house.push(screening("SCR-2"))
        for _ in range(2):
            await self.house.process()
        self.delivering = asyncio.create_task(self.house.deliver())
        await self.region.came.wait()

    async def ended_by(self, body: Json, channel: str = PUSH) -> asyncio.Task[Receipt]:
        """What ends the basis of both is pushed and in force; its answer, which waits."""
        answering = asyncio.create_task(self.house.push(body, channel))
        async with asyncio.timeout(10):
            while await self.states() != (State.SENDING, State.CANCELLED):
                await asyncio.sleep(0.01)
        assert not answering.done()
        return answering

    async def end(self) -> None:
        """The recipient answers."""
        self.region.answers.set()
        await self.delivering
        self.house.attempts.ended()

    async def states(self) -> tuple[State, State]:
        """Of the delivery that had left, and of the one that had not."""
        left, waits = [await self.house.delivery(one) for one in (self.left, self.waits)]
        return left.state, waits.state


@pytest.fixture
async def departure(tmp_path: Path) -> AsyncIterator[Departure]:
    region = SlowSystem()
    async with opened(tmp_path, with_region_push(), outside=Outside(region=region)) as house:
        begun = Departure(house, region)
        await begun.begin()
        yield begun
        await begun.end()


async def test_it_is_in_force_before_it_is_answered_and_answered_when_what_had_left_has_ended(
    departure: Departure,
) -> None:
    house = departure.house
    answering = await departure.ended_by(revocation())
    assert (await house.push(screening("SCR-3"))).state is State.WITHHELD
    await asyncio.sleep(0.2)
    assert not answering.done()
    await departure.end()
    assert (await answering).stopped == Stopped(cancelled=1, in_flight=1)
    assert await departure.states() == (State.DELIVERED, State.CANCELLED)
    assert len(departure.region.keys) == 1


async def test_an_end_that_this_process_does_not_see_is_found_in_the_database(departure: Departure) -> None:
    answering = await departure.ended_by(revocation())
    departure.region.answers.set()
    await departure.delivering
    assert (await answering).stopped == Stopped(cancelled=1, in_flight=1)


async def test_when_patience_runs_out_it_says_how_many_are_still_under_way(departure: Departure) -> None:
    departure.house.attempts.patience = timedelta(seconds=0.2)
    receipt = await departure.house.push(revocation())
    assert receipt.stopped == Stopped(cancelled=1, in_flight=1, unfinished=1)


async def test_nobody_else_waits_meanwhile(departure: Departure) -> None:
    house = departure.house
    await house.push(consent("S-other", person=OTHER))
    answering = await departure.ended_by(revocation())
    async with asyncio.timeout(10):
        assert (await house.push(screening(person=OTHER))).state is State.ACCEPTED
        assert (await house.push(revocation("S-other", person=OTHER))).stopped == Stopped()
        assert await house.process() == 1
    assert not answering.done()
    await departure.end()
    await answering


@pytest.mark.parametrize("transient", [True, False], ids=["in passing", "for good"])
async def test_an_attempt_that_fails_after_it_is_not_made_again(
    departure: Departure, transient: bool
) -> None:
    house = departure.house
    departure.region.fail("http-503", transient=transient)
    answering = await departure.ended_by(revocation())
    with capture_logs() as logs:
        await departure.end()
    assert "dead-letter" not in [line.get("code") for line in logs]
    await answering
    left = await house.delivery(departure.left)
    assert (left.state, left.codes) == (State.CANCELLED, ("basis-ended", "no-consent", "http-503"))
    assert (len(departure.region.keys), await house.contents()) == (1, 0)


async def crashed(folder: Path, outside: Outside, region: SlowSystem) -> Receipt:
    """What was under way when a process ended, after a revocation that waited for it."""
    async with opened(folder, outside=outside) as house:
        begun = Departure(house, region)
        await begun.begin()
        waiting = await begun.ended_by(revocation())
        for task in (waiting, begun.delivering):
            task.cancel()
        return begun.left


async def test_an_attempt_cut_off_by_a_crash_after_it_is_not_made_again(tmp_path: Path) -> None:
    region = SlowSystem()
    outside = Outside(region=region)
    left = await crashed(tmp_path, outside, region)
    async with opened(tmp_path, outside=outside) as house:
        assert [kept.row.status for kept in (await house.standing()).consents] == ["inactive"]
        await house.work()
        assert (await house.delivery(left)).state is State.WITHHELD
        assert (region.taken, await house.contents()) == ([], 0)


async def test_a_new_consent_lets_an_attempt_be_made_again_that_a_crash_cut_off(tmp_path: Path) -> None:
    region = SlowSystem()
    outside = Outside(region=region)
    left = await crashed(tmp_path, outside, region)
    region.answers.set()
    region.fail("http-503")
    async with opened(tmp_path, outside=outside) as house:
        await house.push(consent("S-2"))
        await house.deliver()
        assert (await house.delivery(left)).state is State.RETRYING


async def test_who_does_not_wait_for_the_answer_loses_nothing_and_gets_it_for_a_repeat(
    departure: Departure,
) -> None:
    house, body = departure.house, revocation()
    gone = await departure.ended_by(body)
    gone.cancel()
    again = asyncio.create_task(house.push(body))
    await asyncio.sleep(0.2)
    assert not again.done()
    await departure.end()
    receipt = await again
    assert (receipt.outcome, receipt.stopped) == (Outcome.REPEATED, Stopped(cancelled=1, in_flight=1))


async def test_a_second_one_waits_for_the_same_attempts(departure: Departure) -> None:
    first = await departure.ended_by(revocation())
    messages = await departure.house.count(tables.message)
    second = asyncio.create_task(departure.house.push(revocation()))
    while await departure.house.count(tables.message) == messages:
        await asyncio.sleep(0.01)
    await departure.end()
    assert [(await one).stopped for one in (first, second)] == [Stopped(1, 1), Stopped(0, 1)]


@pytest.mark.parametrize(
    "body",
    [
        consent("SP-1", kategori="sparr", mottagare=None, andamal=None, period=None),
        consent(atgard="andrat", uppgifter=["SIP"]),
        enrolment("avslut"),
    ],
    ids=["a block", "a change that narrows", "a closed enrolment"],
)
async def test_whatever_ends_a_basis_is_answered_so(departure: Departure, body: Json) -> None:
    answering = await departure.ended_by(body)
    await departure.end()
    assert (await answering).stopped == Stopped(cancelled=1, in_flight=1)


@pytest.mark.parametrize("body", [consent("S-2"), enrolment("inskrivning"), screening("SCR-9")])
async def test_what_ends_nothing_waits_for_nothing(departure: Departure, body: Json) -> None:
    assert (await departure.house.push(body)).stopped is None


async def test_an_attempt_that_another_consent_still_covers_is_not_waited_for(departure: Departure) -> None:
    await departure.house.push(consent("S-2"))
    assert (await departure.house.push(revocation())).stopped == Stopped()
    await departure.end()
    await departure.house.work()
    assert await departure.states() == (State.DELIVERED, State.DELIVERED)


async def test_a_recipient_is_told_of_what_had_left_to_it_alone(departure: Departure) -> None:
    """That something of the sender's waited is not the recipient's to know."""
    answering = await departure.ended_by(sent_by_region(revocation()), REGION_PUSH)
    await departure.end()
    assert (await answering).stopped == Stopped(cancelled=0, in_flight=1)
    assert await departure.states() == (State.DELIVERED, State.CANCELLED)


async def test_each_cancelled_delivery_leaves_a_row_that_says_why(house: House) -> None:
    await house.push(consent())
    messages = [(await house.push(screening(f"SCR-{number}"))).message_id for number in range(3)]
    while await house.process():
        pass
    before = len(await house.audit())
    await house.push(revocation())
    rows = (await house.audit())[before:]
    told = [row for row in rows if row["type"]["code"] == "110113"]
    assert [(row["outcome"], row["outcomeDesc"]) for row in told] == [("8", "no-consent")] * 3
    assert sorted(map(request_id_of, told)) == sorted(messages)


async def plans(house: House, *consents: Json) -> tuple[Receipt, Receipt, Receipt]:
    """An active plan, a draft and a screening that wait, under the waiver and these consents."""
    for given in (consent(), *consents):
        await house.push(given)
    bodies = (sip("SIP-1"), sip("SIP-2", status="utkast"), screening())
    waiting = tuple([await house.push(body) for body in bodies])
    while await house.process():
        pass
    plan, draft, score = waiting
    return plan, draft, score


async def ends(house: House, receipt: Receipt) -> set[tuple[State, tuple[str, ...]]]:
    """State and codes of a message's deliveries."""
    return {(one.state, one.codes) for one in (await house.message(receipt)).deliveries}


async def test_with_the_consent_to_plans_go_those_that_stood_on_it(house: House) -> None:
    plan, draft, score = await plans(house, plan_consent())
    before = len(await house.audit())
    assert (await house.push(revocation("S-plan"))).stopped == Stopped(cancelled=2)
    assert await ends(house, plan) == {(State.CANCELLED, ("sip-consent-missing",))}
    assert await ends(house, draft) == await ends(house, score) == {(State.QUEUED, ())}
    refusals = [row["outcomeDesc"] for row in (await house.audit())[before:] if row["outcome"] == "8"]
    assert refusals == ["sip-consent-missing"] * 2
    assert await house.contents() == 2


async def test_a_plan_with_another_consent_of_its_own_goes_on(house: House) -> None:
    plan, _, _ = await plans(house, plan_consent(), plan_consent("S-plan-2"))
    assert (await house.push(revocation("S-plan"))).stopped == Stopped()
    await house.work()
    assert (await house.delivery(plan)).state is State.DELIVERED


@pytest.mark.parametrize("readings", [1, 2, 3])
async def test_a_plan_that_is_queued_while_its_consent_is_revoked_goes_too(
    house: House, readings: int
) -> None:
    for given in (consent(), plan_consent()):
        await house.push(given)
    plan = await house.push(sip())
    house.database.after_readings(readings, house.process)
    await house.push(revocation("S-plan"))
    assert await ends(house, plan) == {(State.CANCELLED, ("sip-consent-missing",))}
    assert await house.contents() == 0


# Whenever it comes, and by whichever party's channel.


async def revoke(house: House, channel: str, consent_id: str = "S-1", **fields: str) -> Receipt:
    body = revocation(consent_id, **fields)
    return await house.push(sent_by_region(body) if channel == REGION_PUSH else body, channel)


async def refused(house: House, body: Json) -> tuple[Issue, ...]:
    with pytest.raises(InputError) as caught:
        await house.push(body)
    return caught.value.issues


@pytest.fixture
async def two_channels(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path, with_region_push()) as house:
        yield house


both_channels = pytest.mark.parametrize("channel", [PUSH, REGION_PUSH])


@both_channels
@pytest.mark.parametrize("times", [1, 2])
async def test_first_the_consent_never_comes_into_force(
    two_channels: House, channel: str, times: int
) -> None:
    for _ in range(times):
        receipt = await revoke(two_channels, channel)
        assert (receipt.outcome, receipt.stopped) == (Outcome.IN_FORCE, Stopped())
        assert (await two_channels.message(receipt)).codes == ("consent-not-seen-yet",)
    assert await refused(two_channels, consent()) == ENDED
    assert (await two_channels.push(screening())).state is State.WITHHELD
    assert (await two_channels.standing()).consents == ()


@both_channels
async def test_twice_it_is_answered_alike(two_channels: House, channel: str) -> None:
    await two_channels.push(consent())
    answers = [await revoke(two_channels, channel) for _ in range(2)]
    assert {(one.outcome, one.state, one.stopped) for one in answers} == {
        (Outcome.IN_FORCE, State.TRANSLATED, Stopped())
    }
    assert [(kept.row.status, kept.row.version) for kept in (await two_channels.standing()).consents] == [
        ("inactive", 2)
    ]


@both_channels
async def test_by_one_party_and_then_by_the_other(two_channels: House, channel: str) -> None:
    await two_channels.push(consent())
    await revoke(two_channels, channel)
    await revoke(two_channels, PUSH if channel == REGION_PUSH else REGION_PUSH)
    assert [kept.row.version for kept in (await two_channels.standing()).consents] == [2]
    assert await refused(two_channels, consent()) == ENDED


@both_channels
async def test_after_its_period_it_is_final_all_the_same(two_channels: House, channel: str) -> None:
    await two_channels.push(consent(period={"start": "2026-11-16", "slut": "2026-11-22"}))
    two_channels.clock.move(days=30)
    assert (await revoke(two_channels, channel)).stopped == Stopped()
    assert [kept.row.status for kept in (await two_channels.standing()).consents] == ["inactive"]
    assert await refused(two_channels, consent(atgard="andrat")) == ENDED


@both_channels
@pytest.mark.parametrize("readings", [1, 2, 3])
async def test_while_the_consent_is_being_filed_it_wins(
    two_channels: House, channel: str, readings: int
) -> None:
    two_channels.database.after_readings(readings, lambda: revoke(two_channels, channel))
    assert await refused(two_channels, consent()) == ENDED
    assert (await two_channels.push(screening())).state is State.WITHHELD


@both_channels
async def test_under_a_number_that_ceased_it_counts_for_the_one_that_goes_on(
    two_channels: House, channel: str
) -> None:
    await revoke(two_channels, channel, person=SAMORDNING)
    await two_channels.send(adt_a40())
    assert await refused(two_channels, consent()) == ENDED


# Whoever decided before it commits, and would use the decision after, decides anew.

CHANGES = {
    "the consent": revocation(),
    "the plan's own consent": revocation("S-plan"),
    "a protection flag": person_data("person.protected"),
}
every_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


async def held_plan(house: House) -> Receipt:
    receipt = await push_plans(house)
    await house.process()
    return receipt


@every_change
@pytest.mark.parametrize("readings", [1, 2])
async def test_a_held_answer_is_decided_anew(house: House, change: Json, readings: int) -> None:
    """It comes after the decision, or after the filter as well."""
    receipt = await held_plan(house)
    house.database.after_readings(readings, lambda: house.push(change))
    assert (await house.search("CarePlan")).resources == ()
    assert (await house.delivery(receipt, "hold")).released_at is None


@every_change
async def test_a_delivery_is_decided_anew(house: House, change: Json) -> None:
    receipt = await held_plan(house)
    house.database.after_readings(1, lambda: house.push(change))
    with suppress(StaleClaim):
        await house.deliver()
    await house.work()
    assert (await house.delivery(receipt)).state in (State.CANCELLED, State.WITHHELD)
    assert (house.region.keys, await house.audit("disclosure")) == ([], [])


class SlowSource(FakeSource):
    """A live source; while it is asked for the first time, ``meanwhile`` happens."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def fetch(
        self,
        person: PersonId,
        record_types: Sequence[RecordType],
        since: datetime | None,
        until: datetime | None,
        also_known_as: frozenset[PersonId] = frozenset(),
    ) -> Sequence[Arrival]:
        """See RecordSource."""
        step, self.meanwhile = self.meanwhile, None
        if step is not None:
            await step()
        return await super().fetch(person, record_types, since, until, also_known_as)


async def test_a_live_answer_is_decided_anew(tmp_path: Path) -> None:
    source = SlowSource()
    async with opened(tmp_path, outside=Outside(source=source)) as house:
        await house.push(consent())
        source.records = [screening()]
        source.meanwhile = lambda: house.push(revocation())
        assert (await house.search("Observation")).resources == ()
        assert len(source.asked) == 1
        authorizations = await house.audit("authorization")
        assert {row["outcomeDesc"] for row in authorizations} == {"no-consent"}
