"""Forgetting on time: each sweep takes a small batch, so that nobody waits long behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, tuple_

from adapter.domain.states import State, check_transition
from adapter.store import messages
from adapter.store.deliveries import briefs, change_all
from adapter.store.events import NewEvent, Stage, record
from adapter.store.exclusion import is_first
from adapter.store.tables import answer, content, delivery, message, reference, session

HOLD_EXPIRED = "hold-expired"
CONTENT_EXPIRED = "content-expired"
_SWEEP = "retention"


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep ended: ids of deliveries and messages, for the alerts."""

    holds: tuple[str, ...]
    dead: tuple[str, ...]
    invalid: tuple[str, ...]


def expire(connection: Connection, now: datetime, *, content_before: datetime, limit: int = 200) -> Swept:
    """End at most ``limit`` each of: holds past their time, dead deliveries and invalid messages older than ``content_before``.

    A fetched hold was delivered, another is purged. A lane that a purged dead letter held goes on. Of several replicas one sweeps,
    the others end nothing.
    """
    if not is_first(connection, _SWEEP):
        return Swept((), (), ())
    return Swept(
        _expire_holds(connection, now, limit),
        _purge_dead(connection, now, content_before, limit),
        _purge_invalid(connection, now, content_before, limit),
    )


def forget_expired(connection: Connection, now: datetime, *, limit: int = 200) -> int:
    """Delete references, answers and sessions past their time; returns how many rows. Of several replicas one does."""
    if not is_first(connection, _SWEEP):
        return 0
    gone = 0
    for table in (reference, answer, session):
        key = tuple_(*table.primary_key.columns)
        expired = select(*table.primary_key.columns).where(table.c.expires_at <= now).limit(limit)
        gone += connection.execute(delete(table).where(key.in_(expired))).rowcount
    return gone


def content_key_days(connection: Connection) -> frozenset[str]:
    """The days whose content keys some stored content still needs."""
    return frozenset(connection.scalars(select(content.c.key_day).distinct()))


def _expire_holds(connection: Connection, now: datetime, limit: int) -> tuple[str, ...]:
    due = (delivery.c.state == State.QUEUED, delivery.c.hold_expires_at <= now)
    fetched = briefs(connection, *due, delivery.c.released_at.is_not(None), limit=limit)
    missed = briefs(connection, *due, delivery.c.released_at.is_(None), limit=limit)
    change_all(connection, fetched, State.DELIVERED, now, (HOLD_EXPIRED,))
    change_all(connection, missed, State.PURGED, now, (HOLD_EXPIRED,))
    return tuple(one.id for one in (*fetched, *missed))


def _purge_dead(connection: Connection, now: datetime, before: datetime, limit: int) -> tuple[str, ...]:
    dead = briefs(connection, delivery.c.state == State.DEAD, delivery.c.ended_at <= before, limit=limit)
    change_all(connection, dead, State.PURGED, now, (CONTENT_EXPIRED,))
    return tuple(one.id for one in dead)


def _purge_invalid(connection: Connection, now: datetime, before: datetime, limit: int) -> tuple[str, ...]:
    check_transition(State.INVALID, State.PURGED)
    old = select(message.c.id).where(message.c.state == State.INVALID, message.c.ended_at <= before)
    ids = tuple(connection.scalars(old.order_by(message.c.sequence).limit(limit)))
    for message_id in ids:
        messages.wipe(connection, message_id)
        messages.set_state(connection, message_id, State.PURGED, now)
    record(connection, [NewEvent(one, Stage.PURGED, now, codes=(CONTENT_EXPIRED,)) for one in ids])
    return ids
