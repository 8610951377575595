"""Stopping what waits: revocations, blocks, newer versions, an admin's cancel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from adapter.domain.states import State
from adapter.store.deliveries import BRIEF, WAITING, Brief, NewDelivery, briefs, change_all
from adapter.store.tables import delivery

SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class PendingDelivery:
    """A delivery that has not ended, as a decision needs to see it."""

    id: str
    state: State
    agreement: str
    sender_party: str
    sender_unit: str | None
    recipient_party: str
    recipient_unit: str | None
    record_types: tuple[str, ...]
    person_key: str


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
    columns = [delivery.c[name] for name in PendingDelivery.__slots__]
    states = (*WAITING, State.SENDING, State.DEAD)
    statement = select(*columns).where(
        delivery.c.person_key.in_(list(person_keys)), delivery.c.state.in_(states)
    )
    return [PendingDelivery(*row) for row in connection.execute(statement.order_by(delivery.c.sequence))]


def cancel(connection: Connection, ids: Iterable[str], code: str, now: datetime) -> Cancelled:
    """Cancel deliveries that wait (queued, retrying, held, dead); those that are sending go on and are named."""
    found = briefs(connection, delivery.c.id.in_(list(ids)))
    stopped = [one for one in found if one.state in (*WAITING, State.DEAD)]
    change_all(connection, stopped, State.CANCELLED, now, (code,))
    return Cancelled(len(stopped), tuple(one.id for one in found if one.state is State.SENDING))


def supersede(connection: Connection, newer: NewDelivery, now: datetime) -> int:
    """Cancel older versions of the same record that wait for the same recipient; returns how many."""
    if newer.record_key is None:
        return 0
    asked = {name: getattr(newer, name) for name in _SAME_WAY} | {"mode": newer.mode.value}
    older = [Brief(*row) for row in connection.execute(_OLDER, asked)]
    change_all(connection, older, State.CANCELLED, now, (SUPERSEDED,))
    return len(older)
