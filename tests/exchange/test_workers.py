"""Workers: a slow handler keeps its lane, a hung one does not keep other recipients waiting, a stop waits for what is in hand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import select

from adapter.domain.instants import utc_now
from adapter.exchange.workers import Worker
from adapter.store import inbound, lanes, outbound
from adapter.store.database import Database
from adapter.store.inbound import Processed, claim_inbound
from adapter.store.messages import accept
from adapter.store.outbound import ClaimedDelivery
from adapter.store.tables import lane
from tests.databases import Place, opened
from tests.store.samples import RAW, TRANSLATED, new_delivery, new_message

LEASE: Final = timedelta(seconds=0.4)


async def queue(database: Database, system: str, persons: int) -> None:
    """A delivery to a system for each of so many persons."""
    for number in range(persons):
        person = f"{system}-{number}"
        new = new_message(subject_key=person, received_at=utc_now())
        await database.write(partial(accept, new=new, raw=RAW))
        [held] = await database.write(lambda c: claim_inbound(c, "worker", utc_now(), LEASE, 1))
        done = Processed(
            translated=TRANSLATED, deliveries=(new_delivery(recipient_system=system, person_key=person),)
        )
        await database.write(partial(inbound.finish_inbound, held=held, done=done, now=utc_now()))


def worker(
    database: Database,
    system: str,
    handle: Callable[[ClaimedDelivery], Awaitable[None]],
    beat: timedelta = LEASE / 4,
    alone: Callable[[ClaimedDelivery], bool] = lambda _: False,
) -> Worker[ClaimedDelivery]:
    return Worker(
        database,
        utc_now,
        claim=lambda c, now, limit: outbound.claim_outbound(c, system, "worker", now, LEASE, limit),
        handle=handle,
        give_back=outbound.release_outbound,
        renew=lambda c, held: lanes.extend(c, held.claim, LEASE),
        then=lambda: None,
        width=4,
        beat=beat,
        alone=alone,
    )


class Slow:
    """A handler that says when it has begun, and ends when it may."""

    def __init__(self, database: Database) -> None:
        self.began, self.may_end = asyncio.Event(), asyncio.Event()
        self._database = database

    async def __call__(self, held: ClaimedDelivery) -> None:
        self.began.set()
        await self.may_end.wait()
        await send(self._database, held)


async def send(database: Database, held: ClaimedDelivery) -> None:
    await database.write(lambda c: outbound.mark_sending(c, held, utc_now()))
    await database.write(lambda c: outbound.finish_delivery(c, held, utc_now()))


async def test_the_heartbeat_keeps_the_lane_of_a_slow_attempt(place: Place) -> None:
    async with opened(place) as database:
        slow = Slow(database)
        await queue(database, "ehr", 1)
        working = worker(database, "ehr", slow)
        running = asyncio.create_task(working.run())
        await slow.began.wait()
        await asyncio.sleep(1.5 * LEASE.total_seconds())
        claim = partial(outbound.claim_outbound, system="ehr", owner="other", lease=LEASE, limit=1)
        assert await database.write(lambda c: claim(c, now=utc_now())) == []
        slow.may_end.set()
        working.stop()
        await running
        assert await database.read(lanes.systems_waiting) == set()


async def test_a_recipient_that_hangs_keeps_no_other_waiting(place: Place) -> None:
    finished = asyncio.Event()
    done: list[str] = []

    async def hang(_: ClaimedDelivery) -> None:
        await finished.wait()

    async def take(held: ClaimedDelivery) -> None:
        await send(database, held)
        done.append(held.id)
        if len(done) == 12:
            finished.set()

    async with opened(place) as database:
        await queue(database, "dead", 10)
        await queue(database, "ehr", 12)
        both = [worker(database, "dead", hang), worker(database, "ehr", take)]
        running = [asyncio.create_task(one.run()) for one in both]
        async with asyncio.timeout(20):
            await finished.wait()
        for one in both:
            one.stop()
        await asyncio.gather(*running)


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_stop_waits_for_what_is_in_hand_and_takes_nothing_more(place: Path) -> None:
    async with opened(place) as database:
        slow = Slow(database)
        await queue(database, "ehr", 5)
        working = worker(database, "ehr", slow)
        running = asyncio.create_task(working.run())
        await slow.began.wait()
        working.stop()
        slow.may_end.set()
        await running
        assert await database.read(lambda c: c.scalars(select(lane.c.owner)).all()) == [None] * 10
        left = await database.write(lambda c: outbound.claim_outbound(c, "ehr", "next", utc_now(), LEASE, 9))
        assert len(left) == 1


async def test_what_is_done_alone_keeps_the_others_waiting_until_it_hangs(place: Place) -> None:
    beat = LEASE / 20
    began: dict[str, float] = {}
    never = asyncio.Event()

    async def hang(held: ClaimedDelivery) -> None:
        began.setdefault(held.person_key, asyncio.get_running_loop().time())
        await never.wait()

    async with opened(place) as database:
        await queue(database, "ehr", 1)
        working = worker(database, "ehr", hang, beat=beat, alone=lambda _: True)
        running = asyncio.create_task(working.run())
        async with asyncio.timeout(20):
            while "ehr-0" not in began:
                await asyncio.sleep(0.02)
            await queue(database, "ehr", 2)
            while "ehr-1" not in began:
                working.wake()
                await asyncio.sleep(0.02)
        assert began["ehr-1"] - began["ehr-0"] >= 15 * beat.total_seconds()
        working.stop()
        await running
        never.set()
