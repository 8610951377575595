"""Drift: how often each sender sent a field that no rule used, by month. Names of fields alone, never what stood in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from adapter.domain.instants import stockholm_date
from adapter.store.batches import batches
from adapter.store.columns import Instant
from adapter.store.tables import unmapped_field
from adapter.store.upsert import Upsert

MOST_FIELDS: Final = 1_000
"""Fields of one channel that are told apart."""
OTHERS: Final = "(others)"
"""All that come after them."""

_COUNT: Final = Upsert(
    unmapped_field,
    ("channel", "path", "month"),
    lambda new: {"count": unmapped_field.c.count + 1, "last_at": new.last_at},
)


@dataclass(frozen=True, slots=True)
class UnmappedField:
    """A field that a channel's sender sent in a month (``2026-11``, Stockholm): in how many messages, and when first and last in it."""

    channel: str
    path: str
    month: str
    count: int
    first_at: datetime
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DriftingField:
    """A field that a channel's sender has sent: in how many messages, and when first and last of all."""

    channel: str
    path: str
    count: int
    first_at: datetime
    last_at: datetime


_COLUMNS = [unmapped_field.c[name] for name in UnmappedField.__slots__]


def note(connection: Connection, channel: str, paths: Collection[str], now: datetime) -> tuple[str, ...]:
    """Count one message's unmapped fields; returns those that its channel never sent before. Call it last in a transaction.

    The rows are taken in one order, so that no two transactions wait for each other.
    """
    if not paths:
        return ()
    known = _known(connection, channel, paths)
    new = sorted(set(paths) - known)
    room = max(0, MOST_FIELDS - _number(connection, channel)) if new else 0
    counted = {*known, *new[:room], *([OTHERS] if new[room:] else [])}
    for path in sorted(counted):
        row = {"channel": channel, "path": path, "month": _month(now), "count": 1}
        _COUNT.run(connection, row | {"first_at": now, "last_at": now})
    return tuple(new[:room])


def unmapped_fields(connection: Connection, channel: str | None = None) -> Sequence[UnmappedField]:
    """The counts, the newest month first, in it the most frequent first."""
    found = select(*_COLUMNS).order_by(
        unmapped_field.c.month.desc(),
        unmapped_field.c.count.desc(),
        unmapped_field.c.channel,
        unmapped_field.c.path,
    )
    if channel is not None:
        found = found.where(unmapped_field.c.channel == channel)
    return [UnmappedField(*row) for row in connection.execute(found)]


def drifting_fields(
    connection: Connection, channels: Collection[str] | None = None, limit: int = MOST_FIELDS
) -> Sequence[DriftingField]:
    """The fields of these channels (None: of all) over all months, those that came for the first time last first."""
    first = func.min(unmapped_field.c.first_at, type_=Instant)
    last = func.max(func.coalesce(unmapped_field.c.last_at, unmapped_field.c.first_at), type_=Instant)
    by = (unmapped_field.c.channel, unmapped_field.c.path)
    found = select(*by, func.sum(unmapped_field.c.count), first, last).group_by(*by)
    if channels is not None:
        found = found.where(unmapped_field.c.channel.in_(channels))
    rows = connection.execute(found.order_by(first.desc(), *by).limit(limit))
    return [DriftingField(row[0], row[1], int(row[2]), row[3], row[4]) for row in rows]


def _known(connection: Connection, channel: str, paths: Collection[str]) -> set[str]:
    found = select(unmapped_field.c.path).where(unmapped_field.c.channel == channel)
    return {
        path
        for batch in batches(sorted(paths))
        for path in connection.scalars(found.where(unmapped_field.c.path.in_(batch)))
    }


def _number(connection: Connection, channel: str) -> int:
    paths = func.count(unmapped_field.c.path.distinct())
    return connection.scalar(select(paths).where(unmapped_field.c.channel == channel)) or 0


def _month(now: datetime) -> str:
    return stockholm_date(now).strftime("%Y-%m")
