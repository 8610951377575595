"""What runs as long as the process: its workers, upkeep, the audit's checkpoints, rounds, and the wake-ups of a shared database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from adapter.domain.instants import Clock, utc_now
from adapter.exchange.deliver import Deliver
from adapter.exchange.process import Process
from adapter.exchange.rounds import Rounds
from adapter.exchange.workers import LEASE, Worker
from adapter.main.core import Core, server
from adapter.settings import Settings
from adapter.store import inbound, lanes, outbound
from adapter.store.database import Database
from adapter.store.inbound import ClaimedMessage
from adapter.store.outbound import ClaimedDelivery
from adapter.store.wakeups import Wakeups

_CHECKPOINT_SECONDS: Final = 60.0


class _Runner(Protocol):
    async def run(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Workers:
    """The worker of what arrived, those of the recipients' systems, and rounds (upkeep, the audit's checkpoints, alerts, replays), running as
    tasks of one process.

    With a shared database, its wake-ups too.
    """

    processing: Worker[ClaimedMessage]
    delivering: tuple[Worker[ClaimedDelivery], ...]
    now_and_then: tuple[Rounds, ...]
    wakeups: Wakeups | None

    def wake(self) -> None:
        """Something was accepted, here."""
        self.processing.wake()
        if self.wakeups is not None:
            self.wakeups.ring()

    async def run(self) -> None:
        """Until ``stop``, then until what is in hand is done."""
        async with asyncio.TaskGroup() as tasks:
            for runner in self._runners():
                tasks.create_task(runner.run())

    def stop(self) -> None:
        """Take nothing more."""
        for runner in self._runners():
            runner.stop()

    def _runners(self) -> Iterator[_Runner]:
        yield self.processing
        yield from self.delivering
        yield from self.now_and_then
        if self.wakeups is not None:
            yield self.wakeups


def processor(
    database: Database, process: Process, clock: Clock, then: Callable[[], None], owner: str, width: int
) -> Worker[ClaimedMessage]:
    """The worker of what arrived. What may have killed a process is processed with nothing beside it that could be taken for the cause."""
    return Worker(
        database,
        clock,
        claim=lambda connection, now, limit: inbound.claim_inbound(
            connection, owner, now, LEASE, limit, idle=limit == width
        ),
        handle=process,
        give_back=lambda connection, held, retry_at: inbound.release_inbound(
            connection, held, retry_at, "processing-fault", clock()
        ),
        renew=renew,
        then=then,
        width=width,
        alone=lambda held: held.claim.cut_off > 0,
    )


def deliverers(
    core: Core, deliver: Deliver, systems: Collection[str], owner: str, width: int
) -> tuple[Worker[ClaimedDelivery], ...]:
    """A worker for each recipient's system: one that is slow or dead takes nobody else's turn."""
    return tuple(
        Worker(
            core.database,
            utc_now,
            claim=partial(_claim, system, owner),
            handle=deliver,
            give_back=outbound.release_outbound,
            renew=renew,
            then=core.attempts.ended,
            width=width,
        )
        for system in sorted(systems)
    )


def renew(connection: Connection, held: ClaimedMessage | ClaimedDelivery) -> None:
    """Let the lease of what is worked on last."""
    lanes.extend(connection, held.claim, LEASE)


def _claim(
    system: str, owner: str, connection: Connection, now: datetime, limit: int
) -> Sequence[ClaimedDelivery]:
    return outbound.claim_outbound(connection, system, owner, now, LEASE, limit)


def wakeups(settings: Settings, *woken: Worker[Any]) -> Wakeups | None:
    """What wakes these workers when another process leaves work, and the others when we do; None where none share the database."""
    shared = server(settings)
    return None if shared is None else Wakeups(shared, lambda: wake_all(woken))


def wake_all(woken: Iterable[Worker[Any]]) -> None:
    """Something may be due for each of these."""
    for worker in woken:
        worker.wake()
