"""Holds: the sender's outbox for a recipient that only calls. Sealed, never listable, at most 72 hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from adapter.domain.records import Mode
from adapter.domain.states import State
from adapter.store.columns import Instant
from adapter.store.deliveries import briefs, change_all
from adapter.store.events import NewEvent, Stage, record
from adapter.store.messages import ContentKind
from adapter.store.persons import alone_with_those
from adapter.store.prepared import Prepared, inserting
from adapter.store.tables import answer, content, delivery, message
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
_HELD = Prepared(
    select(*_COLUMNS, message.c.received_at, content.c.ciphertext, content.c.key_day)
    .join(message, message.c.id == delivery.c.message_id)
    .join(content, and_(content.c.message_id == message.c.id, content.c.kind == ContentKind.TRANSLATED.value))
    .where(
        delivery.c.person_key == bindparam("of"),
        delivery.c.state == State.QUEUED,
        delivery.c.mode == Mode.HOLD.value,
        delivery.c.recipient_party == bindparam("party"),
        delivery.c.hold_expires_at > bindparam("at", type_=Instant),
    )
    .order_by(delivery.c.sequence),
    ["of", "party", "at"],
)
_IS_HELD = Prepared(
    select(delivery.c.id).where(delivery.c.id == bindparam("of"), delivery.c.state == State.QUEUED), ["of"]
)
_FETCHED = Prepared(
    update(delivery)
    .where(delivery.c.id == bindparam("of"))
    .values(released_at=func.coalesce(delivery.c.released_at, bindparam("at", type_=Instant)))
    .returning(delivery.c.message_id),
    ["of", "at"],
)
_ANSWER = Prepared(insert(answer).inline(), inserting(answer))


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """What one answer showed of a held delivery: references (``Type/id``), and all that the recipient may ask for of it."""

    delivery_id: str
    recipient_party: str
    shown: frozenset[str]
    whole: frozenset[str]
    expires_at: datetime


def held(
    connection: Connection,
    person_keys: Iterable[str],
    recipient_party: str,
    now: datetime,
    *,
    agreement: str | None = None,
) -> Sequence[HeldDelivery]:
    """What waits for a recipient about one person; under each key, oldest first."""
    asked = {"party": recipient_party, "at": now}
    rows = (row for key in sorted(person_keys) for row in _HELD.rows(connection, asked | {"of": key}))
    found = [HeldDelivery(*[*columns, Sealed(text, day)]) for *columns, text, day in rows]
    return [one for one in found if agreement in (None, one.agreement)]


def still_held(connection: Connection, ids: Iterable[str]) -> frozenset[str]:
    """Those of the deliveries that are still held: compared in the transaction that releases them."""
    return frozenset(one for one in ids if _IS_HELD.run(connection, {"of": one}) is not None)


def mark_fetched(connection: Connection, ids: Iterable[str], now: datetime) -> None:
    """The recipient gets these deliveries in an answer: in one transaction with the audit row."""
    for one in ids:
        for (message_id,) in _FETCHED.rows(connection, {"of": one, "at": now}):
            record(connection, [NewEvent(message_id, Stage.FETCHED, now, one)])


def record_answer(connection: Connection, answer_id: str, parts: Iterable[AnswerPart]) -> None:
    """Remember what an answer carried, under its Bundle.identifier, so that its receipt can be confirmed."""
    for part in parts:
        row = {name: getattr(part, name) for name in AnswerPart.__slots__}
        _ANSWER.run(connection, row | {"id": answer_id})


def answered_about(connection: Connection, answer_id: str, recipient_party: str, now: datetime) -> str | None:
    """The person key of whom an answer that may still be confirmed is about; None if no such answer was given to that party."""
    statement = (
        select(delivery.c.person_key)
        .join(answer, answer.c.delivery_id == delivery.c.id)
        .where(
            answer.c.id == answer_id, answer.c.recipient_party == recipient_party, answer.c.expires_at > now
        )
    )
    key: str | None = connection.scalar(statement.limit(1))
    return key


def confirm(connection: Connection, answer_id: str, recipient_party: str, now: datetime) -> None:
    """The recipient has an answer safely: confirmable deliveries of which it now has the whole are delivered and wiped.

    Nothing happens for an answer that was not given to that party.
    """
    mine = (answer.c.id == answer_id, answer.c.recipient_party == recipient_party, answer.c.expires_at > now)
    ids = list(connection.scalars(select(answer.c.delivery_id).where(*mine)))
    alone_with_those(connection, select(delivery.c.person_key).where(delivery.c.id.in_(ids)))
    connection.execute(update(answer).where(*mine).values(confirmed_at=now))
    whole = [
        delivery_id for delivery_id in ids if _has_whole(connection, answer_id, delivery_id, recipient_party)
    ]
    confirmed = briefs(
        connection, delivery.c.id.in_(whole), delivery.c.state == State.QUEUED, delivery.c.confirmable
    )
    change_all(connection, confirmed, State.DELIVERED, now)


def _has_whole(connection: Connection, answer_id: str, delivery_id: str, recipient_party: str) -> bool:
    """Whether the answers that a party has confirmed show together what this one says is the whole."""
    confirmed = connection.execute(
        select(answer.c.id, answer.c.shown, answer.c.whole).where(
            answer.c.delivery_id == delivery_id,
            answer.c.recipient_party == recipient_party,
            answer.c.confirmed_at.is_not(None),
        )
    ).all()
    whole = next(frozenset(row.whole) for row in confirmed if row.id == answer_id)
    return whole <= {reference for row in confirmed for reference in row.shown}
