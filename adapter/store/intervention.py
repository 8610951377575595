"""What an administrator may do to a message: retry now, cancel, replay, purge. Each takes what the rows' states allow.

``views``: only a message that one of these parties sent exists (None: any).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Row, and_, exists, select, update

from adapter.domain.errors import IllegalTransition
from adapter.domain.states import State, check_transition
from adapter.store import messages
from adapter.store.cancellation import SUPERSEDED, Cancelled, cancel
from adapter.store.database import NoSuchRow
from adapter.store.deliveries import WAITING, Brief, briefs, change_all, requeue, settle
from adapter.store.events import NewEvent, Stage, record
from adapter.store.inbound import settle_inbound
from adapter.store.persons import alone_with_those
from adapter.store.sight import Views, own
from adapter.store.tables import delivery, message

BY_ADMIN = "cancelled-by-admin"
PURGED_BY_ADMIN = "purged-by-admin"


def retry_now(connection: Connection, message_id: str, now: datetime, views: Views | None = None) -> int:
    """Make a message's waiting deliveries due at once; returns how many. Raises NoSuchRow."""
    _find(connection, message_id, views)
    waiting = (
        delivery.c.message_id == message_id,
        delivery.c.state.in_(WAITING),
        delivery.c.lane.is_not(None),
    )
    lanes = sorted(connection.scalars(select(delivery.c.lane).where(*waiting)))
    connection.execute(update(delivery).where(*waiting).values(next_attempt_at=now))
    for key in lanes:
        settle(connection, key)
    return len(lanes)


def cancel_message(
    connection: Connection, message_id: str, now: datetime, views: Views | None = None
) -> Cancelled:
    """Cancel a message that waits for a worker, or the deliveries of it that have not ended. Raises NoSuchRow."""
    row = _find(connection, message_id, views)
    if row.state is not State.ACCEPTED:
        mine = select(delivery.c.id).where(delivery.c.message_id == message_id)
        return cancel(connection, connection.scalars(mine), BY_ADMIN, now)
    check_transition(row.state, State.CANCELLED)
    messages.wipe(connection, message_id)
    messages.set_state(connection, message_id, State.CANCELLED, now)
    record(connection, [NewEvent(message_id, Stage.CANCELLED, now, codes=(BY_ADMIN,))])
    settle_inbound(connection, row.lane, now)
    return Cancelled(1, ())


def replay(connection: Connection, message_id: str, now: datetime, views: Views | None = None) -> int:
    """Queue a message's dead deliveries again; one that a newer version has overtaken is cancelled as superseded instead.

    Returns how many were queued. The gate decides again before each attempt. Raises NoSuchRow.
    """
    _find(connection, message_id, views)
    dead = briefs(connection, delivery.c.message_id == message_id, delivery.c.state == State.DEAD)
    overtaken = [one for one in dead if _is_overtaken(connection, one)]
    change_all(connection, overtaken, State.CANCELLED, now, (SUPERSEDED,))
    for one in dead:
        if one not in overtaken:
            requeue(connection, one, now)
    return len(dead) - len(overtaken)


def purge(connection: Connection, message_id: str, now: datetime, views: Views | None = None) -> int:
    """Wipe the content of a message that was invalid, or of which deliveries are dead and nothing is still to be delivered.

    Returns how many deliveries were purged; a lane that one of them held goes on. Raises NoSuchRow, IllegalTransition.
    """
    row = _find(connection, message_id, views)
    if row.state is State.INVALID:
        messages.wipe(connection, message_id)
        messages.set_state(connection, message_id, State.PURGED, now)
        record(connection, [NewEvent(message_id, Stage.PURGED, now, codes=(PURGED_BY_ADMIN,))])
        return 0
    if row.state is not State.DEAD:
        raise IllegalTransition(f"{row.state} -> {State.PURGED}")
    dead = briefs(connection, delivery.c.message_id == message_id, delivery.c.state == State.DEAD)
    change_all(connection, dead, State.PURGED, now, (PURGED_BY_ADMIN,))
    return len(dead)


def _find(connection: Connection, message_id: str, views: Views | None) -> Row[State, str | None]:
    mine = and_(message.c.id == message_id, own(views))
    alone_with_those(
        connection, select(message.c.subject_key).where(mine, message.c.subject_key.is_not(None))
    )
    row = connection.execute(select(message.c.state, message.c.lane).where(mine)).first()
    if row is None:
        raise NoSuchRow("message")
    return row


def _is_overtaken(connection: Connection, one: Brief) -> bool:
    old, new = delivery.alias("old"), delivery.alias("new")
    newer = (
        exists()
        .where(old.c.id == one.id, new.c.record_key == old.c.record_key, new.c.sequence > old.c.sequence)
        .where(new.c.agreement == old.c.agreement, new.c.recipient_party == old.c.recipient_party)
        .where(new.c.recipient_system.is_not_distinct_from(old.c.recipient_system))
        .where(new.c.state == State.DELIVERED)
    )
    return bool(connection.scalar(select(newer)))
