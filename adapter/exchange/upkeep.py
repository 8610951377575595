"""Upkeep: forget on time. Ended holds, old dead letters and invalid messages are wiped, unused content keys destroyed, old rows deleted."""

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
from adapter.store import (
    alerts,
    consents,
    follow_up,
    lanes,
    lawful_grounds,
    log_retention,
    replays,
    retention,
)
from adapter.store.database import Database
from adapter.store.vault import Vault

CONTENT_TIME: Final = timedelta(hours=72)
ACTS_TIME: Final = timedelta(days=90)
"""How long alerts that are over, and replays, can be looked at. The audit and the log keep who did what for longer."""
_MOST_BATCHES: Final = 20
_log = structlog.get_logger()


class Upkeep:
    """The sweeps, in small batches. ``log_time`` is how long rows of messages that are over stay, ``consent_time`` how long Consents that have
    ended do, and what was filed and seen to like them.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        audit: KeepAudit,
        clock: Clock,
        *,
        log_time: timedelta,
        consent_time: timedelta,
    ) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit
        self._clock = clock
        self._log_time = log_time
        self._consent_time = consent_time
        self._looked_at: log_retention.Place | None = None

    async def sweep(self) -> None:
        """One round of all sweeps; one that fails is logged, and those after it are done: what must be forgotten is, come what may."""
        forget = (self._forget, self._forget_messages, self._forget_consents)
        clear = (self._expire, *forget, self._destroy_keys, self._checkpoint)
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

    async def _forget_messages(self) -> None:
        """What stays for a reason is passed by until all that is old was looked at; then from the beginning."""
        before = self._clock() - self._log_time
        for _ in range(_MOST_BATCHES):
            batch = await self._database.write(
                partial(log_retention.forget_messages, before=before, after=self._looked_at)
            )
            self._looked_at = batch.place
            if batch.place is None:
                return

    async def _forget_consents(self) -> None:
        now = self._clock()
        before = now - self._consent_time
        await self._database.write(partial(consents.forget_ended, before=before, now=now))
        for forget in (lawful_grounds.forget, follow_up.forget):
            await self._database.write(partial(forget, before=before))

    async def _destroy_keys(self) -> None:
        days = await self._database.read(retention.content_key_days)
        await asyncio.to_thread(self._vault.destroy_unused, days, now=self._clock())

    async def _checkpoint(self) -> None:
        await self._database.checkpoint()
