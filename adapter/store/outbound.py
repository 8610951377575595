"""Outbound work: claim the delivery whose turn it is, mark it as sending, and end the attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, select, update

from adapter.domain.states import State
from adapter.store import breakers, lanes
from adapter.store.breakers import Position
from adapter.store.cancellation import BASIS_ENDED
from adapter.store.columns import Instant
from adapter.store.database import StaleClaim
from adapter.store.deliveries import WAITING, Brief, brief, briefs, change, change_all, postpone, settle
from adapter.store.lanes import Claim
from adapter.store.messages import ContentKind
from adapter.store.pauses import Paused, is_paused
from adapter.store.prepared import Prepared
from adapter.store.tables import content, delivery, lane, message
from adapter.store.vault import Sealed


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that a worker holds. ``attempts`` counts those made before; ``translated`` is None if the content is gone.

    ``ended_consent`` is the id of the Consent whose end a notice tells of; None for a delivery of records. ``probes_until`` is set for the
    probe of a half-open breaker: no other follows before it has ended, or before then.
    """

    claim: Claim
    id: str
    message_id: str
    created_at: datetime
    agreement: str
    sender_party: str
    sender_unit: str | None
    recipient_party: str
    recipient_unit: str | None
    recipient_system: str
    record_types: tuple[str, ...]
    person_key: str
    attempts: int
    idempotency_key: str
    ended_consent: str | None
    received_at: datetime
    channel: str
    event: str
    translated: Sealed | None
    probes_until: datetime | None = None


_DELIVERY_COLUMNS = [delivery.c[name] for name in ClaimedDelivery.__slots__ if name in delivery.c]
_HEADS = (
    select(
        lane.c.key,
        *_DELIVERY_COLUMNS,
        message.c.received_at,
        message.c.channel,
        message.c.event,
        content.c.ciphertext,
        content.c.key_day,
    )
    .join(delivery, and_(delivery.c.lane == lane.c.key, delivery.c.position == lane.c.head))
    .join(message, message.c.id == delivery.c.message_id)
    .outerjoin(
        content,
        and_(content.c.message_id == delivery.c.message_id, content.c.kind == ContentKind.TRANSLATED.value),
    )
)


_BEGIN = Prepared(
    update(delivery)
    .where(delivery.c.id == bindparam("of"))
    .values(
        attempts=delivery.c.attempts + 1,
        released_at=func.coalesce(delivery.c.released_at, bindparam("at", type_=Instant)),
    ),
    ["of", "at"],
)


def claim_outbound(
    connection: Connection, system: str, owner: str, now: datetime, lease: timedelta, limit: int
) -> Sequence[ClaimedDelivery]:
    """Lease up to ``limit`` due lanes of a recipient's system, as its breaker lets, and return the delivery whose turn it is in each.

    None while it is paused. One whose lease ended while it was sending (its worker hung) counts as retrying first.
    """
    if is_paused(connection, Paused.SYSTEM, system):
        return []
    position = breakers.position(connection, system, now)
    if position is Position.OPEN:
        return []
    most = limit if position is None else min(limit, 1)
    held_lanes = lanes.claim(connection, "outbound", system, owner, now, lease, most)
    claims = {held.lane: held for held in held_lanes}
    if not claims:
        return []
    probes_until = None if position is None else now + lease
    if probes_until is not None:
        breakers.begin_probe(connection, system, probes_until)
    for one in briefs(connection, delivery.c.lane.in_(claims), delivery.c.state == State.SENDING):
        change(connection, one, State.RETRYING, now, ("attempt-abandoned",))
    rows = connection.execute(_HEADS.where(lane.c.key.in_(claims)).order_by(delivery.c.sequence))
    return [_claimed(row, claims[row.key], probes_until) for row in rows]


def mark_sending(connection: Connection, held: ClaimedDelivery, now: datetime) -> None:
    """Begin an attempt: to be composed in one operation with the comparison of epochs and the audit row. Raises StaleClaim."""
    one = _held(connection, held, WAITING)
    # What it stands on now was decided anew.
    one = replace(one, codes=tuple(code for code in one.codes if code != BASIS_ENDED))
    _BEGIN.run(connection, {"of": one.id, "at": now})
    change(connection, one, State.SENDING, now)


def finish_delivery(connection: Connection, held: ClaimedDelivery, now: datetime) -> State:
    """The recipient has it: content wiped with the message's last delivery, the lane goes on. Raises StaleClaim."""
    return _conclude(connection, held, State.DELIVERED, now)


def fail_delivery(
    connection: Connection, held: ClaimedDelivery, retry_at: datetime, code: str, now: datetime
) -> State:
    """The attempt failed in passing: it keeps its turn and is tried again from ``retry_at``. Raises StaleClaim.

    One whose basis ended meanwhile is cancelled instead, here and in ``kill_delivery``.
    """
    return _conclude(connection, held, State.RETRYING, now, (code,), retry_at=retry_at)


def kill_delivery(
    connection: Connection, held: ClaimedDelivery, code: str, now: datetime, faults: tuple[str, ...] = ()
) -> State:
    """Give up (permanent error, too old): a dead letter, which holds its lane or not by ``holds_lane``. ``faults`` say more than
    the code: paths and codes. Raises StaleClaim.
    """
    return _conclude(connection, held, State.DEAD, now, (code, *faults))


def withhold_delivery(connection: Connection, held: ClaimedDelivery, code: str, now: datetime) -> State:
    """The decision before the attempt was no: nothing is sent, the lane goes on. Raises StaleClaim."""
    return _conclude(connection, held, State.WITHHELD, now, (code,))


def release_outbound(connection: Connection, held: ClaimedDelivery, retry_at: datetime) -> None:
    """Give a lane back without an attempt (something unforeseen); due again from ``retry_at``. Raises StaleClaim."""
    lanes.release(connection, held.claim, retry_at)


def void_leases(connection: Connection, now: datetime) -> int:
    """At the serving process's start: what its dead predecessor held is free, and what it was sending is sent again.

    The repeated attempt has the same idempotency key. Breakers that it left open probe at once. Returns how many attempts were cut off.
    """
    lanes.free_all(connection)
    breakers.probe_at_once(connection, now)
    cut_off = briefs(connection, delivery.c.state == State.SENDING)
    for one in cut_off:
        postpone(connection, one.id, now)
    change_all(connection, cut_off, State.RETRYING, now, ("attempt-cut-off",))
    return len(cut_off)


def _held(connection: Connection, held: ClaimedDelivery, states: tuple[State, ...]) -> Brief:
    lanes.fence(connection, held.claim)
    one = brief(connection, held.id)
    if one.state not in states:
        raise StaleClaim("delivery")
    return one


def _conclude(
    connection: Connection,
    held: ClaimedDelivery,
    state: State,
    now: datetime,
    codes: tuple[str, ...] = (),
    *,
    retry_at: datetime | None = None,
) -> State:
    """The state in which the attempt leaves the delivery: cancelled, if it failed after its basis had ended."""
    one = _held(connection, held, (*WAITING, State.SENDING))
    if retry_at is not None:
        postpone(connection, one.id, retry_at)
    change(connection, one, state, now, codes)
    if state in (State.RETRYING, State.DEAD) and BASIS_ENDED in one.codes:
        state = State.CANCELLED
        change(connection, brief(connection, one.id), state, now, (BASIS_ENDED,))
    settle(connection, held.claim.lane)
    if held.probes_until is not None and state is not State.RETRYING:
        breakers.end_probe(connection, held.recipient_system, held.probes_until, now)
    return state


def _claimed(row: Row[*tuple[Any, ...]], claim: Claim, probes_until: datetime | None) -> ClaimedDelivery:
    fields = row._asdict()
    del fields["key"]
    ciphertext, key_day = fields.pop("ciphertext"), fields.pop("key_day")
    translated = None if ciphertext is None else Sealed(ciphertext, key_day)
    return ClaimedDelivery(claim=claim, translated=translated, probes_until=probes_until, **fields)
