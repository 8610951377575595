"""Who is to be told of an alert, and who was: written with the alert, tried until told or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, exists, insert, select, update

from adapter.store.alerts import Alert
from adapter.store.exclusion import one_at_a_time
from adapter.store.tables import alert, alert_notice


@dataclass(frozen=True, slots=True)
class NewNotice:
    """``target`` (a name in the settings) is to be told that an alert has ``event`` (opened or resolved)."""

    id: str
    alert_id: str
    target: str
    event: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class DueNotice:
    """A notice in hand, with its alert; ``attempts`` counts this one."""

    id: str
    target: str
    event: str
    made_at: datetime
    attempts: int
    alert: Alert


_ALERT_COLUMNS = [alert.c[name].label(f"alert_{name}") for name in Alert.__slots__]


def add(connection: Connection, notices: Sequence[NewNotice]) -> None:
    """Queue notices, in the transaction of what they tell of."""
    for new in notices:
        row = {name: getattr(new, name) for name in NewNotice.__slots__}
        connection.execute(insert(alert_notice), row | {"attempts": 0, "due_at": new.made_at})


def claim(connection: Connection, now: datetime, lease: timedelta, limit: int) -> Sequence[DueNotice]:
    """Take notices that are due; what is not ended within ``lease`` is due again. Of one alert and target the earlier goes first."""
    one_at_a_time(connection, ["alert-notices"])
    earlier = alert_notice.alias("earlier")
    waits = exists().where(
        earlier.c.alert_id == alert_notice.c.alert_id,
        earlier.c.target == alert_notice.c.target,
        earlier.c.sequence < alert_notice.c.sequence,
        earlier.c.due_at.is_not(None),
    )
    columns = [alert_notice.c[name] for name in ("id", "target", "event", "made_at", "attempts")]
    due = (
        select(*columns, *_ALERT_COLUMNS)
        .join(alert, alert.c.id == alert_notice.c.alert_id)
        .where(and_(alert_notice.c.due_at <= now, ~waits))
        .order_by(alert_notice.c.sequence)
        .limit(limit)
    )
    rows = connection.execute(due).all()
    taken = update(alert_notice).where(alert_notice.c.id.in_([row.id for row in rows]))
    connection.execute(taken.values(due_at=now + lease, attempts=alert_notice.c.attempts + 1))
    return [
        DueNotice(row.id, row.target, row.event, row.made_at, row.attempts + 1, Alert(*row[len(columns) :]))
        for row in rows
    ]


def end(connection: Connection, notice_id: str, code: str | None = None) -> None:
    """It was told, or given up for ``code``."""
    _set(connection, notice_id, None, code)


def postpone(connection: Connection, notice_id: str, due_at: datetime, code: str) -> None:
    """It failed for ``code`` and is tried again."""
    _set(connection, notice_id, due_at, code)


def _set(connection: Connection, notice_id: str, due_at: datetime | None, code: str | None) -> None:
    changed = update(alert_notice).where(alert_notice.c.id == notice_id)
    connection.execute(changed.values(due_at=due_at, code=code))
