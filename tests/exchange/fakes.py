"""The outside of the bridge: a fake for each port, a clock that stands, and a database that can be interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import Connection

from adapter.domain.errors import Issue
from adapter.domain.identity import PersonId
from adapter.domain.instants import stockholm_date
from adapter.domain.records import RecordType
from adapter.exchange.ports import Arrival, DeliveryFailed, Sender
from adapter.gate.enforce import ReleasedBundle
from adapter.gate.notice import Notice
from adapter.store.database import Database
from connectors.http_push.reader import PushReader
from tests.exchange.bodies import Json

NOW: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
T = TypeVar("T")


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Let time pass (``timedelta``'s arguments)."""
        self.now += timedelta(**by)


class FakeSystem:
    """A recipient's system (the port Sender): remembers what it took and every key it saw, and fails as told."""

    def __init__(self) -> None:
        self.taken: list[ReleasedBundle] = []
        self.notices: list[Notice] = []
        self.keys: list[str] = []
        self.failures: list[Exception] = []

    async def send(self, release: ReleasedBundle, idempotency_key: str) -> None:
        """See Sender."""
        self._hear(idempotency_key)
        self.taken.append(release)

    async def notify(self, notice: Notice, idempotency_key: str) -> None:
        """See Sender."""
        self._hear(idempotency_key)
        self.notices.append(notice)

    def _hear(self, idempotency_key: str) -> None:
        self.keys.append(idempotency_key)
        if self.failures:
            raise self.failures.pop(0)

    def fail(self, *codes: str, transient: bool = True) -> None:
        """Fail the next attempts, one for each code."""
        self.failures += [DeliveryFailed(code, transient=transient) for code in codes]

    def types(self) -> list[list[str]]:
        """The resource types of each release that it took."""
        return [sorted(resource["resourceType"] for resource in release.resources) for release in self.taken]


class SlowSystem(FakeSystem):
    """A recipient that says when a request has come, and answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.came = asyncio.Event()
        self.answers = asyncio.Event()

    async def send(self, release: ReleasedBundle, idempotency_key: str) -> None:
        """See Sender."""
        self.came.set()
        await self.answers.wait()
        await super().send(release, idempotency_key)


class FakeSource:
    """A system that answers live (the port RecordSource): remembers what it was asked, and fails as told."""

    def __init__(self) -> None:
        self.records: list[Json] = []
        self.asked: list[tuple[PersonId, tuple[RecordType, ...]]] = []
        self.failure: Exception | None = None
        self.is_index = False
        """Whether it gives only what it has under the number that it is asked by."""
        self.spoil: Callable[[Arrival], Arrival] = lambda arrival: arrival

    async def fetch(
        self,
        person: PersonId,
        record_types: Sequence[RecordType],
        since: datetime | None,
        until: datetime | None,
        also_known_as: frozenset[PersonId] = frozenset(),
    ) -> Sequence[Arrival]:
        """See RecordSource."""
        self.asked.append((person, tuple(record_types)))
        if self.failure is not None:
            raise self.failure
        read = PushReader(lambda: stockholm_date(NOW)).arrival
        arrivals = [self.spoil(read(record)) for record in self.records]
        return [one for one in arrivals if one.person == person or not self.is_index]


class FakeValidator:
    """A second opinion on structure (the port Validator): finds what it is told to find."""

    def __init__(self) -> None:
        self.issues: tuple[Issue, ...] = ()
        self.failure: Exception | None = None

    def validate(self, body: bytes) -> tuple[Issue, ...]:
        """See Validator."""
        if self.failure is not None:
            raise self.failure
        return self.issues


class Interruptible:
    """A real database; ``meanwhile``, if set, runs once between the next reading and what follows from it."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    def __init__(self, database: Database) -> None:
        self._database = database
        self.write = database.write
        self.checkpoint = database.checkpoint
        self.close = database.close

    def after_readings(self, count: int, step: Callable[[], Awaitable[object]]) -> None:
        """Run ``step`` once, between the reading of that number (the next one is 1) and what follows from it."""

        async def wait() -> None:
            self.after_readings(count - 1, step)

        self.meanwhile = step if count == 1 else wait

    async def read(self, op: Callable[[Connection], T]) -> T:
        """See Database.read."""
        found = await self._database.read(op)
        step, self.meanwhile = self.meanwhile, None
        if step is not None:
            await step()
        return found


@dataclass
class Outside:
    """The world around the bridge: it outlives a process of it."""

    clock: Time = field(default_factory=Time)
    region: FakeSystem = field(default_factory=FakeSystem)
    kommun: FakeSystem = field(default_factory=FakeSystem)
    source: FakeSource = field(default_factory=FakeSource)
    validator: FakeValidator = field(default_factory=FakeValidator)
    others: dict[str, Sender] = field(default_factory=dict)
    """Further recipients, by system id."""
