"""Deliveries: one message on its way to one recipient; every change of state goes through here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, or_, select, update

from adapter.domain.records import Mode
from adapter.domain.states import FINAL, State, check_transition
from adapter.store import lanes, messages
from adapter.store.batches import batches
from adapter.store.columns import Instant, Words
from adapter.store.database import NoSuchRow
from adapter.store.events import NewEvent, Stage, record
from adapter.store.exclusion import is_shared
from adapter.store.persons import alone_with
from adapter.store.prepared import Prepared, inserting
from adapter.store.tables import delivery, lane

WAITING = (State.QUEUED, State.RETRYING)
"""States in which a delivery can still be stopped without anybody having seen it anew."""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery as processing decides it.

    One with a ``recipient_system`` (mode forward) waits in the lane of that system and person; one without (hold) for the
    recipient to call, until ``hold_expires_at``. ``state`` is queued, or withheld when the decision was no. ``record_key`` names the record across its versions
    (Keyring.record_id): a queued newer one supersedes. ``holds_lane``: as a dead letter it stops what comes after it.
    ``confirmable``: a held one that the recipient's receipt wipes. ``decision`` holds codes, ids and versions, never a value.
    ``ended_consent``: it carries no record but the notice that the Consent of that id has ended.
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
    ended_consent: str | None = None


@dataclass(frozen=True, slots=True)
class Brief:
    """What a change of state must know of a delivery."""

    id: str
    message_id: str
    state: State
    lane: str | None
    codes: tuple[str, ...]


_INSERT = Prepared(insert(delivery).inline(), inserting(delivery))
BRIEF = (
    select(delivery.c.id, delivery.c.message_id, delivery.c.state, delivery.c.lane, delivery.c.codes)
    .order_by(delivery.c.sequence)
    .with_for_update()
)
_BY_ID = BRIEF.where(delivery.c.id == bindparam("of"))
_CHANGE = Prepared(
    update(delivery)
    .where(delivery.c.id == bindparam("of"))
    .values(
        state=bindparam("new", type_=delivery.c.state.type),
        codes=bindparam("all", type_=Words),
        ended_at=bindparam("ended", type_=Instant),
    ),
    ["of", "new", "all", "ended"],
)
_POSTPONE = Prepared(
    update(delivery)
    .where(delivery.c.id == bindparam("of"))
    .values(next_attempt_at=bindparam("until", type_=Instant)),
    ["of", "until"],
)
_FIRST_IN_TURN = (
    select(delivery.c.position, delivery.c.state, delivery.c.next_attempt_at)
    .join(lane, lane.c.key == delivery.c.lane)
    .where(
        delivery.c.lane == bindparam("of"),
        delivery.c.position >= lane.c.head,
        or_(
            delivery.c.state.in_((State.QUEUED, State.SENDING, State.RETRYING)),
            and_(delivery.c.state == State.DEAD, delivery.c.holds_lane),
        ),
    )
    .order_by(delivery.c.position)
    .limit(1)
)


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
    row = connection.execute(_BY_ID, {"of": delivery_id}).first()
    if row is None:
        raise NoSuchRow("delivery")
    return Brief(*row)


def briefs(connection: Connection, *where: ColumnElement[bool], limit: int | None = None) -> Sequence[Brief]:
    """The deliveries that a condition selects, oldest first, nobody else being at their persons until the transaction ends."""
    if is_shared(connection):
        persons_of = select(delivery.c.person_key).where(*where).order_by(delivery.c.sequence).limit(limit)
        keys = set(connection.scalars(persons_of))
        alone_with(connection, keys)
        where = (*where, delivery.c.person_key.in_(keys))
    return [Brief(*row) for row in connection.execute(BRIEF.where(*where).limit(limit))]


def change(
    connection: Connection, one: Brief, state: State, now: datetime, codes: tuple[str, ...] = ()
) -> None:
    """Change a delivery's state by the table of transitions; its message and timeline follow, its lane does not.

    ``codes`` are added to the delivery's own. Raises IllegalTransition.
    """
    check_transition(one.state, state)
    values = {
        "of": one.id,
        "new": state,
        "all": tuple(dict.fromkeys(one.codes + codes)),
        "ended": now if state in messages.ENDED else None,
    }
    _CHANGE.run(connection, values)
    record(connection, [NewEvent(one.message_id, Stage(state.value), now, one.id, codes)])
    messages.refresh(connection, one.message_id, now)


def postpone(connection: Connection, delivery_id: str, until: datetime) -> None:
    """Set when a delivery's next attempt may begin; its lane is settled by the caller."""
    _POSTPONE.run(connection, {"of": delivery_id, "until": until})


def change_all(
    connection: Connection, several: Sequence[Brief], state: State, now: datetime, codes: tuple[str, ...] = ()
) -> None:
    """Change deliveries from outside their lanes (revoke, purge, restart), and give the lanes' turns anew.

    A few statements for each batch: a person may have a thousand waiting, and nobody else writes meanwhile.
    """
    for batch in batches(several):
        _change_batch(connection, batch, state, now, codes)
    for key in sorted({one.lane for one in several if one.lane is not None}):
        settle(connection, key)


def _change_batch(
    connection: Connection, batch: Sequence[Brief], state: State, now: datetime, codes: tuple[str, ...]
) -> None:
    alike: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in batch:
        check_transition(one.state, state)
        alike[one.codes].append(one.id)
    ended_at = now if state in messages.ENDED else None
    for earlier, ids in alike.items():
        values = {"state": state, "codes": tuple(dict.fromkeys(earlier + codes)), "ended_at": ended_at}
        connection.execute(update(delivery).where(delivery.c.id.in_(ids)).values(values))
    record(connection, [NewEvent(one.message_id, Stage(state.value), now, one.id, codes) for one in batch])
    messages.refresh_all(connection, {one.message_id for one in batch}, now)


def settle(connection: Connection, key: str) -> None:
    """Give the turn in an outbound lane to the first delivery that has not ended.

    While an attempt is under way the lane is left to the worker that holds it.
    """
    first = connection.execute(_FIRST_IN_TURN, {"of": key}).first()
    if first is None:
        lanes.move(connection, key, None, None)
    elif first.state is not State.SENDING:
        due_at = None if first.state is State.DEAD else first.next_attempt_at
        lanes.move(connection, key, first.position, due_at)


def requeue(connection: Connection, one: Brief, now: datetime) -> None:
    """Queue a dead delivery again: at its place if its lane waits for it, else at the tail; raises IllegalTransition."""
    row = connection.execute(
        select(delivery.c.holds_lane, delivery.c.recipient_system, delivery.c.person_key).where(
            delivery.c.id == one.id
        )
    ).one()
    if not row.holds_lane:
        last = _place(connection, row.recipient_system, row.person_key, now)
        connection.execute(update(delivery).where(delivery.c.id == one.id).values(last))
    postpone(connection, one.id, now)
    change(connection, one, State.QUEUED, now)
    if one.lane is not None:
        settle(connection, one.lane)


def _place(connection: Connection, system: str, person_key: str, now: datetime) -> dict[str, Any]:
    key = lanes.lane_key("outbound", system, person_key)
    return {
        "lane": key,
        "position": lanes.take_position(connection, "outbound", key, now, system),
        "next_attempt_at": now,
    }
