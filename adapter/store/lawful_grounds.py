"""Releases without consent, by person key: what a sender's official filed for a day. Nothing personal stands here.

Each change raises the person's epoch in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from adapter.store import persons
from adapter.store.prepared import Prepared
from adapter.store.tables import lawful_ground


@dataclass(frozen=True, slots=True)
class GroundRow:
    """One release without consent. The units are HSA-ids, ``ground`` a code of the gate's grounds."""

    id: str
    person_key: str
    agreement: str
    sender_unit: str
    recipient_unit: str
    record_types: tuple[str, ...]
    ground: str
    filed_at: datetime
    ends_at: datetime


# Every decision asks this.
_OF_PERSON = Prepared(
    select(*[lawful_ground.c[name] for name in GroundRow.__slots__])
    .where(lawful_ground.c.person_key == bindparam("of"))
    .order_by(lawful_ground.c.filed_at, lawful_ground.c.id),
    ["of"],
)


def file_ground(connection: Connection, row: GroundRow) -> None:
    """File a release without consent: in force with this transaction."""
    connection.execute(insert(lawful_ground), {name: getattr(row, name) for name in GroundRow.__slots__})
    persons.raise_epoch(connection, row.person_key)


def grounds_of(connection: Connection, person_keys: Iterable[str]) -> Sequence[GroundRow]:
    """Everything that was ever filed for a person, ended or not."""
    return [
        GroundRow(*row) for key in sorted(person_keys) for row in _OF_PERSON.rows(connection, {"of": key})
    ]


def forget(connection: Connection, before: datetime, *, limit: int = 200) -> None:
    """Delete what ended before an instant."""
    old = select(lawful_ground.c.id).where(lawful_ground.c.ends_at < before).limit(limit)
    connection.execute(delete(lawful_ground).where(lawful_ground.c.id.in_(old)))


def lapse(connection: Connection, person_keys: Iterable[str], now: datetime) -> None:
    """End what is in force for a person (whose numbers were joined: it was decided for one of them)."""
    for key in sorted(person_keys):
        ended = connection.execute(
            update(lawful_ground)
            .where(lawful_ground.c.person_key == key, lawful_ground.c.ends_at > now)
            .values(ends_at=now)
        ).rowcount
        if ended:
            persons.raise_epoch(connection, key)
