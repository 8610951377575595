"""Keep the audit for its time: what was spooled is brought in, what is older than its retention is purged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from adapter.domain.instants import Clock
from adapter.domain.log_codes import LogCode
from adapter.exchange.unaudited import Unaudited
from adapter.store.chain import writers
from adapter.store.database import Database
from adapter.store.keys import Keyring
from adapter.store.purging import ChainBroken, purge

LEAST_YEARS: Final = 5
_MOST_BATCHES: Final = 50
_YEAR: Final = timedelta(days=366)
_log = structlog.get_logger()


class KeepAudit:
    """In small batches, so that nobody waits long behind one. ``years`` a row stays, never less than five."""

    def __init__(
        self, database: Database, keyring: Keyring, unaudited: Unaudited, clock: Clock, *, years: int
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._unaudited = unaudited
        self._clock = clock
        self._time = _YEAR * max(years, LEAST_YEARS)

    async def sweep(self) -> None:
        """Bring in the spool, then purge a batch; alerts where the spool's file cannot be read, and purges all the same."""
        try:
            await self._unaudited.bring_in()
        except OSError:
            _log.error(LogCode.ALERT, code="audit-spool-failed")
        now = self._clock()
        for writer in await self._database.read(writers):
            batch = partial(purge, keyring=self._keyring, writer=writer, before=now - self._time, now=now)
            try:
                await self._purge(batch)
            except ChainBroken:
                _log.error(LogCode.ALERT, code="audit-chain-broken")

    async def _purge(self, batch: Callable[[Connection], int]) -> None:
        for _ in range(_MOST_BATCHES):
            if not await self._database.write(batch):
                return
