"""What runs as long as the process: its workers, upkeep, the audit's checkpoints, rounds, and the wake-ups of a shared database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

from adapter.exchange.rounds import Rounds
from adapter.exchange.workers import Worker
from adapter.main.core import server
from adapter.settings import Settings
from adapter.store.inbound import ClaimedMessage
from adapter.store.outbound import ClaimedDelivery
from adapter.store.wakeups import Wakeups

_CHECKPOINT_SECONDS: Final = 60.0


class _Runner(Protocol):
    async def run(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Workers:
    """The two kinds of worker, the upkeep, the audit's checkpoints, and rounds (alerts, replays), running as tasks of one process.

    With a shared database, its wake-ups too.
    """

    processing: Worker[ClaimedMessage]
    delivering: Worker[ClaimedDelivery]
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
        yield self.delivering
        yield from self.now_and_then
        if self.wakeups is not None:
            yield self.wakeups


def wakeups(settings: Settings, *woken: Worker[Any]) -> Wakeups | None:
    """What wakes these workers when another process leaves work, and the others when we do; None where none share the database."""
    shared = server(settings)

    def wake() -> None:
        for worker in woken:
            worker.wake()

    return None if shared is None else Wakeups(shared, wake)
