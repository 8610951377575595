"""Keep the audit for its time: what was spooled is brought in, what is older than its retention is purged."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from adapter.domain.instants import Clock
from adapter.domain.log_codes import LogCode
from adapter.exchange.unaudited import Unaudited
from adapter.store.chain import writers
from adapter.store.database import Database
from adapter.store.keys import Keyring
from adapter.store.purging import ChainBroken, purge

LEAST_YEARS: Final = 5
_YEAR: Final = timedelta(days=366)
_log = structlog.get_logger()


class KeepAudit:
    """One small batch of each chain at a time. ``years`` a row stays, never less than five."""

    def __init__(
        self, database: Database, keyring: Keyring, unaudited: Unaudited, clock: Clock, *, years: int
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._unaudited = unaudited
        self._clock = clock
        self._time = _YEAR * max(years, LEAST_YEARS)

    async def sweep(self) -> None:
        """Bring in the spool, then purge a batch."""
        await self._unaudited.bring_in()
        now = self._clock()
        for writer in await self._database.read(writers):
            batch = partial(purge, keyring=self._keyring, writer=writer, before=now - self._time, now=now)
            try:
                await self._database.write(batch)
            except ChainBroken:
                _log.error(LogCode.ALERT, code="audit-chain-broken")
