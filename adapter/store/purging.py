"""Purging the audit in its time: from the beginning of a chain, in small batches, each leaving a signed boundary."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile
from typing import Final

from sqlalchemy import Connection, delete

from adapter.domain.errors import SambroError
from adapter.store.audit import START
from adapter.store.boundaries import LOST, PURGED, Boundary, boundaries, put
from adapter.store.chain import Link, links
from adapter.store.columns import microseconds
from adapter.store.exclusion import one_at_a_time
from adapter.store.keys import Keyring
from adapter.store.tables import audit

_BATCH: Final = 200


class ChainBroken(SambroError):
    """Rows that should be purged do not verify: they stay, as evidence."""


def purge(
    connection: Connection,
    keyring: Keyring,
    writer: str,
    before: datetime,
    now: datetime,
    *,
    most: int = _BATCH,
) -> int:
    """Delete a writer's first rows, at most that many, up to the first that was recorded at ``before`` or later; returns how many.

    Raises ChainBroken if one of them does not verify.
    """
    one_at_a_time(connection, [f"audit|{writer}"])
    stands = {
        boundary.after: boundary for boundary, is_sound in boundaries(connection, keyring, writer) if is_sound
    }
    first = stands.pop(0, None)
    number, mac = (0, START) if first is None else (first.number, first.head)
    old = list(takewhile(lambda row: _is_old(row, before), links(connection, writer, number, most)))
    for row in old:
        while (gap := stands.get(number)) is not None and gap.reason == LOST:
            number, mac = gap.number, gap.head
        if row.number != number + 1 or not row.is_typed or not row.follows(keyring, mac):
            raise ChainBroken(writer)
        number, mac = row.number, row.mac
    if old:
        connection.execute(delete(audit).where(audit.c.writer == writer, audit.c.number <= number))
        put(connection, keyring, Boundary(writer, 0, number, mac, now, PURGED, keyring.version))
    return len(old)


def _is_old(row: Link, before: datetime) -> bool:
    recorded_at = row.fields[2]
    # What is no instant is broken, which is found where it is judged.
    return not recorded_at.isdigit() or int(recorded_at) < microseconds(before)
