"""What administrators did to messages by the console: who, when, what, and, sealed, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from adapter.store.tables import intervention


@dataclass(frozen=True, slots=True)
class Intervention:
    """One act. ``what`` is retry, cancel or replay, ``count`` how many deliveries it changed.

    ``sealed`` (Keyring.seal_registry, row = ``Intervention/id``) holds the reason in words.
    """

    id: str
    message_id: str
    at: datetime
    by: str
    what: str
    count: int
    sealed: bytes


_COLUMNS = [intervention.c[name] for name in Intervention.__slots__]


def add(connection: Connection, one: Intervention) -> None:
    """Note an act, in its own transaction."""
    connection.execute(insert(intervention), {name: getattr(one, name) for name in Intervention.__slots__})


def interventions(connection: Connection, message_id: str) -> Sequence[Intervention]:
    """What was done to a message, newest first."""
    found = select(*_COLUMNS).where(intervention.c.message_id == message_id)
    return [Intervention(*row) for row in connection.execute(found.order_by(intervention.c.sequence.desc()))]
