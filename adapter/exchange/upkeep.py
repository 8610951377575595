"""Upkeep: forget on time. Ended holds, old dead letters and invalid messages are wiped, unused content keys destroyed, old audit purged."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from adapter.domain.instants import Clock
from adapter.domain.log_codes import LogCode
from adapter.domain.perseverance import LONGEST_PAUSE
from adapter.exchange.keep_audit import KeepAudit
from adapter.exchange.rounds import attempt
from adapter.store import alerts, lanes, replays, retention
from adapter.store.database import Database
from adapter.store.vault import Vault

CONTENT_TIME: Final = timedelta(hours=72)
ACTS_TIME: Final = timedelta(days=90)
"""How long alerts that are over, and replays, can be looked at. The audit and the log keep who did what for longer."""
_log = structlog.get_logger()


class Upkeep:
    """The sweeps, one small batch each time."""

    def __init__(self, database: Database, vault: Vault, audit: KeepAudit, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit
        self._clock = clock

    async def sweep(self) -> None:
        """One round of all sweeps; one that fails is logged, and those after it are done: what must be forgotten is, come what may."""
        clear = (self._expire, self._forget, self._destroy_keys, self._checkpoint)
        for step in (self._mend_times, *clear, self._audit.sweep):
            await attempt(step)

    async def _mend_times(self) -> None:
        mend = partial(lanes.mend, now=self._clock(), horizon=LONGEST_PAUSE)
        if mended := await self._database.write(mend):
            _log.warning(LogCode.CLOCK_SET_BACK, count=mended)

    async def _expire(self) -> None:
        now = self._clock()
        expire = partial(retention.expire, now=now, content_before=now - CONTENT_TIME)
        swept = await self._database.write(expire)
        if swept.dead:
            _log.warning(LogCode.ALERT, code="dead-letter-purged", count=len(swept.dead))

    async def _forget(self) -> None:
        now = self._clock()
        await self._database.write(partial(retention.forget_expired, now=now))
        for forget in (alerts.forget, replays.forget):
            await self._database.write(partial(forget, before=now - ACTS_TIME))

    async def _destroy_keys(self) -> None:
        days = await self._database.read(retention.content_key_days)
        await asyncio.to_thread(self._vault.destroy_unused, days, now=self._clock())

    async def _checkpoint(self) -> None:
        await self._database.checkpoint()
