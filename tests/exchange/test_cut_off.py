"""A message that kills its process is given up after three times; those that were in work beside it are not, nor what is behind it."""

from __future__ import annotations

import asyncio
import os
import time
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import select, update

from adapter.domain.states import State
from adapter.exchange.ports import Arrival, Reader
from adapter.exchange.receipt import Receipt
from adapter.exchange.workers import Worker
from adapter.main.running import processor
from adapter.store import lanes
from adapter.store.inbound import ClaimedMessage
from adapter.store.tables import event, lane
from tests.databases import Place, transactions
from tests.exchange.bodies import TOLVAN, consent, screening
from tests.exchange.fakes import NOW
from tests.exchange.house import House, opened
from tests.exchange.parties import PUSH

_DIED = 9
_OTHERS = ("196101182803", "189002029800")
_BESIDE_SECONDS = 0.1


class Deadly:
    """A reader in which one message ends the process; whatever is in work beside it is still in work then."""

    def __init__(self, real: Reader) -> None:
        self._real = real

    def read(self, body: bytes, content_type: str) -> Arrival:
        """See Reader."""
        if b"POISON" in body:
            os._exit(_DIED)
        time.sleep(_BESIDE_SECONDS)
        return self._real.read(body, content_type)


async def arrive(folder: Path, place: Place) -> tuple[Receipt, Receipt, list[Receipt]]:
    """The one that kills, the one behind it in its lane, and those of others."""
    async with opened(folder, place=place) as house:
        for number, person in enumerate((TOLVAN, *_OTHERS)):
            await house.push(consent(f"S-{number}", person=person))
        others = [
            await house.push(screening(f"SCR-{number}", person=one)) for number, one in enumerate(_OTHERS)
        ]
        poison = await house.push(screening("POISON"))
        return poison, await house.push(screening("BEHIND")), others


def live(folder: Path, place: Place) -> None:
    """A process, until nothing waits."""
    asyncio.run(_live(folder, place))


async def _live(folder: Path, place: Place) -> None:
    async with opened(folder, place=place) as house:
        house.readers[PUSH] = Deadly(house.readers[PUSH])
        working: Worker[ClaimedMessage] = processor(
            house.database, house.processing, house.clock, _nothing, "worker", 8
        )
        running = asyncio.create_task(working.run())
        while (await house.database.read(lambda c: lanes.waiting(c, "inbound", house.clock())))[0]:
            await asyncio.sleep(0.02)
        working.stop()
        await running


def _nothing() -> None:
    pass


def lease_ends(place: Place) -> None:
    """Time passes, for who takes over by the database's clock."""
    ended = update(lane).where(lane.c.leased_until.is_not(None)).values(leased_until=NOW)
    with transactions(place) as transact:
        transact(lambda c: c.execute(ended))


def test_what_kills_its_process_is_given_up_and_nothing_beside_or_behind_it_is(
    tmp_path: Path, place: Place
) -> None:
    poison, behind, others = asyncio.run(arrive(tmp_path, place))
    deaths = 0
    while True:
        process = get_context("fork").Process(target=live, args=(tmp_path, place))
        process.start()
        process.join()
        if process.exitcode != _DIED:
            break
        deaths += 1
        lease_ends(place)
    assert (process.exitcode, deaths) == (0, 3)
    asyncio.run(_assert_told(tmp_path, place, poison, [behind, *others]))


async def _assert_told(folder: Path, place: Place, poison: Receipt, others: list[Receipt]) -> None:
    async with opened(folder, place=place) as house:
        assert [(await house.message(one)).state for one in others] == [State.QUEUED] * 3
        dead = await house.message(poison)
        assert (dead.state, dead.codes) == (State.INVALID, ("processing-cut-off",))
        assert await _codes(house, poison) == ["processing-cut-off"] * 4


async def _codes(house: House, receipt: Receipt) -> list[str]:
    mine = select(event.c.codes).where(event.c.message_id == receipt.message_id).order_by(event.c.sequence)
    return [code for codes in await house.database.read(lambda c: c.scalars(mine).all()) for code in codes]
