"""Alerts: opened once for what they are about, acknowledged by somebody, resolved when it is over.

No column holds anything about a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, tuple_, update

from adapter.domain.errors import IllegalTransition
from adapter.store.alert_causes import LASTING, Cause
from adapter.store.database import NoSuchRow
from adapter.store.exclusion import one_at_a_time
from adapter.store.sight import Views
from adapter.store.tables import alert, alert_notice


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. ``party`` (with ``agreement``) is whom it concerns, None: the operator alone; ``about`` a channel's or system's id, or empty.

    ``count`` is how many of them there were at ``last_at``. ``sealed`` (Keyring.seal_registry, row = ``Alert/id``) holds why it was acknowledged.
    """

    id: str
    code: str
    agreement: str | None
    party: str | None
    about: str
    count: int
    opened_at: datetime
    last_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    sealed: bytes | None = None
    resolved_at: datetime | None = None


_COLUMNS = [alert.c[name] for name in Alert.__slots__]
_OPEN: Final = alert.c.lasting.is_not(None)
_LOCK: Final = "alerts"


def settle(
    connection: Connection, causes: Iterable[Cause], now: datetime, new_id: Callable[[], str]
) -> tuple[Sequence[Alert], Sequence[Alert]]:
    """Open an alert for each new cause that lasts and resolve those whose cause is gone: both, as they are then."""
    one_at_a_time(connection, [_LOCK])
    found = {cause.key: cause for cause in causes}
    standing = _standing(connection, alert.c.code.in_(LASTING))
    opened = [
        _open(connection, cause, now, new_id())
        for key, cause in found.items()
        if key not in standing and cause.opens
    ]
    for key in found.keys() & standing.keys():
        _renew(connection, standing[key], found[key].count, now)
    over = [standing[key].id for key in standing.keys() - found.keys()]
    return opened, _resolve(connection, over, now)


def occurred(
    connection: Connection, causes: Iterable[Cause], now: datetime, new_id: Callable[[], str]
) -> Sequence[Alert]:
    """Note what happened and is over: one alert for all of the same until somebody has acknowledged it; those that are new."""
    one_at_a_time(connection, [_LOCK])
    standing = _standing(connection, alert.c.code.not_in(LASTING))
    opened = []
    for cause in causes:
        before = standing.get(cause.key)
        if before is None:
            opened.append(_open(connection, cause, now, new_id()))
        else:
            _renew(connection, before, before.count + cause.count, now)
    return opened


def acknowledge(
    connection: Connection, alert_id: str, by: str, sealed: bytes, now: datetime, views: Views | None
) -> Alert:
    """Note who has seen an alert, and why that is enough; what is over by itself is resolved with it.

    Raises NoSuchRow for one that is not the reader's, IllegalTransition for one that was acknowledged or is over.
    """
    one_at_a_time(connection, [_LOCK])
    before = find(connection, alert_id, views)
    if before.acknowledged_at is not None or before.resolved_at is not None:
        raise IllegalTransition("alert")
    values = {"acknowledged_at": now, "acknowledged_by": by, "sealed": sealed}
    connection.execute(update(alert).where(alert.c.id == alert_id).values(values))
    if before.code not in LASTING:
        _resolve(connection, [alert_id], now)
    return find(connection, alert_id, views)


def find(connection: Connection, alert_id: str, views: Views | None) -> Alert:
    """One alert; raises NoSuchRow if there is none that the reader may see."""
    row = connection.execute(select(*_COLUMNS).where(alert.c.id == alert_id, *_seen(views))).first()
    if row is None:
        raise NoSuchRow("alert")
    return Alert(*row)


def alerts(
    connection: Connection, views: Views | None = None, *, resolved: bool = False, limit: int = 200
) -> Sequence[Alert]:
    """The reader's alerts that last, newest first; with ``resolved`` those that are over as well."""
    statement = select(*_COLUMNS).where(*_seen(views)).order_by(alert.c.sequence.desc()).limit(limit)
    if not resolved:
        statement = statement.where(_OPEN)
    return [Alert(*row) for row in connection.execute(statement)]


def unacknowledged(connection: Connection, views: Views | None = None) -> int:
    """How many of the reader's alerts last and have been seen by nobody."""
    waiting = (_OPEN, alert.c.acknowledged_at.is_(None), *_seen(views))
    return connection.scalar(select(func.count()).select_from(alert).where(*waiting)) or 0


def forget(connection: Connection, before: datetime, *, limit: int = 200) -> None:
    """Delete alerts that were over before an instant, with what was told of them."""
    old = select(alert.c.id).where(alert.c.resolved_at <= before).order_by(alert.c.sequence).limit(limit)
    ids = list(connection.scalars(old))
    connection.execute(delete(alert_notice).where(alert_notice.c.alert_id.in_(ids)))
    connection.execute(delete(alert).where(alert.c.id.in_(ids)))


def lasting_by_code(connection: Connection) -> Mapping[str, int]:
    """How many alerts last, by code."""
    counted = select(alert.c.code, func.count().label("held")).where(_OPEN).group_by(alert.c.code)
    return {row.code: row.held for row in connection.execute(counted)}


def _standing(connection: Connection, *where: ColumnElement[bool]) -> Mapping[str, Alert]:
    rows = connection.execute(select(alert.c.lasting, *_COLUMNS).where(_OPEN, *where))
    return {row[0]: Alert(*row[1:]) for row in rows}


def _open(connection: Connection, cause: Cause, now: datetime, alert_id: str) -> Alert:
    new = Alert(alert_id, cause.code, cause.agreement, cause.party, cause.about, cause.count, now, now)
    row = {name: getattr(new, name) for name in Alert.__slots__}
    connection.execute(insert(alert), row | {"lasting": cause.key})
    return new


def _renew(connection: Connection, before: Alert, count: int, now: datetime) -> None:
    if count != before.count:
        values = {"count": count, "last_at": now}
        connection.execute(update(alert).where(alert.c.id == before.id).values(values))


def _resolve(connection: Connection, ids: Sequence[str], now: datetime) -> Sequence[Alert]:
    if not ids:
        return []
    connection.execute(update(alert).where(alert.c.id.in_(ids)).values(resolved_at=now, lasting=None))
    rows = connection.execute(select(*_COLUMNS).where(alert.c.id.in_(ids)))
    return [Alert(*row) for row in rows]


def _seen(views: Views | None) -> tuple[ColumnElement[bool], ...]:
    if views is None:
        return ()
    return (tuple_(alert.c.agreement, alert.c.party).in_(sorted(views)),)
