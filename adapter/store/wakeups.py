"""Waking the other processes of a shared database: one NOTIFY for whatever became due, outside every other transaction.

In the accept transaction it would make PostgreSQL commit one at a time. It only spares the wait for a worker's next look, so that
losing one is no fault: nothing here is retried but the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import asyncpg

from adapter.domain.waiting import wait_at_most
from adapter.store.database import DatabaseUnreachable
from adapter.store.postgres import Server

CHANNEL: Final = "sambro_due"
QUIET_SECONDS: Final = 0.01
"""At most one NOTIFY in this time."""
_AGAIN_SECONDS: Final = 1.0


class Wakeups:
    """Tells other processes that something may be due; ``woken`` is called when one of them tells us."""

    def __init__(self, server: Server, woken: Callable[[], None]) -> None:
        self._server = server
        self._woken = woken
        self._rung = asyncio.Event()
        self._stopped = asyncio.Event()

    def ring(self) -> None:
        """Something may be due; to be called after the commit."""
        self._rung.set()

    def stop(self) -> None:
        """Tell and listen no more."""
        self._stopped.set()
        self._rung.set()

    async def run(self) -> None:
        """Until ``stop``; connects again by itself."""
        while not self._stopped.is_set():
            try:
                await self._serve(await self._server.connect())
            except (
                OSError,
                TimeoutError,
                DatabaseUnreachable,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
            ):
                await wait_at_most(_AGAIN_SECONDS, self._stopped)

    async def _serve(self, connection: asyncpg.Connection) -> None:
        try:
            connection.add_termination_listener(lambda _: self._rung.set())
            await connection.add_listener(CHANNEL, self._heard)
            while True:
                await self._rung.wait()
                if self._stopped.is_set():
                    return
                self._rung.clear()
                await connection.execute(f"NOTIFY {CHANNEL}")
                await asyncio.sleep(QUIET_SECONDS)
        finally:
            connection.terminate()

    def _heard(self, connection: asyncpg.Connection, sender: int, _channel: str, _payload: Any) -> None:
        if sender != connection.get_server_pid():
            self._woken()
