"""The workers: claim lanes that are due, run the use case for each, and sleep until the next is due or something arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

import structlog
from sqlalchemy import Connection

from adapter.domain.instants import Clock
from adapter.domain.log_codes import LogCode
from adapter.domain.waiting import wait_at_most
from adapter.store.database import Database, StaleClaim

LEASE: Final = timedelta(seconds=60)
_BEAT: Final = LEASE / 3
_MOST_BEATS: Final = 15
"""Who has not ended after five minutes has hung: its lease is left to end, and it takes nobody's place."""
_POLL: Final = 1.0
_PAUSE: Final = timedelta(seconds=5)
_log = structlog.get_logger()

Held = TypeVar("Held")


class Worker(Generic[Held]):
    """Works one kind of lane, at most ``width`` at once.

    ``claim(connection, now, limit)`` leases due lanes; ``handle`` is the use case; ``give_back(connection, held, retry_at)`` frees a lane
    whose work failed in passing; ``renew(connection, held)`` lets its lease last while it is worked on, each ``beat``; ``then`` is called when something was done (it may have made work for another worker). ``alone`` tells what nothing
    else is taken beside; ``claim`` knows that nothing is in work by a ``limit`` of the whole width.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        claim: Callable[[Connection, datetime, int], Sequence[Held]],
        handle: Callable[[Held], Awaitable[None]],
        give_back: Callable[[Connection, Held, datetime], Any],
        renew: Callable[[Connection, Held], Any],
        then: Callable[[], None],
        width: int,
        beat: timedelta = _BEAT,
        alone: Callable[[Held], bool] = lambda _: False,
    ) -> None:
        self._database = database
        self._clock = clock
        self._claim = claim
        self._handle = handle
        self._give_back = give_back
        self._renew = renew
        self._then = then
        self._beat = beat
        self._width = width
        self._alone = alone
        self._is_alone = False
        self._woken = asyncio.Event()
        self._busy: set[asyncio.Task[None]] = set()
        self._stopping = False

    def wake(self) -> None:
        """Something may be due now."""
        self._woken.set()

    async def run(self) -> None:
        """Work until ``stop``; then finish what is in hand and has not hung."""
        while not self._stopping:
            self._woken.clear()
            if await self._take() == 0:
                await wait_at_most(_POLL, self._woken)
        while self._busy:
            self._woken.clear()
            await self._woken.wait()

    def stop(self) -> None:
        """Take nothing more."""
        self._stopping = True
        self._woken.set()

    async def _take(self) -> int:
        free = self._width - len(self._busy)
        if free == 0 or self._is_alone:
            return 0
        try:
            claimed = await self._database.write(
                lambda connection: self._claim(connection, self._clock(), free)
            )
        except Exception as fault:
            _log.error(LogCode.WORKER_FAULT, fault=type(fault).__name__)
            return 0
        self._is_alone = any(self._alone(held) for held in claimed)
        for held in claimed:
            task = asyncio.create_task(self._work(held))
            self._busy.add(task)
            task.add_done_callback(self._done)
        return len(claimed)

    async def _work(self, held: Held) -> None:
        beating = asyncio.create_task(self._keep(held, asyncio.current_task()))
        try:
            await self._handle(held)
        except StaleClaim:
            return
        except Exception as fault:
            _log.error(LogCode.WORKER_FAULT, fault=type(fault).__name__)
            await self._free(held)
        finally:
            beating.cancel()

    async def _keep(self, held: Held, task: asyncio.Task[None] | None) -> None:
        """The heartbeat of what is worked on."""
        for _ in range(_MOST_BEATS):
            await asyncio.sleep(self._beat.total_seconds())
            try:
                await self._database.write(lambda connection: self._renew(connection, held))
            except StaleClaim:
                return
            except Exception as fault:  # the next beat may come through in time
                _log.error(LogCode.WORKER_FAULT, fault=type(fault).__name__)
        if task is not None:
            self._leave(task)

    async def _free(self, held: Held) -> None:
        retry_at = self._clock() + _PAUSE
        try:
            await self._database.write(lambda connection: self._give_back(connection, held, retry_at))
        except Exception as fault:  # its lease ends by itself
            _log.error(LogCode.WORKER_FAULT, fault=type(fault).__name__)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._leave(task)
        self._then()

    def _leave(self, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        self._is_alone = self._is_alone and bool(self._busy)
        self._woken.set()
