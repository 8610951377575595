"""Watches for what somebody must see: opens an alert once, resolves it when it is over, and queues who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from adapter.domain.instants import Clock
from adapter.exchange.alert_lines import AlertLines
from adapter.exchange.certificates import Certificate, expiring
from adapter.store import alert_notices, alerts
from adapter.store.alert_causes import Burst, Cause, Expected, causes
from adapter.store.alert_notices import NewNotice
from adapter.store.alerts import Alert
from adapter.store.database import Database

OPENED: Final = "opened"
RESOLVED: Final = "resolved"


@dataclass(frozen=True, slots=True)
class Target:
    """Who is told: of one party's alerts (``party``: agreement and party), or None: of all."""

    name: str
    party: tuple[str, str] | None = None

    def wants(self, alert: Alert) -> bool:
        """Whether an alert is one of its party's."""
        return self.party is None or self.party == (alert.agreement, alert.party)


@dataclass
class Watch:
    """``watched_since``: since when this process could have heard a sender. ``new_id`` makes the ids of alerts and notices."""

    database: Database
    lines: AlertLines
    expected: tuple[Expected, ...]
    burst: Burst
    certificates: tuple[Certificate, ...]
    targets: tuple[Target, ...]
    clock: Clock
    new_id: Callable[[], str]
    watched_since: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.watched_since = self.clock()

    async def look(self) -> None:
        """One look, in one transaction; what was logged meanwhile is kept for the next if it fails. Raises Unreachable."""
        occurrences = self.lines.take()
        try:
            await self.database.write(partial(self._settle, occurrences=occurrences))
        except BaseException:
            self.lines.put_back(occurrences)
            raise

    def _settle(self, connection: Connection, *, occurrences: tuple[Cause, ...]) -> None:
        now = self.clock()
        found = [
            *causes(connection, now, self.expected, self.burst, self.watched_since),
            *expiring(self.certificates, now),
        ]
        opened, resolved = alerts.settle(connection, found, now, self.new_id)
        happened = alerts.occurred(connection, occurrences, now, self.new_id)
        told = [*self._notices([*opened, *happened], OPENED, now), *self._notices(resolved, RESOLVED, now)]
        alert_notices.add(connection, told)

    def _notices(self, changed: Iterable[Alert], event: str, now: datetime) -> Iterator[NewNotice]:
        for alert in changed:
            for target in self.targets:
                if target.wants(alert):
                    yield NewNotice(self.new_id(), alert.id, target.name, event, now)
