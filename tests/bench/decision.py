"""Deciding with a thousand consents in the registry, and with a million: alone, and with the reading before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, Final

import orjson
from sqlalchemy import insert

from adapter.demo import records
from adapter.demo.installation import KOMMUN_CHANNEL, install
from adapter.domain.identity import PERSONNUMMER, PersonId
from adapter.domain.instants import stockholm_date, utc_now
from adapter.domain.records import RecordType
from adapter.exchange.passage import Passage, onward
from adapter.exchange.standing import Registry, Standing, StandingConsent, consent_row
from adapter.gate.decision import decide
from adapter.main.core import database_path
from adapter.store.consents import ConsentRow
from adapter.store.keys import Keyring
from adapter.store.sqlite import writer_engine
from adapter.store.tables import consent
from tests.bench.house import CATEGORIES, House, opened_house
from tests.bench.measure import Budget, Row, Sample, in_rounds, microseconds_each
from tests.bench.persons import persons

_SEED: Final = 1177
_ASKED: Final = 200
_ROUNDS: Final = 9
_FEW: Final = 1_000
_MANY: Final = 1_000_000
_BATCH: Final = 20_000


async def rows(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """The same questions to a small registry, and with ``full`` to a large one."""
    async with AsyncExitStack() as stack:
        few = await stack.enter_async_context(opened_house(install(folder / "few")))
        asking = await _filled(few, _FEW)
        for name, measure, budget in (
            ("decide alone", asking.decide, Budget("figure", 50, is_ceiling=True)),
            ("read and decide, again", asking.again, None),
            ("read and decide, first time", asking.first, None),
        ):
            (values,) = await in_rounds(_ROUNDS, measure)
            yield Row(f"{name}, {_FEW:,} consents", Sample(values, "us"), budget=budget)
        if not full:
            return
        many = await stack.enter_async_context(opened_house(install(folder / "many")))
        same = await _filled(many, _MANY)
        for name, ours, floor in (
            ("decide alone", same.decide, asking.decide),
            ("read and decide, again", same.again, asking.again),
            ("read and decide, first time", same.first, asking.first),
        ):
            large, small = await in_rounds(_ROUNDS, ours, floor)
            yield Row(
                f"{name}, {_MANY:,} consents",
                Sample(large, "us"),
                f"the same with {_FEW:,}",
                Sample(small, "us"),
                # No slower: a tenth is what two equal measurements differ by.
                Budget("ratio", 1.1, is_ceiling=True) if name == "decide alone" else None,
            )


class Asking:
    """Asks about some of a registry's persons, one after the other; each measure gives microseconds a person."""

    def __init__(self, house: House, asked: list[PersonId]) -> None:
        self._house = house
        self._asked = asked
        self._warm = Registry(house.core.keyring)
        self._passage = _passage(house)

    async def decide(self) -> float:
        """The pure decision, on what was read before."""
        now, passage = utc_now(), self._passage
        read = [await self._standing(self._warm, person) for person in self._asked]
        questions = cycle(
            [
                (standing.ask(passage, passage.flow.purposes, now).request, standing.registered(passage))
                for standing in read
            ]
        )
        return microseconds_each(lambda: decide(*next(questions)), len(read) * 10)

    async def again(self) -> float:
        """Read and decide; the consents were opened and compiled before."""
        return await self._through(self._warm)

    async def first(self) -> float:
        """Read and decide; the consents are opened and compiled now."""
        return await self._through(Registry(self._house.core.keyring))

    async def _through(self, registry: Registry) -> float:
        started = perf_counter()
        for person in self._asked:
            standing = await self._standing(registry, person)
            if not standing.ask(self._passage, self._passage.flow.purposes, utc_now()).is_permit:
                raise RuntimeError("the gate does not permit")
        return (perf_counter() - started) / len(self._asked) * 1e6

    async def _standing(self, registry: Registry, person: PersonId) -> Standing:
        return await self._house.core.database.read(partial(registry.standing, person=person))


async def _filled(house: House, count: int) -> Asking:
    """File one person's consents as they come, then as many like the first as are wanted, one a person."""
    example = PersonId(PERSONNUMMER, records.CONSENTED)
    await house.consent([example])
    registry = house.core.registry
    standing = await house.core.database.read(partial(registry.standing, person=example))
    waiver = next(found for found in standing.consents if found.row.category == CATEGORIES[0])
    await asyncio.to_thread(_fill, house, waiver, persons(count))
    places = set(Random(_SEED).sample(range(count), _ASKED))  # noqa: S311  a sample, not a secret
    return Asking(house, [person for place, person in enumerate(persons(count)) if place in places])


def _passage(house: House) -> Passage:
    inbox = house.inboxes[KOMMUN_CHANNEL]
    unit = inbox.agreement.unit(inbox.party.id, inbox.channel.unit)
    return onward(inbox.agreement, inbox.party, unit, {RecordType.AUDIT}, stockholm_date(utc_now()))[0]


def _fill(house: House, example: StandingConsent, people: Iterable[PersonId]) -> None:
    engine = writer_engine(database_path(house.core.settings))
    made = _like(house.core.keyring, example, people)
    try:
        with engine.connect() as connection:
            # A million rows under random keys: their indexes stay in memory, and nobody waits for the disk.
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA cache_size=-500000")
            driver.execute("PRAGMA synchronous=OFF")
        while batch := list(islice(made, _BATCH)):
            with engine.begin() as connection:
                connection.execute(insert(consent), batch)
    finally:
        engine.dispose()


def _like(
    keyring: Keyring, example: StandingConsent, people: Iterable[PersonId]
) -> Iterator[dict[str, object]]:
    text = orjson.dumps(example.resource)
    for person in people:
        own = keyring.record_id("Consent", person.value)
        plain = text.replace(records.CONSENTED.encode(), person.value.encode())
        sealed = keyring.seal_registry(
            plain.replace(example.row.id.encode(), own.encode()), row=consent_row(own, 1)
        )
        row = replace(
            example.row, id=own, identifier_key=own, person_key=keyring.person_key(person), sealed=sealed
        )
        yield {name: getattr(row, name) for name in ConsentRow.__slots__} | {"is_current": True}
