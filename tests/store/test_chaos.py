"""Workers that are killed at random lose nothing, put nothing out of order, and repeat only under the same key."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final

import pytest
from sqlalchemy import Connection, func, select

from adapter.domain.instants import utc_now
from adapter.domain.states import State
from adapter.store.database import Database
from adapter.store.messages import accept
from adapter.store.postgres import Server
from adapter.store.tables import delivery, message
from tests.databases import Place, opened
from tests.store.chaos_worker import LEASE
from tests.store.samples import RAW, new_message
from tests.store.steps import contents

MESSAGES: Final = int(os.environ.get("SAMBRO_CHAOS_MESSAGES", "1000"))
KILLS: Final = int(os.environ.get("SAMBRO_CHAOS_KILLS", "5"))
PERSONS: Final = 40
_DEADLINE_SECONDS: Final = 110 + MESSAGES / 20


def command(place: Place, taken: Path, *more: str) -> list[str]:
    """What starts a worker process."""
    where = str(place) if isinstance(place, Path) else place.url
    return [sys.executable, "-m", "tests.store.chaos_worker", where, str(taken), *more]


class Workers:
    """Worker processes over one database: one on SQLite, three on PostgreSQL."""

    def __init__(self, place: Place, taken: Path) -> None:
        self._command = command(place, taken)
        self._running = [self._start() for _ in range(1 if isinstance(place, Path) else 3)]

    def kill(self, which: int) -> None:
        """``kill -9`` one, and start another in its place."""
        self._end(self._running.pop(which % len(self._running)))
        self._running.append(self._start())

    def close(self) -> None:
        """Kill all."""
        for process in self._running:
            self._end(process)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdout=subprocess.DEVNULL)  # noqa: S603

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()


@contextmanager
def workers(place: Place, taken: Path) -> Iterator[Workers]:
    """Workers for the length of a block."""
    running = Workers(place, taken)
    try:
        yield running
    finally:
        running.close()


def unfinished(connection: Connection) -> int:
    return connection.scalar(select(func.count()).where(message.c.state != State.DELIVERED)) or 0


def order(connection: Connection) -> dict[str, list[str]]:
    """The messages of each person in the order in which they were accepted."""
    found: dict[str, list[str]] = defaultdict(list)
    rows = connection.execute(select(message.c.subject_key, message.c.id).order_by(message.c.position))
    for person, message_id in rows:
        found[person].append(message_id)
    return found


def firsts(lines: list[list[str]]) -> dict[str, list[str]]:
    """The messages of each person in the order in which the recipient saw them first."""
    found: dict[str, list[str]] = defaultdict(list)
    for person, message_id, _ in lines:
        if message_id not in found[person]:
            found[person].append(message_id)
    return found


async def accept_all(database: Database, count: int, chance: random.Random) -> None:
    for _ in range(count // 10):
        persons = [f"person-{chance.randrange(PERSONS)}" for _ in range(10)]
        news = [new_message(subject_key=person, received_at=utc_now()) for person in persons]
        await asyncio.gather(*(database.write(partial(accept, new=new, raw=RAW)) for new in news))


async def until_finished(database: Database) -> None:
    async with asyncio.timeout(_DEADLINE_SECONDS):
        while await database.read(unfinished):
            await asyncio.sleep(0.2)


@pytest.mark.timeout(400)
async def test_random_kills_lose_nothing_and_keep_order(place: Place, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    chance = random.Random(11)  # noqa: S311 - not a secret
    async with opened(place) as database:
        with workers(place, taken) as running:
            accepting = asyncio.create_task(accept_all(database, MESSAGES, chance))
            for _ in range(KILLS):
                await asyncio.sleep(chance.uniform(1, 2))
                running.kill(chance.randrange(3))
            await accepting
            await until_finished(database)
        expected, kept = await database.read(order), await database.read(contents)
    lines = [line.split() for line in taken.read_text().splitlines()]
    assert firsts(lines) == expected
    assert kept == 0
    keys = {(message_id, key) for _, message_id, key in lines}
    assert len(keys) == MESSAGES


async def test_a_killed_replicas_work_is_taken_over_within_its_lease(server: Server, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    async with opened(server) as database:
        await database.write(partial(accept, new=new_message(received_at=utc_now()), raw=RAW))
        with subprocess.Popen(command(server, taken, "hang")) as hanging:  # noqa: S603
            await until_taken(taken, 1)
            claimed_at = monotonic()
            with subprocess.Popen(command(server, taken)) as other:  # noqa: S603
                await asyncio.sleep(LEASE.total_seconds() / 2)
                hanging.kill()
                before = taken.read_text().splitlines()
                await until_taken(taken, 2)
                took = monotonic() - claimed_at
                await until_finished(database)
                other.kill()
        abandoned = await database.read(lambda c: c.scalars(select(delivery.c.codes)).all())
    first, second = taken.read_text().splitlines()
    assert (before, second) == ([first], first)
    assert abandoned == [("attempt-abandoned",)]
    # By far less than a worker's lease of a minute, on a machine that is busy with other things, too.
    assert took < LEASE.total_seconds() + 15


async def until_taken(taken: Path, count: int) -> None:
    """Wait until the recipient has seen that many deliveries."""
    async with asyncio.timeout(30):
        while not taken.exists() or len(taken.read_text().splitlines()) < count:
            await asyncio.sleep(0.02)
