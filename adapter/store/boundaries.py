"""Where a chain rightly lacks rows: what was purged in its time, and what was lost with a restored backup. Signed, or it is none."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, select

from adapter.store.audit import seal
from adapter.store.columns import microseconds
from adapter.store.keys import Keyring
from adapter.store.tables import audit_boundary
from adapter.store.upsert import Upsert

PURGED: Final = "purged"
LOST: Final = "lost"


@dataclass(frozen=True, slots=True)
class Boundary:
    """The rows after ``after`` up to ``number`` are not there, for a ``reason``; the chain goes on from ``head``, the seal of the last.

    A purged chain has one, with ``after`` 0. ``key_version`` is that of the master key that signed it.
    """

    writer: str
    after: int
    number: int
    head: bytes
    made_at: datetime
    reason: str
    key_version: int


_PUT = Upsert(
    audit_boundary,
    ["writer", "after"],
    lambda new: {name: new[name] for name in ("number", "head", "made_at", "reason", "key_version", "seal")},
)


def put(connection: Connection, keyring: Keyring, boundary: Boundary) -> None:
    """Set a boundary; it takes the place of those that lie within it."""
    within = (
        audit_boundary.c.writer == boundary.writer,
        audit_boundary.c.after >= boundary.after,
        audit_boundary.c.number <= boundary.number,
    )
    connection.execute(delete(audit_boundary).where(*within))
    fields = {name: getattr(boundary, name) for name in Boundary.__slots__}
    _PUT.run(connection, fields | {"seal": _seal(keyring, boundary)})


def boundaries(connection: Connection, keyring: Keyring, writer: str) -> Iterator[tuple[Boundary, bool]]:
    """A writer's boundaries in order, and whether each one's seal holds."""
    found = select(audit_boundary).where(audit_boundary.c.writer == writer)
    for row in connection.execute(found.order_by(audit_boundary.c.after)).all():
        *fields, stored = row
        boundary = Boundary(*fields)
        yield boundary, hmac.compare_digest(_seal(keyring, boundary), stored)


def _seal(keyring: Keyring, boundary: Boundary) -> bytes:
    fields = (
        boundary.writer.encode(),
        str(boundary.after).encode(),
        str(boundary.number).encode(),
        str(microseconds(boundary.made_at)).encode(),
        boundary.reason.encode(),
        str(boundary.key_version).encode(),
    )
    return seal(keyring, fields, boundary.head, of=b"boundary")
