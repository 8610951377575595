"""Holds: the sender's outbox for a recipient that only calls. Sealed, never listable, at most 72 hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, literal, select, update

from adapter.domain.records import Mode
from adapter.domain.states import State
from adapter.store.deliveries import briefs, change_all
from adapter.store.events import NewEvent, Stage, record
from adapter.store.messages import ContentKind
from adapter.store.tables import Instant, answer, content, delivery, message
from adapter.store.vault import Sealed


@dataclass(frozen=True, slots=True)
class HeldDelivery:
    """A held delivery with its sealed Bundle."""

    id: str
    message_id: str
    agreement: str
    sender_party: str
    sender_unit: str | None
    recipient_party: str
    recipient_unit: str | None
    record_types: tuple[str, ...]
    person_key: str
    record_key: str | None
    hold_expires_at: datetime
    confirmable: bool
    received_at: datetime
    translated: Sealed


_COLUMNS = [delivery.c[name] for name in HeldDelivery.__slots__ if name in delivery.c]


_HELD = (
    select(*_COLUMNS, message.c.received_at, content.c.ciphertext, content.c.key_day)
    .join(message, message.c.id == delivery.c.message_id)
    .join(content, and_(content.c.message_id == message.c.id, content.c.kind == ContentKind.TRANSLATED.value))
    .where(
        delivery.c.person_key.in_(bindparam("keys", expanding=True)),
        delivery.c.state == State.QUEUED,
        delivery.c.mode == Mode.HOLD.value,
        delivery.c.recipient_party == bindparam("party"),
        delivery.c.hold_expires_at > bindparam("at", type_=Instant),
    )
    .order_by(delivery.c.sequence)
)


def held(
    connection: Connection,
    person_keys: Iterable[str],
    recipient_party: str,
    now: datetime,
    *,
    agreement: str | None = None,
) -> Sequence[HeldDelivery]:
    """What waits for a recipient about one person, oldest first."""
    asked = {"keys": list(person_keys), "party": recipient_party, "at": now}
    found = [_held(row) for row in connection.execute(_HELD, asked)]
    return [one for one in found if agreement in (None, one.agreement)]


def still_held(connection: Connection, ids: Iterable[str]) -> frozenset[str]:
    """Those of the deliveries that are still held: compared in the transaction that releases them."""
    statement = select(delivery.c.id).where(delivery.c.id.in_(list(ids)), delivery.c.state == State.QUEUED)
    return frozenset(connection.scalars(statement))


def mark_fetched(connection: Connection, ids: Iterable[str], now: datetime) -> None:
    """The recipient gets these deliveries in an answer: in one transaction with the audit row."""
    fetched = briefs(connection, delivery.c.id.in_(list(ids)))
    connection.execute(
        update(delivery)
        .where(delivery.c.id.in_([one.id for one in fetched]))
        .values(released_at=func.coalesce(delivery.c.released_at, literal(now, Instant)))
    )
    record(connection, [NewEvent(one.message_id, Stage.FETCHED, now, one.id) for one in fetched])


def record_answer(
    connection: Connection,
    answer_id: str,
    recipient_party: str,
    delivery_ids: Iterable[str],
    expires_at: datetime,
) -> None:
    """Remember which deliveries an answer carried, under its Bundle.identifier, so that its receipt can be confirmed."""
    shared: dict[str, Any] = {"id": answer_id, "recipient_party": recipient_party, "expires_at": expires_at}
    rows = [{**shared, "delivery_id": delivery_id} for delivery_id in delivery_ids]
    if rows:
        connection.execute(insert(answer), rows)


def confirm(
    connection: Connection, answer_id: str, recipient_party: str, now: datetime
) -> Sequence[str] | None:
    """The recipient has an answer safely: its confirmable deliveries are delivered and wiped.

    Returns the ids of those that this confirmation ended (a second one ends none), or None if no answer of that id was given
    to that party.
    """
    mine = select(answer.c.delivery_id).where(
        answer.c.id == answer_id, answer.c.recipient_party == recipient_party, answer.c.expires_at > now
    )
    ids = list(connection.scalars(mine))
    if not ids:
        return None
    confirmed = briefs(
        connection, delivery.c.id.in_(ids), delivery.c.state == State.QUEUED, delivery.c.confirmable
    )
    change_all(connection, confirmed, State.DELIVERED, now)
    return [one.id for one in confirmed]


def _held(row: Row[*tuple[Any, ...]]) -> HeldDelivery:
    fields = row._asdict()
    sealed = Sealed(fields.pop("ciphertext"), fields.pop("key_day"))
    return HeldDelivery(translated=sealed, **fields)
