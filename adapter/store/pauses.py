"""Pauses: what is left alone until somebody lets it go on. Asked for at each claim of work, and at each acceptance of a record.

What waits for a paused system keeps its place and its states; what was under way ends as it would have.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from adapter.domain.errors import IllegalTransition
from adapter.store import breakers, lanes
from adapter.store.prepared import Prepared
from adapter.store.tables import channel_pause, pause
from adapter.store.upsert import INSERT_OF


class Paused(StrEnum):
    """What is paused; the value is the name by which a sealed reason is bound to its row."""

    SYSTEM = "Pause"
    """A recipient's system, to which nothing is delivered."""
    CHANNEL = "ChannelPause"
    """A channel, by which no record is taken."""


_TABLES: Final = {Paused.SYSTEM: pause, Paused.CHANNEL: channel_pause}
_KEYS: Final = {Paused.SYSTEM: pause.c.system, Paused.CHANNEL: channel_pause.c.channel}
_IS_PAUSED: Final = {
    kind: Prepared(select(key).where(key == bindparam("of")), ["of"]) for kind, key in _KEYS.items()
}


@dataclass(frozen=True, slots=True)
class Pause:
    """Of a party's system or channel (``id``) in an agreement: since when, by whom, and why (``sealed``)."""

    kind: Paused
    id: str
    agreement: str
    party: str
    paused_at: datetime
    by: str
    sealed: bytes


def is_paused(connection: Connection, kind: Paused, of: str) -> bool:
    """Whether nothing is to be delivered to a system, or no record to be taken by a channel."""
    return _IS_PAUSED[kind].run(connection, {"of": of}) is not None


def begin(connection: Connection, new: Pause) -> None:
    """From the next claim or acceptance on; raises IllegalTransition if it is paused already."""
    row = (new.id, new.agreement, new.party, new.paused_at, new.by, new.sealed)
    added = INSERT_OF[connection.dialect.name](_TABLES[new.kind]).values(row).on_conflict_do_nothing()
    if connection.execute(added).rowcount != 1:
        raise IllegalTransition("pause")


def end(connection: Connection, kind: Paused, of: str) -> None:
    """The pause alone; raises IllegalTransition if there is none."""
    if connection.execute(delete(_TABLES[kind]).where(_KEYS[kind] == of)).rowcount != 1:
        raise IllegalTransition("pause")


def resume_deliveries(connection: Connection, system: str, now: datetime) -> None:
    """End a system's pause and let its deliveries go on, all that waits at once. Raises as ``end``."""
    end(connection, Paused.SYSTEM, system)
    breakers.probe_at_once(connection, now, system)
    lanes.hasten(connection, system, now)


def end_all_but(connection: Connection, kind: Paused, ids: Collection[str]) -> None:
    """End the pauses of all others: no agreement has them any more, and what waits for a system is to be withheld."""
    connection.execute(delete(_TABLES[kind]).where(_KEYS[kind].not_in(ids)))


def pauses(connection: Connection, kind: Paused) -> Mapping[str, Pause]:
    """Every pause, by the id of what is paused."""
    found = (Pause(kind, *row) for row in connection.execute(select(_TABLES[kind])))
    return {one.id: one for one in found}
