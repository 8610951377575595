"""Attempts that were under way when what they stand on ended: who ended it is answered when they have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final

from adapter.domain.agreement import Agreement, Party
from adapter.domain.errors import Unreachable
from adapter.domain.waiting import wait_at_most
from adapter.exchange.stopping import Stopped, is_seen_leaving
from adapter.store import cancellation
from adapter.store.database import Database

DEADLINE: Final = timedelta(seconds=30)
"""How long one attempt may take."""
PATIENCE: Final = DEADLINE + timedelta(seconds=1)
"""The longest wait: an attempt's deadline, and the commit of its end."""
_POLL_SECONDS: Final = 0.05


@dataclass(slots=True)
class Attempts:
    """Waits for attempts. The database tells, whichever process makes them; ``ended`` only spares the wait for the next look."""

    database: Database
    agreements: Mapping[str, Agreement]
    patience: timedelta = PATIENCE
    _ended: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def ended(self) -> None:
        """An attempt of this process has ended, however it did."""
        self._ended.set()
        self._ended = asyncio.Event()

    async def outlast(self, stopped: Stopped, person_keys: Iterable[str], party: Party) -> Stopped:
        """What was stopped, once nothing of the person's is under way that should not be, or when patience has run out.

        Holds no transaction meanwhile. If the database does not answer, none of the attempts counts as ended.
        """
        keys, left = frozenset(person_keys), stopped.in_flight
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                while True:
                    ended = self._ended
                    departed = await self.database.read(partial(cancellation.departed, person_keys=keys))
                    left = sum(is_seen_leaving(self.agreements, party, row) for row in departed)
                    if not departed:
                        break
                    await wait_at_most(_POLL_SECONDS, ended)
        except (TimeoutError, Unreachable):
            return replace(stopped, unfinished=left)
        return stopped
