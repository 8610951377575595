"""Upkeep: forget on time. Ended holds, old dead letters and invalid messages are wiped, unused content keys destroyed, old audit purged."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from adapter.domain.instants import Clock
from adapter.domain.log_codes import LogCode
from adapter.exchange.keep_audit import KeepAudit
from adapter.store import retention
from adapter.store.database import Database
from adapter.store.vault import Vault

CONTENT_TIME: Final = timedelta(hours=72)
_INTERVAL_SECONDS: Final = 30.0
_log = structlog.get_logger()


class Upkeep:
    """Runs the sweeps, one small batch each time."""

    def __init__(self, database: Database, vault: Vault, audit: KeepAudit, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit
        self._clock = clock
        self._stopped = asyncio.Event()

    async def sweep(self) -> None:
        """One round of all sweeps."""
        await self._audit.sweep()
        now = self._clock()
        before = now - CONTENT_TIME
        swept = await self._database.write(
            lambda connection: retention.expire(connection, now, content_before=before)
        )
        if swept.dead:
            _log.warning(LogCode.ALERT, code="dead-letter-purged", count=len(swept.dead))
        await self._database.write(lambda connection: retention.forget_expired(connection, now))
        days = await self._database.read(retention.content_key_days)
        await asyncio.to_thread(self._vault.destroy_unused, days, now=now)
        await self._database.checkpoint()

    async def run(self) -> None:
        """Sweep until ``stop``."""
        while not self._stopped.is_set():
            try:
                await self.sweep()
            except Exception as fault:
                _log.error(LogCode.WORKER_FAULT, fault=type(fault).__name__)
            try:
                async with asyncio.timeout(_INTERVAL_SECONDS):
                    await self._stopped.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """End after the round in hand."""
        self._stopped.set()
