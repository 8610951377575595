"""The message log: a message is accepted with its sealed content, and forgets it when its last delivery ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from adapter.domain.states import FINAL, State, check_transition, message_state
from adapter.store import lanes
from adapter.store.batches import batches
from adapter.store.columns import Instant
from adapter.store.events import NewEvent, Stage, record
from adapter.store.exclusion import one_at_a_time
from adapter.store.persons import alone_with
from adapter.store.prepared import Prepared, inserting
from adapter.store.tables import content, delivery, message
from adapter.store.vault import Sealed

ENDED = FINAL | {State.INVALID, State.DEAD}
"""States in which nothing more happens to a message unless an admin or the clock acts."""
RERUNNABLE = frozenset({State.INVALID, State.WITHHELD, State.DEAD, State.CANCELLED, State.PURGED})


class ContentKind(StrEnum):
    """What the content table holds for a message."""

    RAW = "raw"
    """The bytes that arrived."""
    TRANSLATED = "translated"
    """The mapped Bundle, before any release."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message as it is accepted.

    ``state`` is accepted (it gets a position in its inbound lane and needs ``subject_key``), the state in which it ends at once
    (translated, invalid, withheld), or queued for one of our own, whose delivery is added with it. ``event`` is the wire's (``sip``, ``ORU^R01``); ``size`` in bytes; ``body_digest`` by Keyring.digest.
    ``reason`` is a decision's. ``rerun_of`` is the first of the messages that this one repeats, whose ``idempotency_seed`` it then has.
    ``cancelled`` and ``in_flight`` count the deliveries that it stopped and those that had left; None if it can stop none.
    """

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
    subject_key: str | None
    size: int
    body_digest: str
    content_type: str
    idempotency_seed: str
    state: State = State.ACCEPTED
    correlation_id: str | None = None
    codes: tuple[str, ...] = ()
    unmapped: tuple[str, ...] = ()
    reason: str | None = None
    rerun_of: str | None = None
    cancelled: int | None = None
    in_flight: int | None = None


@dataclass(frozen=True, slots=True)
class PriorMessage:
    """An earlier message under the same id of the sender's, with the same body."""

    id: str
    state: State
    idempotency_seed: str
    rerun_of: str | None
    cancelled: int | None
    in_flight: int | None
    was_delivered: bool

    @property
    def may_rerun(self) -> bool:
        """Whether a repeat of it is accepted anew: it ended without anything delivered."""
        return self.state in RERUNNABLE and not self.was_delivered


_INSERT = Prepared(insert(message).inline(), inserting(message))
_INSERT_CONTENT = Prepared(insert(content).inline(), inserting(content))
_SAME_ID = (
    message.c.control_id == bindparam("control"),
    message.c.channel == bindparam("via"),
    message.c.source_application == bindparam("application"),
)
_IS_KNOWN = Prepared(select(message.c.sequence).where(*_SAME_ID).limit(1), ["control", "via", "application"])
_SAME_MESSAGE = Prepared(
    select(
        message.c.id,
        message.c.state,
        message.c.idempotency_seed,
        message.c.rerun_of,
        message.c.cancelled,
        message.c.in_flight,
        exists()
        .where(delivery.c.message_id == message.c.id, delivery.c.state == State.DELIVERED)
        .label("was_delivered"),
    )
    .where(*_SAME_ID, message.c.body_digest == bindparam("digest"))
    .order_by(message.c.sequence.desc())
    .limit(1),
    ["control", "via", "application", "digest"],
)


_WIPE = Prepared(delete(content).where(content.c.message_id == bindparam("of")), ["of"])
_WIPE_RAW = Prepared(
    delete(content).where(content.c.message_id == bindparam("of"), content.c.kind == ContentKind.RAW.value),
    ["of"],
)
_DELIVERY_STATES = select(delivery.c.state).where(delivery.c.message_id == bindparam("of"))
_SET_STATE = Prepared(
    update(message)
    .where(message.c.id == bindparam("of"))
    .values(state=bindparam("new", type_=message.c.state.type), ended_at=bindparam("ended", type_=Instant)),
    ["of", "new", "ended"],
)


def is_id_known(connection: Connection, new: NewMessage) -> bool:
    """Whether its sender gave an earlier message the same id."""
    return _IS_KNOWN.run(connection, _sent_as(new)) is not None


def same_message(connection: Connection, new: NewMessage) -> PriorMessage | None:
    """The newest earlier message that its sender gave the same id, with the same body."""
    row = _SAME_MESSAGE.run(connection, _sent_as(new) | {"digest": new.body_digest})
    return None if row is None else PriorMessage(*row)


def _sent_as(new: NewMessage) -> dict[str, str]:
    return {"via": new.channel, "application": new.source_application, "control": new.control_id}


def reserve(connection: Connection, new: NewMessage) -> None:
    """Be alone with the sender's message id and the person, until the transaction ends: before it is asked what came before."""
    one_at_a_time(connection, [f"sender|{new.channel}|{new.source_application}|{new.control_id}"])
    alone_with(connection, [new.subject_key] if new.subject_key else [])


def accept(connection: Connection, new: NewMessage, raw: Sealed | None = None) -> None:
    """Insert a message with its raw content; an accepted one takes the next position of its inbound lane."""
    row: dict[str, Any] = {name: getattr(new, name) for name in NewMessage.__slots__}
    row |= {"lane": None, "position": None, "ended_at": None}
    if new.state is State.ACCEPTED:
        if new.subject_key is None:
            raise ValueError("an accepted message needs a subject key: it waits in that person's lane")
        key = lanes.lane_key("inbound", new.channel, new.subject_key)
        row |= {"lane": key, "position": lanes.take_position(connection, "inbound", key, new.received_at)}
    else:
        check_transition(State.ACCEPTED, new.state)
        row["ended_at"] = new.received_at if new.state in ENDED else None
    _INSERT.run(connection, row)
    if raw is not None:
        store_content(connection, new.id, ContentKind.RAW, raw)
    record(connection, _first_events(new))


def store_content(connection: Connection, message_id: str, kind: ContentKind, sealed: Sealed) -> None:
    """Keep sealed content of a message until it is wiped."""
    _INSERT_CONTENT.run(
        connection,
        {
            "message_id": message_id,
            "kind": kind.value,
            "ciphertext": sealed.ciphertext,
            "key_day": sealed.key_day,
        },
    )


def wipe(connection: Connection, message_id: str) -> None:
    """Forget all content of a message."""
    _WIPE.run(connection, {"of": message_id})


def wipe_raw(connection: Connection, message_id: str) -> None:
    """Forget the bytes that arrived."""
    _WIPE_RAW.run(connection, {"of": message_id})


def held(connection: Connection, message_id: str) -> Mapping[ContentKind, Sealed]:
    """All content of a message that is still kept."""
    columns = (content.c.kind, content.c.ciphertext, content.c.key_day)
    kept = connection.execute(select(*columns).where(content.c.message_id == message_id))
    return {ContentKind(row.kind): Sealed(row.ciphertext, row.key_day) for row in kept}


def translated(connection: Connection, message_ids: Sequence[str]) -> Mapping[str, Sealed]:
    """The mapped Bundles that are still kept of these messages, by message."""
    columns = (content.c.message_id, content.c.ciphertext, content.c.key_day)
    kept = select(*columns).where(content.c.kind == ContentKind.TRANSLATED.value)
    return {
        row.message_id: Sealed(row.ciphertext, row.key_day)
        for batch in batches(message_ids)
        for row in connection.execute(kept.where(content.c.message_id.in_(batch)))
    }


def refresh(connection: Connection, message_id: str, now: datetime) -> None:
    """Derive a message's state from its deliveries, and wipe its content when none of them may still need it."""
    states = set(connection.scalars(_DELIVERY_STATES, {"of": message_id}))
    set_state(connection, message_id, message_state(states), now)
    if states <= FINAL:
        wipe(connection, message_id)


def refresh_all(connection: Connection, message_ids: Iterable[str], now: datetime) -> None:
    """The same for several messages, in a few statements; they must fit into one's conditions (``batches``)."""
    having: defaultdict[str, set[State]] = defaultdict(set)
    asked = select(delivery.c.message_id, delivery.c.state).where(
        delivery.c.message_id.in_(list(message_ids))
    )
    for message_id, state in connection.execute(asked.distinct()):
        having[message_id].add(state)
    alike: defaultdict[State, list[str]] = defaultdict(list)
    for message_id, states in having.items():
        alike[message_state(states)].append(message_id)
    for state, ids in alike.items():
        values = {"state": state, "ended_at": now if state in ENDED else None}
        connection.execute(update(message).where(message.c.id.in_(ids)).values(values))
    done = [message_id for message_id, states in having.items() if states <= FINAL]
    connection.execute(delete(content).where(content.c.message_id.in_(done)))


def set_state(connection: Connection, message_id: str, state: State, now: datetime) -> None:
    """Write a message's state; the caller has checked that it may change so."""
    ended_at = now if state in ENDED else None
    _SET_STATE.run(connection, {"of": message_id, "new": state, "ended": ended_at})


def _first_events(new: NewMessage) -> Sequence[NewEvent]:
    received = NewEvent(new.id, Stage.RECEIVED, new.received_at, codes=new.codes)
    if new.state in (State.ACCEPTED, State.QUEUED):
        return (received,)
    return (received, NewEvent(new.id, Stage(new.state.value), new.received_at))
