"""Durable accept with the early gate permitting, against the statements alone, in the same group commits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson

from adapter.demo import records
from adapter.demo.installation import KOMMUN_CHANNEL, install
from adapter.domain.identity import PersonId
from adapter.domain.instants import utc_now
from adapter.domain.states import State
from adapter.exchange.receipt import Receipt
from tests.bench.house import JSON, House, opened_house
from tests.bench.measure import Budget, Call, Row, Sample, in_rounds, rate
from tests.bench.persons import persons
from tests.bench.raw_accept import RawAccept, RawPostgresAccept, committed
from tests.databases import Databases
from tests.postgres import served

_PEOPLE: Final = 100
_ROUNDS: Final = 5
_SECONDS: Final = 0.8
_ON_SQLITE: Final = Budget("ratio", 0.3, 0.6)
_ON_POSTGRESQL: Final = Budget("ratio", 0.5, 0.8)
_ID: Final = "MESSAGE"


async def rows(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """A plan and a screening, one at a time and 32 at once."""
    async with opened_house(install(folder / "data")) as house:
        people = list(persons(_PEOPLE))
        await house.consent(people)
        for kind in ("AUDIT", "SIP"):
            senders = Senders(house, people, kind)
            accepted = await senders.send()
            raw = RawAccept(
                await house.core.database.read(partial(committed, message_id=accepted.message_id))
            )
            for at_once in (1, 32):
                floor = partial(house.core.database.write, raw)
                yield await _row(house, senders, floor, at_once, "same writer", _ON_SQLITE)


async def on_postgres(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """A plan, on PostgreSQL: the floor is asyncpg alone, a connection for each that is at once."""
    installation = install(folder / "data")
    with served(durable=True) as server, Databases(server).one() as place:
        async with opened_house(installation, place) as house:
            people = list(persons(_PEOPLE))
            await house.consent(people)
            senders = Senders(house, people, "SIP")
            accepted = await senders.send()
            found = partial(committed, message_id=accepted.message_id)
            raw = RawAccept(await house.core.database.read(found))
            for at_once in (1, 32):
                async with asyncpg.create_pool(place.url, min_size=at_once, max_size=at_once) as pool:
                    floor = RawPostgresAccept(raw, pool)
                    yield await _row(
                        house, senders, floor, at_once, "asyncpg alone; PostgreSQL", _ON_POSTGRESQL
                    )


async def _row(
    house: House, senders: Senders, floor: Call, at_once: int, floor_name: str, budget: Budget
) -> Row:
    ours, theirs = await in_rounds(
        _ROUNDS,
        lambda: rate([senders.send] * at_once, _SECONDS),
        lambda: rate([floor] * at_once, _SECONDS),
    )
    return Row(
        f"durable accept of a {senders.kind}, {at_once} at once",
        Sample(ours, "/s"),
        f"equal rows by hand, {floor_name}",
        Sample(theirs, "/s"),
        budget if at_once == 32 else None,
    )


class Senders:
    """Hands new messages of one kind to ``accept``, of each person in turn; reading them is the wire's work, done before."""

    def __init__(self, house: House, people: list[PersonId], kind: str) -> None:
        self.kind = kind
        self._house = house
        self._inbox = house.inboxes[KOMMUN_CHANNEL]
        self._numbers = count()
        self._people = cycle(people)
        body = _body(kind)
        self._arrival = house.read(body)
        self._start, self._end = orjson.dumps(body).split(_ID.encode(), 1)

    async def send(self) -> Receipt:
        """Accept one message; raises RuntimeError if the early gate withholds it, for then nothing is measured."""
        name = f"{self.kind}-{next(self._numbers)}"
        arrival = replace(self._arrival, control_id=name, person=next(self._people))
        receipt = await self._house.accept(
            self._inbox, self._start + name.encode() + self._end, JSON, arrival
        )
        if receipt.state is not State.ACCEPTED:
            raise RuntimeError("the early gate does not permit")
        return receipt


def _body(kind: str) -> dict[str, Any]:
    if kind == "SIP":
        return records.sip(records.CONSENTED, "plan-1", _ID, utc_now())
    return records.audit(records.CONSENTED, "screening-1", _ID, utc_now())
