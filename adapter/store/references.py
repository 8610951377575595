"""References: which live source a resource id that we gave out came from, so that a read by id can find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from adapter.store.tables import reference
from adapter.store.upsert import Upsert


@dataclass(frozen=True, slots=True)
class NewReference:
    """``sealed`` (Keyring.seal_registry, row = type/id) holds source system, person and record id; a resend renews the expiry."""

    resource_type: str
    resource_id: str
    sealed: bytes
    expires_at: datetime


_STORE = Upsert(
    reference,
    ["resource_type", "resource_id"],
    lambda new: {"sealed": new.sealed, "expires_at": new.expires_at},
)


def store(connection: Connection, references: Sequence[NewReference]) -> None:
    """Keep references, each in place of the one that its id had."""
    for new in references:
        _STORE.run(connection, {name: getattr(new, name) for name in NewReference.__slots__})


def find_reference(
    connection: Connection, resource_type: str, resource_id: str, now: datetime
) -> bytes | None:
    """The sealed source of a resource id, or None if it is unknown or has expired."""
    sealed: bytes | None = connection.scalar(
        select(reference.c.sealed).where(
            reference.c.resource_type == resource_type,
            reference.c.resource_id == resource_id,
            reference.c.expires_at > now,
        )
    )
    return sealed
