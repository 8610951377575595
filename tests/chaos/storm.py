"""Messages are accepted and carried while worker processes are killed at random; what the recipient saw is held against what was accepted."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select

from adapter.domain.instants import utc_now
from adapter.domain.states import State
from adapter.store.database import Database
from adapter.store.messages import accept
from adapter.store.tables import message
from tests.databases import Place, opened
from tests.store.samples import RAW, new_message
from tests.store.steps import contents

WORKERS: Final = 3
PERSONS: Final = 40
_AT_ONCE: Final = 10
_STALL_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Taken:
    """One arrival at the recipient."""

    person: str
    message: str
    key: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the messages that were acknowledged; ``repeats`` are allowed, the counts after it are faults."""

    acknowledged: int
    kills: int
    repeats: int
    lost: int
    out_of_order: int
    other_keys: int
    content_left: int

    @property
    def is_sound(self) -> bool:
        """Whether there is no fault."""
        return not (self.lost or self.out_of_order or self.other_keys or self.content_left)


class Workers:
    """Three workers over one database: processes on PostgreSQL, tasks of one process on SQLite."""

    def __init__(self, place: Place, taken: Path) -> None:
        is_file = isinstance(place, Path)
        self._command = command(place, taken, str(WORKERS if is_file else 1))
        self._running = [self._start() for _ in range(1 if is_file else WORKERS)]

    def kill(self, which: int) -> None:
        """``kill -9`` one process, and start another in its place."""
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


def command(place: Place, taken: Path, *how: str) -> list[str]:
    """What starts a worker process; ``how`` as it takes it (tests/chaos/worker.py)."""
    where = str(place) if isinstance(place, Path) else place.url
    return [sys.executable, "-m", "tests.chaos.worker", where, str(taken), *how]


async def storm(place: Place, taken: Path, *, messages: int, kills: int, chance: random.Random) -> Report:
    """Accept that many messages in as many parts as there are kills; each kill comes when a random share of its part has arrived.

    ``messages`` must be at least twice ``kills``. Raises TimeoutError when nothing goes on.
    """
    shares = [messages * (part + 1) // kills - messages * part // kills for part in range(kills)]
    acknowledged: dict[str, list[str]] = defaultdict(list)
    async with opened(place) as database:
        with workers(place, taken) as running:
            for share in shares:
                point = len(lines(taken)) + chance.randrange(1, share)
                await _accept(database, share, chance, acknowledged)
                await until_taken(taken, point)
                await asyncio.sleep(chance.uniform(0, 0.05))
                running.kill(chance.randrange(WORKERS))
            await until_finished(database)
        left = await database.read(contents)
    return judge(acknowledged, [Taken(*line) for line in lines(taken)], kills, left)


def judge(acknowledged: Mapping[str, Sequence[str]], taken: Sequence[Taken], kills: int, left: int) -> Report:
    """Hold arrivals against the acknowledged messages of each person, in the order of their acceptance."""
    wanted = {name for names in acknowledged.values() for name in names}
    arrived = Counter(one.message for one in taken)
    keys = {(one.message, one.key) for one in taken}
    order = firsts(taken)
    return Report(
        acknowledged=len(wanted),
        kills=kills,
        repeats=arrived.total() - len(arrived),
        lost=len(wanted - arrived.keys()),
        out_of_order=sum(
            [name for name in names if name in arrived] != order.get(person, [])
            for person, names in acknowledged.items()
        ),
        other_keys=2 * len(keys) - len(arrived) - len({key for _, key in keys}),
        content_left=left,
    )


def firsts(taken: Sequence[Taken]) -> dict[str, list[str]]:
    """The messages of each person in the order in which the recipient saw them first."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for one in taken:
        found[one.person][one.message] = None
    return {person: list(names) for person, names in found.items()}


def lines(taken: Path) -> list[list[str]]:
    """What the recipient has written down."""
    return [line.split() for line in taken.read_text().splitlines()] if taken.exists() else []


@contextmanager
def workers(place: Place, taken: Path) -> Iterator[Workers]:
    """Workers for the length of a block."""
    running = Workers(place, taken)
    try:
        yield running
    finally:
        running.close()


def unfinished(connection: Connection) -> int:
    """How many messages are not delivered."""
    return connection.scalar(select(func.count()).where(message.c.state != State.DELIVERED)) or 0


async def until_taken(taken: Path, count: int) -> None:
    """Wait until the recipient has seen that many deliveries."""
    async with asyncio.timeout(_STALL_SECONDS):
        while len(lines(taken)) < count:
            await asyncio.sleep(0.02)


async def until_finished(database: Database) -> None:
    """Wait until all is delivered; raises TimeoutError when nothing more is, for a minute."""
    clock = asyncio.get_running_loop().time
    before, since = -1, clock()
    while left := await database.read(unfinished):
        if left != before:
            before, since = left, clock()
        elif clock() > since + _STALL_SECONDS:
            raise TimeoutError(f"{left} messages stay where they are")
        await asyncio.sleep(0.2)


async def _accept(
    database: Database, count: int, chance: random.Random, acknowledged: dict[str, list[str]]
) -> None:
    """Accept so many, several at once, and of one person one after the other: their order is that of their acknowledgements."""
    while count > 0:
        several = chance.sample(range(PERSONS), min(count, _AT_ONCE))
        news = [new_message(subject_key=f"person-{one}", received_at=utc_now()) for one in several]
        await asyncio.gather(*(database.write(partial(accept, new=new, raw=RAW)) for new in news))
        for new in news:
            acknowledged[str(new.subject_key)].append(new.id)
        count -= len(several)
