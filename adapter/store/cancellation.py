"""Stopping what waits: revocations, blocks, newer versions, an admin's cancel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from adapter.domain.states import State
from adapter.store.batches import batches
from adapter.store.deliveries import BRIEF, WAITING, Brief, NewDelivery, briefs, change_all
from adapter.store.tables import delivery

SUPERSEDED = "superseded"
BASIS_ENDED = "basis-ended"
"""What an attempt that is under way stands on has ended: it is not made again."""


@dataclass(frozen=True, slots=True)
class PendingDelivery:
    """A delivery that has not ended, as a decision needs to see it."""

    id: str
    message_id: str
    state: State
    agreement: str
    sender_party: str
    sender_unit: str | None
    recipient_party: str
    recipient_unit: str | None
    record_types: tuple[str, ...]
    person_key: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """How many deliveries were stopped, and the ids of those whose attempt was already under way."""

    cancelled: int
    sending: tuple[str, ...]


_SAME_WAY = ("record_key", "agreement", "recipient_party", "recipient_unit", "recipient_system", "mode")
_OLDER = BRIEF.where(
    delivery.c.state.in_(WAITING),
    *(delivery.c[name].is_not_distinct_from(bindparam(name)) for name in _SAME_WAY[1:]),
    delivery.c.record_key == bindparam("record_key"),
)


def pending(connection: Connection, person_keys: Iterable[str]) -> Sequence[PendingDelivery]:
    """Everything about a person that has not ended, dead letters included (they may be replayed)."""
    of_person = delivery.c.person_key.in_(list(person_keys))
    states = (*WAITING, State.SENDING, State.DEAD)
    return _pending(connection, of_person, delivery.c.state.in_(states))


def departed(connection: Connection, person_keys: Iterable[str]) -> Sequence[PendingDelivery]:
    """Those whose attempt is under way although what they stand on has ended."""
    of_person = delivery.c.person_key.in_(list(person_keys))
    sending = _pending(connection, of_person, delivery.c.state == State.SENDING)
    return [one for one in sending if BASIS_ENDED in one.codes]


def cancel(connection: Connection, ids: Iterable[str], code: str, now: datetime) -> Cancelled:
    """Cancel deliveries that wait (queued, retrying, held, dead); those that are sending go on and are named."""
    found = briefs(connection, delivery.c.id.in_(list(ids)))
    stopped = [one for one in found if one.state in (*WAITING, State.DEAD)]
    change_all(connection, stopped, State.CANCELLED, now, (code,))
    return Cancelled(len(stopped), tuple(one.id for one in found if one.state is State.SENDING))


def end_basis(connection: Connection, ids: Sequence[str], code: str, now: datetime) -> None:
    """Cancel deliveries because what they stand on has ended, for the reason ``code``; those that are sending are marked."""
    sending: list[str] = []
    for batch in batches(ids):
        sending += cancel(connection, batch, code, now).sending
    for one in briefs(connection, delivery.c.id.in_(sending)):
        codes = tuple(dict.fromkeys((*one.codes, BASIS_ENDED, code)))
        connection.execute(update(delivery).where(delivery.c.id == one.id).values(codes=codes))


def supersede(connection: Connection, newer: NewDelivery, now: datetime) -> int:
    """Cancel older versions of the same record that wait for the same recipient; returns how many."""
    if newer.record_key is None:
        return 0
    asked = {name: getattr(newer, name) for name in _SAME_WAY} | {"mode": newer.mode.value}
    older = [Brief(*row) for row in connection.execute(_OLDER, asked)]
    change_all(connection, older, State.CANCELLED, now, (SUPERSEDED,))
    return len(older)


def _pending(connection: Connection, *where: ColumnElement[bool]) -> Sequence[PendingDelivery]:
    """Deliveries of records: a notice stands on nothing that could end."""
    columns = [delivery.c[name] for name in PendingDelivery.__slots__]
    statement = (
        select(*columns).where(*where, delivery.c.ended_consent.is_(None)).order_by(delivery.c.sequence)
    )
    return [PendingDelivery(*row) for row in connection.execute(statement)]
