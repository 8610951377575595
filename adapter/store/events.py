"""The timeline of a message: which stage it reached, when, with which codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert

from adapter.store.prepared import Prepared, inserting
from adapter.store.tables import event


class Stage(StrEnum):
    """What happened. Each change of a delivery's state is a stage of the same name."""

    RECEIVED = "received"
    PARSED = "parsed"
    TRANSLATED = "translated"
    VALIDATED = "validated"
    DECIDED = "decided"
    INVALID = "invalid"
    WITHHELD = "withheld"
    QUEUED = "queued"
    SENDING = "sending"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    DEAD = "dead"
    CANCELLED = "cancelled"
    PURGED = "purged"
    FETCHED = "fetched"
    """A recipient that only calls got it in an answer."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One step of a message, or of one of its deliveries; ``codes`` never hold a value."""

    message_id: str
    stage: Stage
    at: datetime
    delivery_id: str | None = None
    codes: tuple[str, ...] = ()


_INSERT = Prepared(insert(event).inline(), inserting(event))


def record(connection: Connection, events: Iterable[NewEvent]) -> None:
    """Append to the timelines."""
    for step in events:
        _INSERT.run(connection, {name: getattr(step, name) for name in NewEvent.__slots__})
