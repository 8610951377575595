"""Reruns: repeats of a message that were accepted anew, since it had ended with nothing delivered. Each names the first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from adapter.domain.states import State
from adapter.store.tables import message


@dataclass(frozen=True, slots=True)
class Rerun:
    """A repeat in the log."""

    id: str
    received_at: datetime
    state: State


_COLUMNS = [message.c[name] for name in Rerun.__slots__]


def reruns(connection: Connection, message_id: str, limit: int = 50) -> Sequence[Rerun]:
    """The repeats of a message, newest first."""
    repeats = select(*_COLUMNS).where(message.c.rerun_of == message_id)
    rows = connection.execute(repeats.order_by(message.c.sequence.desc()).limit(limit))
    return [Rerun(*row) for row in rows]


def newest_reruns(connection: Connection, message_ids: Iterable[str]) -> Mapping[str, Rerun]:
    """The last repeat of each of these messages that has any."""
    first = message.c.rerun_of
    newest = select(func.max(message.c.sequence)).where(first.in_(message_ids)).group_by(first)
    rows = connection.execute(select(first, *_COLUMNS).where(message.c.sequence.in_(newest)))
    return {row.rerun_of: Rerun(*row[1:]) for row in rows}
