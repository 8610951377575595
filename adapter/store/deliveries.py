"""Deliveries: one message on its way to one recipient; every change of state goes through here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, literal, or_, select, update

from adapter.domain.records import Mode
from adapter.domain.states import FINAL, State, check_transition
from adapter.store import lanes, messages
from adapter.store.database import NoSuchRow
from adapter.store.events import NewEvent, Stage, record
from adapter.store.prepared import Prepared, inserting
from adapter.store.tables import Instant, delivery, lane

WAITING = (State.QUEUED, State.RETRYING)
"""States in which a delivery can still be stopped without anybody having seen it anew."""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery as processing decides it.

    One with a ``recipient_system`` (mode forward) waits in the lane of that system and person; one without (hold) for the
    recipient to call, until ``hold_expires_at``. ``state`` is queued, or withheld when the decision was no. ``record_key`` names the record across its versions
    (Keyring.record_id): a queued newer one supersedes. ``holds_lane``: as a dead letter it stops what comes after it.
    ``confirmable``: a held one that the recipient's receipt wipes. ``decision`` holds codes, ids and versions, never a value.
    """

    id: str
    agreement: str
    sender_party: str
    sender_unit: str | None
    recipient_party: str
    recipient_unit: str | None
    recipient_system: str | None
    mode: Mode
    record_types: tuple[str, ...]
    person_key: str
    idempotency_key: str
    state: State = State.QUEUED
    record_key: str | None = None
    holds_lane: bool = True
    confirmable: bool = False
    hold_expires_at: datetime | None = None
    codes: tuple[str, ...] = ()
    decision: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Brief:
    """What a change of state must know of a delivery."""

    id: str
    message_id: str
    state: State
    lane: str | None
    codes: tuple[str, ...]


_INSERT = Prepared(insert(delivery).inline(), inserting(delivery))
_BRIEF = select(delivery.c.id, delivery.c.message_id, delivery.c.state, delivery.c.lane, delivery.c.codes)


def add(connection: Connection, message_id: str, new: NewDelivery, now: datetime) -> None:
    """Insert a delivery of a message; a queued forward takes the next position of its outbound lane."""
    row: dict[str, Any] = {name: getattr(new, name) for name in NewDelivery.__slots__}
    row |= {"message_id": message_id, "created_at": now, "mode": new.mode.value, "attempts": 0}
    row |= {"lane": None, "position": None, "next_attempt_at": None, "released_at": None, "ended_at": None}
    if new.state in FINAL:
        row["ended_at"] = now
    elif new.recipient_system is not None:
        row |= _place(connection, new.recipient_system, new.person_key, now)
    _INSERT.run(connection, row)
    record(connection, [NewEvent(message_id, Stage(new.state.value), now, new.id, new.codes)])


def brief(connection: Connection, delivery_id: str) -> Brief:
    """The delivery with that id; raises NoSuchRow."""
    found = briefs(connection, delivery.c.id == delivery_id)
    if not found:
        raise NoSuchRow("delivery")
    return found[0]


def briefs(connection: Connection, *where: ColumnElement[bool], limit: int | None = None) -> Sequence[Brief]:
    """The deliveries that a condition selects, oldest first, locked against other writers."""
    statement = _BRIEF.where(*where).order_by(delivery.c.sequence).limit(limit).with_for_update()
    return [Brief(*row) for row in connection.execute(statement)]


def change(
    connection: Connection,
    one: Brief,
    state: State,
    now: datetime,
    *,
    codes: tuple[str, ...] = (),
    columns: Mapping[str, Any] | None = None,
) -> None:
    """Change a delivery's state by the table of transitions; its message and timeline follow, its lane does not.

    ``codes`` are added to the delivery's own; ``columns`` are other columns to set. Raises IllegalTransition.
    """
    check_transition(one.state, state)
    values = {
        "state": state,
        "codes": tuple(dict.fromkeys(one.codes + codes)),
        "ended_at": now if state in messages.ENDED else None,
        **(columns or {}),
    }
    connection.execute(update(delivery).where(delivery.c.id == one.id).values(values))
    record(connection, [NewEvent(one.message_id, Stage(state.value), now, one.id, codes)])
    messages.refresh(connection, one.message_id, now)


def end(
    connection: Connection, ended: Sequence[Brief], state: State, now: datetime, codes: tuple[str, ...] = ()
) -> None:
    """End deliveries from outside their lanes (cancel, purge), and let the lanes go on."""
    for one in ended:
        change(connection, one, state, now, codes=codes)
    for key in sorted({one.lane for one in ended if one.lane is not None}):
        settle(connection, key)


def settle(connection: Connection, key: str) -> None:
    """Give the turn in an outbound lane to the first delivery that has not ended.

    While an attempt is under way the lane is left to the worker that holds it.
    """
    head = select(lane.c.head).where(lane.c.key == key).scalar_subquery()
    first = connection.execute(
        select(delivery.c.position, delivery.c.state, delivery.c.next_attempt_at)
        .where(delivery.c.lane == key, delivery.c.position >= head, _takes_a_turn())
        .order_by(delivery.c.position)
        .limit(1)
    ).first()
    if first is None:
        lanes.move(connection, key, None, None)
    elif first.state is not State.SENDING:
        lanes.move(
            connection, key, first.position, None if first.state is State.DEAD else first.next_attempt_at
        )


def since(column: ColumnElement[datetime], now: datetime) -> ColumnElement[datetime]:
    """The instant that a column holds, or ``now`` if this is the first time."""
    return func.coalesce(column, literal(now, Instant))


def requeue(connection: Connection, one: Brief, now: datetime) -> None:
    """Queue a dead delivery again: at its place if its lane waits for it, else at the tail; raises IllegalTransition."""
    check_transition(one.state, State.QUEUED)
    columns: dict[str, Any] = {"next_attempt_at": now}
    row = connection.execute(
        select(delivery.c.holds_lane, delivery.c.recipient_system, delivery.c.person_key).where(
            delivery.c.id == one.id
        )
    ).one()
    if not row.holds_lane:
        columns = _place(connection, row.recipient_system, row.person_key, now)
    change(connection, one, State.QUEUED, now, columns=columns)
    if one.lane is not None:
        settle(connection, one.lane)


def _takes_a_turn() -> ColumnElement[bool]:
    return or_(
        delivery.c.state.in_((State.QUEUED, State.SENDING, State.RETRYING)),
        and_(delivery.c.state == State.DEAD, delivery.c.holds_lane),
    )


def _place(connection: Connection, system: str, person_key: str, now: datetime) -> dict[str, Any]:
    key = lanes.lane_key("outbound", system, person_key)
    return {
        "lane": key,
        "position": lanes.take_position(connection, "outbound", key, now),
        "next_attempt_at": now,
    }
