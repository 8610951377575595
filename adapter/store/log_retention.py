"""The log's own end: rows of messages that are over and old are deleted, in the order in which they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    literal,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from adapter.domain.states import FINAL
from adapter.store import field_traces
from adapter.store.columns import Instant
from adapter.store.consents import standing_since
from adapter.store.exclusion import is_first
from adapter.store.tables import (
    answer,
    basis,
    consent,
    content,
    delivery,
    event,
    intervention,
    lane,
    message,
    replay_item,
)

_SWEEP = "log-retention"
Place = tuple[datetime, int]
"""When a message was received, and its number: the order in which messages are looked at."""


@dataclass(frozen=True, slots=True)
class Batch:
    """How many messages were deleted, and the place of the last one looked at; None: there is none after it that is old."""

    deleted: int
    place: Place | None


def forget_messages(
    connection: Connection, before: datetime, after: Place | None = None, *, limit: int = 200
) -> Batch:
    """Look at the next ``limit`` messages that were received before an instant, and delete those that are over since before it.

    One stays, whole, while it waits, while content of it is held, and while what left with it may have to be called back: a Consent
    that it was released under stands. Empty lanes of what was deleted go too. Of several replicas one does this.
    """
    if not is_first(connection, _SWEEP):
        return Batch(0, None)
    place = (message.c.received_at, message.c.sequence)
    looked_at = select(*place, message.c.id).where(message.c.received_at < before)
    if after is not None:
        at, number = literal(after[0], Instant), literal(after[1], BigInteger)
        looked_at = looked_at.where(tuple_(*place) > tuple_(at, number))
    rows = connection.execute(looked_at.order_by(*place).limit(limit)).all()
    if not rows:
        return Batch(0, None)
    found = select(message.c.id).where(message.c.id.in_([row.id for row in rows]), *_over(before))
    ids = connection.scalars(found).all()
    _delete(connection, ids)
    return Batch(len(ids), (rows[-1].received_at, rows[-1].sequence))


def _over(before: datetime) -> Sequence[ColumnElement[bool]]:
    """What is true of a message that nothing more becomes of."""
    own = delivery.c.message_id == message.c.id
    runs = or_(delivery.c.state.not_in(FINAL), delivery.c.ended_at.is_(None), delivery.c.ended_at >= before)
    stands = and_(consent.c.id == basis.c.consent_id, standing_since(before))
    return (
        message.c.state.in_(FINAL),
        or_(message.c.ended_at.is_(None), message.c.ended_at < before),
        not_(exists().where(own, runs)),
        not_(exists().where(content.c.message_id == message.c.id)),
        not_(exists().where(own, basis.c.delivery_id == delivery.c.id, stands)),
    )


def _delete(connection: Connection, ids: Sequence[str]) -> None:
    deliveries = connection.scalars(select(delivery.c.id).where(delivery.c.message_id.in_(ids))).all()
    traces = set(connection.scalars(select(message.c.trace).where(message.c.id.in_(ids))))
    lanes = {
        key
        for table in (message, delivery)
        for key in connection.scalars(
            select(table.c.lane).where((message.c.id if table is message else delivery.c.message_id).in_(ids))
        )
    }
    for table, column, of in (
        (basis, basis.c.delivery_id, deliveries),
        (answer, answer.c.delivery_id, deliveries),
        (replay_item, replay_item.c.message_id, ids),
        (intervention, intervention.c.message_id, ids),
        (event, event.c.message_id, ids),
        (delivery, delivery.c.message_id, ids),
        (message, message.c.id, ids),
    ):
        connection.execute(delete(table).where(column.in_(of)))
    _name_other_firsts(connection, ids)
    field_traces.forget_unused(connection, traces - {None})
    is_idle = (lane.c.head > lane.c.tail, lane.c.owner.is_(None))
    used = [exists().where(table.c.lane == lane.c.key) for table in (message, delivery)]
    connection.execute(delete(lane).where(lane.c.key.in_(lanes - {None}), *is_idle, not_(or_(*used))))


def _name_other_firsts(connection: Connection, ids: Sequence[str]) -> None:
    """Of the repeats of a message that is gone the oldest is the first from now on, and the others name it."""
    repeats = select(message.c.id, message.c.rerun_of).where(message.c.rerun_of.in_(ids))
    firsts: dict[str, str] = {}
    for one, gone in connection.execute(repeats.order_by(message.c.sequence)).all():
        first = firsts.setdefault(gone, one)
        named = None if first == one else first
        connection.execute(update(message).where(message.c.id == one).values(rerun_of=named))
