"""How an exchange is doing: what came in and went on hour by hour, what waits, what is dead. Only what the reader may see is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, func, literal_column, select, type_coerce

from adapter.domain.states import State
from adapter.store.columns import instant, microseconds
from adapter.store.deliveries import WAITING
from adapter.store.sight import Views, own, shown_delivery
from adapter.store.tables import delivery, message

HOUR: Final = timedelta(hours=1)
_HOUR: Final = HOUR // timedelta(microseconds=1)
# Written out, not bound: only so does PostgreSQL see that what is selected is what is grouped by.
_HOUR_WRITTEN: Final = literal_column(str(_HOUR), BigInteger)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What has not ended: how many, and when the oldest of them came."""

    count: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Inflow:
    """What one channel brought, by the hour at whose start it is counted, and what of it waits for a worker."""

    agreement: str
    channel: str
    taken: Mapping[datetime, int] = field(default_factory=dict)
    withheld: int = 0
    invalid: int = 0
    waiting: Waiting = Waiting()


@dataclass(frozen=True, slots=True)
class Outflow:
    """What went to one recipient: its system, or None where the party fetches; ``dead`` is what lies there now."""

    agreement: str
    party: str
    system: str | None
    delivered: Mapping[datetime, int] = field(default_factory=dict)
    withheld: int = 0
    dead: int = 0
    waiting: Waiting = Waiting()


_Key = tuple[Any, ...]
_CHANNEL: Final = (message.c.agreement, message.c.channel)
_RECIPIENT: Final = (delivery.c.agreement, delivery.c.recipient_party, delivery.c.recipient_system)


def inflows(connection: Connection, since: datetime, views: Views | None = None) -> Sequence[Inflow]:
    """What the reader's parties sent since an instant, and what of it waits, by agreement and channel."""
    mine = own(views)
    recent = (message.c.received_at >= since, mine)
    taken = _by_hour(connection, _CHANNEL, message.c.received_at, recent)
    ended = _by_state(connection, _CHANNEL, message.c.state, recent)
    waiting = _waiting(connection, _CHANNEL, message.c.received_at, (message.c.state == State.ACCEPTED, mine))
    return [
        Inflow(
            agreement=key[0],
            channel=key[1],
            taken=taken.get(key, {}),
            withheld=ended.get((*key, State.WITHHELD), 0),
            invalid=ended.get((*key, State.INVALID), 0),
            waiting=waiting.get(key, Waiting()),
        )
        for key in _sorted({*taken, *waiting})
    ]


def outflows(connection: Connection, since: datetime, views: Views | None = None) -> Sequence[Outflow]:
    """Where what the reader's parties sent went since an instant, and what was released to them; what waits and is dead now."""
    shown = shown_delivery(views)
    ended = (delivery.c.ended_at >= since, shown)
    delivered = (delivery.c.state == State.DELIVERED, *ended)
    gone = _by_hour(connection, _RECIPIENT, delivery.c.ended_at, delivered)
    stopped = _by_state(
        connection, _RECIPIENT, delivery.c.state, (delivery.c.state == State.WITHHELD, *ended)
    )
    dead = _by_state(connection, _RECIPIENT, delivery.c.state, (delivery.c.state == State.DEAD, shown))
    unended = (delivery.c.state.in_((*WAITING, State.SENDING)), shown)
    waiting = _waiting(connection, _RECIPIENT, delivery.c.created_at, unended)
    keys = {*gone, *waiting, *(key[:-1] for key in (*stopped, *dead))}
    return [
        Outflow(
            agreement=key[0],
            party=key[1],
            system=key[2],
            delivered=gone.get(key, {}),
            withheld=stopped.get((*key, State.WITHHELD), 0),
            dead=dead.get((*key, State.DEAD), 0),
            waiting=waiting.get(key, Waiting()),
        )
        for key in _sorted(keys)
    ]


def start_of_hour(at: datetime) -> datetime:
    """The whole hour, UTC, that an instant lies in."""
    return instant(microseconds(at) // _HOUR * _HOUR)


def _by_hour(
    connection: Connection,
    by: Sequence[ColumnElement[Any]],
    at: ColumnElement[datetime],
    where: Iterable[ColumnElement[bool]],
) -> Mapping[_Key, Mapping[datetime, int]]:
    hour = type_coerce(at, BigInteger) // _HOUR_WRITTEN
    counted = select(*by, hour, func.count()).where(*where).group_by(*by, hour)
    found: dict[_Key, dict[datetime, int]] = {}
    for *key, number, count in connection.execute(counted):
        found.setdefault(tuple(key), {})[instant(number * _HOUR)] = count
    return found


def _by_state(
    connection: Connection,
    by: Sequence[ColumnElement[Any]],
    state: ColumnElement[State],
    where: Iterable[ColumnElement[bool]],
) -> Mapping[_Key, int]:
    counted = select(*by, state, func.count()).where(*where).group_by(*by, state)
    return {tuple(key): count for *key, count in connection.execute(counted)}


def _waiting(
    connection: Connection,
    by: Sequence[ColumnElement[Any]],
    at: ColumnElement[datetime],
    where: Iterable[ColumnElement[bool]],
) -> Mapping[_Key, Waiting]:
    counted = select(*by, func.count(), func.min(at)).where(*where).group_by(*by)
    return {tuple(key): Waiting(count, oldest) for *key, count, oldest in connection.execute(counted)}


def _sorted(keys: Iterable[_Key]) -> Iterator[_Key]:
    return iter(sorted(keys, key=lambda key: tuple(part or "" for part in key)))
