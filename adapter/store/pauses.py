"""Pauses: recipients' systems to which nothing is delivered until somebody lets it go on. Each claim of work asks for them.

What waits keeps its place and its states; what was under way ends as it would have.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from adapter.domain.errors import IllegalTransition
from adapter.store import breakers, lanes
from adapter.store.prepared import Prepared
from adapter.store.tables import pause
from adapter.store.upsert import INSERT_OF


@dataclass(frozen=True, slots=True)
class Pause:
    """Of a party's system in an agreement: since when, by whom, and why (``sealed``)."""

    system: str
    agreement: str
    party: str
    paused_at: datetime
    by: str
    sealed: bytes


_IS_PAUSED: Final = Prepared(select(pause.c.system).where(pause.c.system == bindparam("of")), ["of"])


def is_paused(connection: Connection, system: str) -> bool:
    """Whether nothing is to be delivered to a system."""
    return _IS_PAUSED.run(connection, {"of": system}) is not None


def begin(connection: Connection, new: Pause) -> None:
    """Deliver nothing to a system from the next claim on; raises IllegalTransition if it is paused already."""
    row = {name: getattr(new, name) for name in Pause.__slots__}
    added = INSERT_OF[connection.dialect.name](pause).values(row).on_conflict_do_nothing()
    if connection.execute(added).rowcount != 1:
        raise IllegalTransition("pause")


def end(connection: Connection, system: str, now: datetime) -> None:
    """Let a system's deliveries go on, all that waits at once; raises IllegalTransition if it is not paused."""
    if connection.execute(delete(pause).where(pause.c.system == system)).rowcount != 1:
        raise IllegalTransition("pause")
    breakers.probe_at_once(connection, now, system)
    lanes.hasten(connection, system, now)


def end_all_but(connection: Connection, systems: Collection[str]) -> None:
    """End the pauses of all other systems: no agreement has them any more, and what waits for them is to be withheld."""
    connection.execute(delete(pause).where(pause.c.system.not_in(systems)))


def pauses(connection: Connection) -> Mapping[str, Pause]:
    """Every pause, by system."""
    columns = [pause.c[name] for name in Pause.__slots__]
    return {row.system: Pause(*row) for row in connection.execute(select(*columns))}
