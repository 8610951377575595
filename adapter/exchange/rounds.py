"""What is done again and again while the process runs: upkeep, the audit's checkpoints, alerts, replays."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from adapter.domain.log_codes import LogCode
from adapter.domain.waiting import wait_at_most

_log = structlog.get_logger()


class Rounds:
    """Does ``act`` at once, and again when ``seconds`` have passed since its end; one that fails is logged, and the next one comes."""

    def __init__(self, act: Callable[[], Awaitable[object]], seconds: float) -> None:
        self._act = act
        self._seconds = seconds
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Until ``stop``."""
        while not self._stopped.is_set():
            await attempt(self._act)
            await wait_at_most(self._seconds, self._stopped)

    def stop(self) -> None:
        """End after the round in hand."""
        self._stopped.set()


async def attempt(act: Callable[[], Awaitable[object]]) -> None:
    """Do something that nothing else may fail by: what it raises is logged."""
    try:
        await act()
    except Exception as fault:
        _log.error(LogCode.WORKER_FAULT, fault=type(fault).__name__)
