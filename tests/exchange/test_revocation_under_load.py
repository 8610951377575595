"""A revocation among a thousand deliveries to twenty systems over HTTP: what had left is counted, no record leaves after it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
from sqlalchemy import select
from starlette.types import ASGIApp, Receive, Scope, Send

from adapter.demo.region import build_region
from adapter.domain.agreement import Agreement
from adapter.domain.states import State
from adapter.exchange.stopping import Stopped
from adapter.store.tables import delivery, event
from connectors.fhir_rest.sender import FhirSender
from tests.connectors.fhir_rest.servers import serving
from tests.exchange.bodies import OTHER, TOLVAN, Json, consent, revocation, screening
from tests.exchange.fakes import Outside
from tests.exchange.house import House, opened
from tests.exchange.parties import alingsas

TOKEN: Final = "region-token"
SYSTEMS: Final = tuple(f"journal-{number}" for number in range(1, 21))
NOTICE: Final = "notice"
RECEPTION: Final[Json] = {"organisation": "2321000131"}


def twenty_systems() -> Agreement:
    """The agreement, had each health centre two systems that take screenings."""

    def edit(tree: Json) -> None:
        for system in SYSTEMS:
            tree["systems"][system] = {"party": "region", "connector": "fhir_rest"}
        tree["flows"][1]["deliver"] = [
            {"system": system, "unit": f"vardcentral-{1 + number % 10}"}
            for number, system in enumerate(SYSTEMS)
        ]

    return alingsas(edit)


class SlowJournal:
    """The simulated journal behind a wait; ``requests`` counts by person what has come, notices under their name."""

    def __init__(self, wait: Callable[[str], Awaitable[object]]) -> None:
        self.requests: Counter[str] = Counter()
        self._wait = wait
        self._app: ASGIApp = build_region(TOKEN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part["body"], part.get("more_body", False)
        person = next((number for number in (TOLVAN, OTHER) if number.encode() in body), NOTICE)
        self.requests[person] += 1
        await self._wait(person)

        async def again() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


@asynccontextmanager
async def queued(folder: Path, journal: SlowJournal, messages: int) -> AsyncIterator[House]:
    """A house whose deliveries go to the journal: so many messages of one person, and two of another, for each system."""
    limits = httpx.Limits(max_connections=100)
    async with serving(journal) as url, httpx.AsyncClient(timeout=30, limits=limits) as client:
        sender = FhirSender(client, f"{url}/fhir", token=TOKEN, patient=False)
        outside = Outside(others=dict.fromkeys(SYSTEMS, sender))
        async with opened(folder, twenty_systems(), outside=outside) as house:
            for person, count in ((TOLVAN, messages), (OTHER, 2)):
                await house.push(consent(f"S-{person}", person=person, mottagare=[RECEPTION]))
                for number in range(count):
                    await house.push(screening(f"SCR-{count}-{number}", person=person))
            while await house.process():
                pass
            yield house


async def ends(house: House, person: str) -> Counter[tuple[State, tuple[str, ...]]]:
    """How many of a person's deliveries of records have which state and codes."""
    key = (await house.standing(person)).key
    of_records = (delivery.c.person_key == key, delivery.c.ended_consent.is_(None))
    statement = select(delivery.c.state, delivery.c.codes).where(*of_records)
    rows = await house.database.read(lambda connection: connection.execute(statement).all())
    return Counter((row.state, row.codes) for row in rows)


async def order(house: House, person: str) -> tuple[int, int]:
    """The sequence of the last time a record of the person was marked as sending, and of the first that was cancelled."""
    key = (await house.standing(person)).key
    steps = select(event.c.sequence).join(delivery, delivery.c.id == event.c.delivery_id)
    of_records = (delivery.c.person_key == key, delivery.c.ended_consent.is_(None))
    of_person = steps.where(*of_records).order_by(event.c.sequence)
    sending, cancelled = (
        of_person.where(event.c.stage == "sending"),
        of_person.where(event.c.stage == "cancelled"),
    )
    return await house.database.read(
        lambda connection: (connection.scalars(sending).all()[-1], connection.scalars(cancelled).all()[0])
    )


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.02)


@pytest.mark.timeout(120)
async def test_of_a_thousand_queued_and_twenty_in_flight_only_the_twenty_arrive(tmp_path: Path) -> None:
    answers = asyncio.Event()

    async def wait(person: str) -> None:
        await (answers.wait() if person == TOLVAN else asyncio.sleep(0.01))

    journal = SlowJournal(wait)
    async with queued(tmp_path, journal, messages=51) as house:
        worker = house.delivering(width=60)
        working = asyncio.create_task(worker.run())

        async def have_left() -> bool:
            return journal.requests[TOLVAN] == len(SYSTEMS)

        await until(have_left)
        answering = asyncio.create_task(house.push(revocation(f"S-{TOLVAN}")))

        async def is_in_force() -> bool:
            return (await ends(house, TOLVAN))[State.CANCELLED, ("no-consent",)] > 0

        await until(is_in_force)
        await house.push(screening("SCR-meanwhile", person=OTHER))
        await house.process()
        worker.wake()

        async def others_arrived() -> bool:
            return (await ends(house, OTHER))[State.DELIVERED, ()] == 3 * len(SYSTEMS)

        await until(others_arrived)
        assert not answering.done()
        answers.set()
        assert (await answering).stopped == Stopped(cancelled=1000, in_flight=20)

        async def are_told() -> bool:
            return journal.requests[NOTICE] == len(SYSTEMS)

        await until(are_told)
        worker.stop()
        await working

        assert await ends(house, TOLVAN) == {
            (State.CANCELLED, ("no-consent",)): 1000,
            (State.DELIVERED, ("basis-ended", "no-consent")): 20,
        }
        last_sending, first_cancelled = await order(house, TOLVAN)
        assert last_sending < first_cancelled
        assert journal.requests == {TOLVAN: 20, OTHER: 60, NOTICE: 20}
        assert await house.contents() == 0
        said = Counter(row["outcomeDesc"] for row in await house.audit("authorization"))
        assert said["no-consent"] == 1020


async def test_whatever_the_workers_are_doing_nothing_leaves_after_it(tmp_path: Path) -> None:
    """Attempts begin and end all the while; the revocation falls among them."""
    journal = SlowJournal(lambda person: asyncio.sleep(0.05))
    async with queued(tmp_path, journal, messages=12) as house:
        worker = house.delivering(width=12)
        working = asyncio.create_task(worker.run())

        async def some_arrived() -> bool:
            return (await ends(house, TOLVAN))[State.DELIVERED, ()] > 20

        await until(some_arrived)
        receipt = await house.push(revocation(f"S-{TOLVAN}"))
        worker.stop()
        await working
        found = await ends(house, TOLVAN)
        stopped = Stopped(
            cancelled=found.pop((State.CANCELLED, ("no-consent",))),
            in_flight=found.pop((State.DELIVERED, ("basis-ended", "no-consent"))),
        )
        assert receipt.stopped == stopped
        assert stopped.cancelled + stopped.in_flight + found.pop((State.DELIVERED, ())) == 12 * len(SYSTEMS)
        assert not found
        last_sending, first_cancelled = await order(house, TOLVAN)
        assert last_sending < first_cancelled
        assert journal.requests[TOLVAN] == 12 * len(SYSTEMS) - stopped.cancelled
