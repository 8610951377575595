"""Circuit breakers: a recipient's system that fails again and again is left alone, but for one delivery now and then.

A row counts failures in passing in a row, whoever's delivery it was; none stands for a system that answered last. With ``retry_at``
it is open until then, and half open from then on: one delivery may try.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from adapter.domain.perseverance import LONGEST_PAUSE, Tolerance
from adapter.store.prepared import Prepared
from adapter.store.tables import breaker
from adapter.store.upsert import Upsert


class Position(StrEnum):
    """Of a breaker that is not closed."""

    OPEN = "open"
    """Nothing is sent."""
    HALF_OPEN = "half-open"
    """The next delivery, or one that is under way, is the probe."""


_COUNT: Final = Upsert(
    breaker, ["system"], lambda _: {"failures": breaker.c.failures + 1}, returning="failures"
)
_KNOWN: Final = Prepared(
    select(breaker.c.retry_at).where(breaker.c.system == bindparam("of")).with_for_update(), ["of"]
)


def position(connection: Connection, system: str, now: datetime) -> Position | None:
    """How a system's breaker stands, None if it is closed; nobody else moves one that is not until the transaction ends."""
    found = _KNOWN.run(connection, {"of": system})
    return None if found is None or found[0] is None else _position(found[0], now)


def begin_probe(connection: Connection, system: str, until: datetime) -> None:
    """A delivery was claimed as the probe of a half-open breaker: no other follows before it has ended, or before ``until``."""
    connection.execute(update(breaker).where(breaker.c.system == system).values(retry_at=until))


def end_probe(connection: Connection, system: str, until: datetime, now: datetime) -> None:
    """The probe that was begun ``until`` then ended without telling how the system is (it was withheld, or refused for good): the next one may try."""
    probing = breaker.c.system == system, breaker.c.retry_at == until
    connection.execute(update(breaker).where(*probing).values(retry_at=now))


def failed(connection: Connection, system: str, now: datetime, tolerance: Tolerance) -> bool:
    """Count a failure in passing; True if it opened the breaker."""
    failures = _COUNT.run(connection, {"system": system, "failures": 1})
    if failures < tolerance.failures:
        return False
    opened = update(breaker).where(breaker.c.system == system, breaker.c.opened_at.is_(None))
    is_new = connection.execute(opened.values(opened_at=now)).rowcount == 1
    connection.execute(
        update(breaker).where(breaker.c.system == system).values(retry_at=now + tolerance.pause)
    )
    return is_new


def answered(connection: Connection, system: str) -> bool:
    """A system has taken a delivery: what was counted is forgotten. Whether that closed its breaker."""
    found = _KNOWN.run(connection, {"of": system})
    if found is None:
        return False
    connection.execute(delete(breaker).where(breaker.c.system == system))
    return found[0] is not None


def probe_at_once(connection: Connection, now: datetime, system: str | None = None) -> None:
    """At the serving process's start, or when a system's pause ends: what was left open is tried now, and once."""
    waiting = update(breaker).where(breaker.c.retry_at > now)
    if system is not None:
        waiting = waiting.where(breaker.c.system == system)
    connection.execute(waiting.values(retry_at=now))


def next_probes(connection: Connection, now: datetime) -> Mapping[str, datetime]:
    """When the next delivery may try, for every breaker that is open, by system."""
    rows = connection.execute(select(breaker.c.system, breaker.c.retry_at).where(breaker.c.retry_at > now))
    return {row.system: row.retry_at for row in rows if _position(row.retry_at, now) is Position.OPEN}


def standing(connection: Connection, now: datetime) -> Mapping[str, Position]:
    """Every breaker that is not closed, by system."""
    rows = connection.execute(
        select(breaker.c.system, breaker.c.retry_at).where(breaker.c.retry_at.is_not(None))
    )
    return {row.system: _position(row.retry_at, now) for row in rows}


def _position(retry_at: datetime, now: datetime) -> Position:
    return Position.OPEN if now < retry_at <= now + LONGEST_PAUSE else Position.HALF_OPEN
