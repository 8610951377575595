"""Inbound work: claim the first accepted message of a person's lane, and end its processing in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, bindparam, select, update

from adapter.domain.states import FINAL, State, check_transition, message_state
from adapter.store import deliveries, field_traces, lanes, messages
from adapter.store.cancellation import supersede
from adapter.store.columns import FieldPair, Words
from adapter.store.deliveries import NewDelivery
from adapter.store.events import NewEvent, Stage, record
from adapter.store.lanes import Claim
from adapter.store.messages import ContentKind
from adapter.store.prepared import Prepared
from adapter.store.tables import content, lane, message
from adapter.store.vault import Sealed

CUT_OFF: Final = "processing-cut-off"
"""The process that processed it died before it came to an end, or hung."""


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message that a worker holds, with its raw content; ``raw`` is None if that is gone."""

    claim: Claim
    id: str
    received_at: datetime
    agreement: str
    channel: str
    source_party: str
    source_unit: str | None
    event: str
    record_types: tuple[str, ...]
    control_id: str
    source_application: str
    subject_key: str
    content_type: str
    codes: tuple[str, ...]
    idempotency_seed: str
    rerun_of: str | None
    raw: Sealed | None


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of a message.

    ``mapping`` (its canonical URL with version) read it, ``trace`` says which source field became which element: None where nothing was mapped.
    With ``deliveries`` its state follows from theirs; without, ``state`` says it (translated, invalid, withheld). ``translated`` is the
    mapped Bundle, sealed, needed by queued deliveries; ``keep_raw``: the raw content stays as long (invalid: until it is purged). ``events`` are the stages that it got
    through, before what becomes of it.
    """

    codes: tuple[str, ...] = ()
    unmapped: tuple[str, ...] = ()
    mapping: str | None = None
    trace: tuple[FieldPair, ...] | None = None
    reason: str | None = None
    state: State | None = None
    translated: Sealed | None = None
    keep_raw: bool = False
    deliveries: tuple[NewDelivery, ...] = ()
    events: tuple[NewEvent, ...] = ()


_COLUMNS = [message.c[name] for name in ClaimedMessage.__slots__ if name in message.c]
_HEADS = (
    select(lane.c.key, *_COLUMNS, content.c.ciphertext, content.c.key_day)
    .join(message, and_(message.c.lane == lane.c.key, message.c.position == lane.c.head))
    .outerjoin(content, and_(content.c.message_id == message.c.id, content.c.kind == ContentKind.RAW.value))
)


_FIRST_ACCEPTED = (
    select(message.c.position, message.c.received_at)
    .join(lane, lane.c.key == message.c.lane)
    .where(
        message.c.lane == bindparam("of"),
        message.c.position >= lane.c.head,
        message.c.state == State.ACCEPTED,
    )
    .order_by(message.c.position)
    .limit(1)
)
_REPORT = Prepared(
    update(message)
    .where(message.c.id == bindparam("of"))
    .values(
        codes=bindparam("found", type_=Words),
        unmapped=bindparam("unused", type_=Words),
        mapping=bindparam("by"),
        trace=bindparam("traced"),
        reason=bindparam("why"),
    ),
    ["of", "found", "unused", "by", "traced", "why"],
)


def claim_inbound(
    connection: Connection, owner: str, now: datetime, lease: timedelta, limit: int, idle: bool = True
) -> Sequence[ClaimedMessage]:
    """Lease up to ``limit`` due inbound lanes and return the message whose turn it is in each.

    One whose processing was cut off may be what its process died of: it is returned alone, and only to who is ``idle``.
    """
    held_lanes = lanes.claim(connection, "inbound", None, owner, now, lease, limit, idle)
    claims = {held.lane: held for held in held_lanes}
    if not claims:
        return []
    rows = connection.execute(_HEADS.where(lane.c.key.in_(claims)).order_by(message.c.sequence))
    claimed = [_claimed(row, claims[row.key]) for row in rows]
    cut_off = [held for held in claimed if held.claim.cut_off]
    record(connection, [NewEvent(held.id, Stage.RETRYING, now, codes=(CUT_OFF,)) for held in cut_off])
    return claimed


def finish_inbound(connection: Connection, held: ClaimedMessage, done: Processed, now: datetime) -> None:
    """End the processing of a message: state, deliveries in their lanes, content, timeline, turn.

    Raises StaleClaim if the lane was taken over, IllegalTransition, and ValueError if ``done`` names neither state nor deliveries.
    """
    lanes.fence(connection, held.claim)
    state = _state_of(done)
    check_transition(State.ACCEPTED, state)
    record(connection, done.events)
    # Before the recipients' lanes, so that no two that wait for the same new trace wait for each other.
    traced = None if done.trace is None else field_traces.keep(connection, done.trace)
    for new in sorted(done.deliveries, key=lambda new: (new.recipient_system or "", new.person_key)):
        if new.state is State.QUEUED:
            supersede(connection, new, now)
        deliveries.add(connection, held.id, new, now)
    _keep_or_wipe(connection, held.id, done, state)
    messages.set_state(connection, held.id, state, now)
    _REPORT.run(connection, _findings(held, done) | {"traced": traced})
    if not done.deliveries:
        record(connection, [NewEvent(held.id, Stage(state.value), now, codes=done.codes)])
    settle_inbound(connection, held.claim.lane, now)


def release_inbound(
    connection: Connection, held: ClaimedMessage, retry_at: datetime, code: str, now: datetime
) -> None:
    """Give a message back after a fault that passes; it is claimed again from ``retry_at``. Raises StaleClaim."""
    lanes.release(connection, held.claim, retry_at)
    record(connection, [NewEvent(held.id, Stage.RETRYING, now, codes=(code,))])


def settle_inbound(connection: Connection, key: str, now: datetime) -> None:
    """Give the turn in an inbound lane to the first message that is still accepted: due ``now``, whatever the clock said before."""
    first = connection.execute(_FIRST_ACCEPTED, {"of": key}).first()
    if first is None:
        lanes.move(connection, key, None, None)
    else:
        lanes.move(connection, key, first.position, min(first.received_at, now))


def _state_of(done: Processed) -> State:
    if done.deliveries:
        return message_state(new.state for new in done.deliveries)
    if done.state is None:
        raise ValueError("a processed message without deliveries needs a state")
    return done.state


def _findings(held: ClaimedMessage, done: Processed) -> dict[str, Any]:
    return {
        "of": held.id,
        "found": tuple(dict.fromkeys(held.codes + done.codes)),
        "unused": done.unmapped,
        "by": done.mapping,
        "why": done.reason,
    }


def _keep_or_wipe(connection: Connection, message_id: str, done: Processed, state: State) -> None:
    if state in FINAL:
        messages.wipe(connection, message_id)
        return
    if not done.keep_raw:
        messages.wipe_raw(connection, message_id)
    if done.translated is not None:
        messages.store_content(connection, message_id, ContentKind.TRANSLATED, done.translated)


def _claimed(row: Row[*tuple[Any, ...]], claim: Claim) -> ClaimedMessage:
    fields = row._asdict()
    del fields["key"]
    ciphertext, key_day = fields.pop("ciphertext"), fields.pop("key_day")
    return ClaimedMessage(
        claim=claim, raw=None if ciphertext is None else Sealed(ciphertext, key_day), **fields
    )
