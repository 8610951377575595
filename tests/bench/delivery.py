"""The queue on both databases: processed messages against bare commits, accept to handler, a dead recipient, two replicas."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, insert

from adapter.domain.instants import utc_now
from adapter.domain.perseverance import Tolerance
from adapter.exchange.workers import Worker
from adapter.store import breakers, lanes, outbound
from adapter.store.database import Database
from adapter.store.messages import accept
from adapter.store.outbound import ClaimedDelivery
from adapter.store.postgres import Server
from adapter.store.tables import meta
from tests.bench.measure import Budget, Row, Sample, in_rounds, rate
from tests.chaos.storm import command, lines, until_taken
from tests.chaos.worker import LEASE, pair
from tests.databases import Databases, new_file, opened
from tests.postgres import served
from tests.store.backlog import many_waiting
from tests.store.samples import RAW, new_message

_ROUNDS: Final = 3
_MESSAGES: Final = 200
_WAITING: Final = 50_000
_PERSONS: Final = 40
_COMMITS: Final = 4
"""Of a message after its acceptance, but for claims: processed, marked as sending, delivered; and one claim that others share."""


async def rows(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """On each database what it does, then what only several processes show."""
    async with opened(new_file(folder / "data" / "sambro.db")) as database:
        async for row in _of("SQLite", database):
            yield row
    with served(durable=True) as server:
        databases = Databases(server)
        with databases.one() as place:
            async with opened(place) as database:
                async for row in _of("PostgreSQL", database):
                    yield row
        for seconds in (0.0, 0.05):
            with databases.one() as place:
                yield await _replicas(place, folder, seconds)


async def _of(name: str, database: Database) -> AsyncIterator[Row]:
    processed, commits = await in_rounds(
        _ROUNDS, lambda: _processed(database), lambda: rate([partial(database.write, _put)] * 8, 0.5)
    )
    yield Row(
        f"processed and delivered, {name}",
        Sample(processed, "/s"),
        f"{_COMMITS} commits of a row, 8 at once",
        Sample(tuple(one / _COMMITS for one in commits), "/s"),
    )
    taken = await _accept_to_handler(database)
    for part in (50, 99):
        yield Row(f"accept to handler, p{part}, {name}", Sample((quantiles(taken, n=100)[part - 1],), "ms"))
    alone = [await _processed(database) for _ in range(_ROUNDS)]
    await database.write(partial(many_waiting, count=_WAITING, system="dead"))
    async with _trying_in_vain(database):
        beside = [await _processed(database) for _ in range(_ROUNDS)]
    yield Row(
        f"beside {_WAITING:,} that wait for a dead recipient, {name}",
        Sample(tuple(beside), "/s"),
        "without them",
        Sample(tuple(alone), "/s"),
        Budget("ratio", 0.7, 0.9),
    )


async def _processed(database: Database) -> float:
    """Messages a second from the first claim to the last delivery, of so many that were accepted before."""
    for number in range(_MESSAGES):
        new = new_message(subject_key=f"person-{number % _PERSONS}", received_at=utc_now(), id=str(uuid4()))
        await database.write(partial(accept, new=new, raw=RAW))
    done, ended = 0, asyncio.Event()

    async def take(held: ClaimedDelivery) -> None:
        nonlocal done
        await _send(database, held)
        done += 1
        if done == _MESSAGES:
            ended.set()

    started = perf_counter()
    async with _working(*pair(database, take, width=8)):
        await ended.wait()
        return _MESSAGES / (perf_counter() - started)


async def _accept_to_handler(database: Database) -> Sequence[float]:
    """Milliseconds from before the acceptance of a message until it is handed to its recipient, one after the other."""
    arrived = asyncio.Event()

    async def take(held: ClaimedDelivery) -> None:
        arrived.set()
        await _send(database, held)

    taken = []
    processing, delivering = pair(database, take)
    async with _working(processing, delivering):
        for number in range(_MESSAGES):
            arrived.clear()
            started = perf_counter()
            new = new_message(subject_key=f"one-{number}", received_at=utc_now(), id=str(uuid4()))
            await database.write(partial(accept, new=new, raw=RAW))
            processing.wake()
            await arrived.wait()
            taken.append((perf_counter() - started) * 1e3)
    return taken


async def _send(database: Database, held: ClaimedDelivery) -> None:
    await database.write(lambda c: outbound.mark_sending(c, held, utc_now()))
    await database.write(lambda c: outbound.finish_delivery(c, held, utc_now()))


@asynccontextmanager
async def _working(*workers: Worker[Any]) -> AsyncIterator[None]:
    running = [asyncio.create_task(worker.run()) for worker in workers]
    yield
    for worker in workers:
        worker.stop()
    await asyncio.gather(*running)


def _put(connection: Connection) -> None:
    connection.execute(insert(meta).values(name=str(uuid4()), value=""))


@asynccontextmanager
async def _trying_in_vain(database: Database) -> AsyncIterator[None]:
    """The workers of the dead system, as its breaker lets them."""
    tolerance = Tolerance(pause=timedelta(seconds=0.2))

    async def fail(held: ClaimedDelivery) -> None:
        await database.write(lambda c: outbound.mark_sending(c, held, utc_now()))
        await asyncio.sleep(0.05)
        until = utc_now() + timedelta(seconds=1)
        await database.write(lambda c: outbound.fail_delivery(c, held, until, "timeout", utc_now()))
        await database.write(lambda c: breakers.failed(c, "dead", utc_now(), tolerance))

    worker = Worker(
        database,
        utc_now,
        claim=lambda c, now, limit: outbound.claim_outbound(c, "dead", "vain", now, LEASE, limit),
        handle=fail,
        give_back=outbound.release_outbound,
        renew=lambda c, held: lanes.extend(c, held.claim, LEASE),
        then=lambda: None,
        width=8,
    )
    async with _working(worker):
        yield


async def _replicas(place: Server, folder: Path, seconds: float) -> Row:
    """Two worker processes against one, in turn; the recipient answers after so many seconds."""
    one, two = list[float](), list[float]()
    async with opened(place) as database:
        for _ in range(_ROUNDS):
            one.append(await _drained(database, place, folder, 1, seconds))
            two.append(await _drained(database, place, folder, 2, seconds))
    return Row(
        f"two replicas, PostgreSQL, a recipient that takes {seconds * 1e3:.0f} ms",
        Sample(tuple(two), "/s"),
        "one",
        Sample(tuple(one), "/s"),
        Budget("ratio", 1.0, 1.3),
    )


async def _drained(database: Database, place: Server, folder: Path, replicas: int, seconds: float) -> float:
    """Messages a second that so many processes deliver, from when all of them work."""
    taken, total, warm = folder / f"taken-{uuid4()}", 2 * _MESSAGES, _MESSAGES // 2
    for number in range(total):
        new = new_message(subject_key=f"person-{number % _PERSONS}", received_at=utc_now(), id=str(uuid4()))
        await database.write(partial(accept, new=new, raw=RAW))
    processes = [subprocess.Popen(command(place, taken, "1", str(seconds))) for _ in range(replicas)]  # noqa: S603
    try:
        await until_taken(taken, warm)
        started, before = perf_counter(), len(lines(taken))
        await until_taken(taken, total)
        return (len(lines(taken)) - before) / (perf_counter() - started)
    finally:
        for process in processes:
            process.kill()
            process.wait()
