"""Tells of alerts by webhook and e-mail: each notice until it was taken, or given up after a day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from adapter.domain.instants import Clock
from adapter.domain.log_codes import LogCode
from adapter.domain.perseverance import Retry
from adapter.exchange.ports import AlertNotice, DeliveryFailed, Teller
from adapter.exchange.retry import next_attempt
from adapter.store import alert_notices
from adapter.store.alert_notices import DueNotice
from adapter.store.database import Database

_RETRY: Final = Retry(first=timedelta(seconds=5), longest=timedelta(minutes=30))
_LEASE: Final = timedelta(minutes=2)
_DEADLINE_SECONDS: Final = 20.0
_AT_ONCE: Final = 4
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TellAlerts:
    """``tellers`` are by the target's name. ``jitter`` returns a number in [0, 1)."""

    database: Database
    tellers: Mapping[str, Teller]
    clock: Clock
    jitter: Callable[[], float]

    async def tell_due(self) -> None:
        """Try a few of those that are due: no more at a time than a stop may wait for. Raises Unreachable."""
        take = partial(alert_notices.claim, now=self.clock(), lease=_LEASE, limit=_AT_ONCE)
        await asyncio.gather(*map(self._tell, await self.database.write(take)))

    async def _tell(self, due: DueNotice) -> None:
        teller = self.tellers.get(due.target)
        if teller is None:
            await self.database.write(partial(alert_notices.end, notice_id=due.id, code="target-gone"))
            return
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                await teller.tell(_notice(due))
        except DeliveryFailed as failure:
            await self._failed(due, failure)
        except TimeoutError:
            await self._failed(due, DeliveryFailed("timeout", transient=True))
        else:
            await self.database.write(partial(alert_notices.end, notice_id=due.id))

    async def _failed(self, due: DueNotice, failure: DeliveryFailed) -> None:
        _log.warning(LogCode.ALERT_NOT_TOLD, target=due.target, code=failure.code)
        retry_at = None
        if failure.transient:
            retry_at = next_attempt(
                _RETRY,
                self.clock(),
                attempts=due.attempts,
                received_at=due.made_at,
                retry_after=failure.retry_after,
                jitter=self.jitter,
            )
        if retry_at is None:
            ended = partial(alert_notices.end, notice_id=due.id, code=failure.code)
        else:
            ended = partial(alert_notices.postpone, notice_id=due.id, due_at=retry_at, code=failure.code)
        await self.database.write(ended)


def _notice(due: DueNotice) -> AlertNotice:
    alert = due.alert
    return AlertNotice(
        id=due.id,
        event=due.event,
        alert_id=alert.id,
        code=alert.code,
        agreement=alert.agreement,
        party=alert.party,
        about=alert.about,
        count=alert.count,
        opened_at=alert.opened_at,
        resolved_at=alert.resolved_at,
        made_at=due.made_at,
    )
