"""The audit: AuditEvents in one keyed hash chain per writer, so that a changed, missing or inserted row is found."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Final

from sqlalchemy import ColumnElement, Connection, Row, bindparam, insert, select

from adapter.store.columns import microseconds
from adapter.store.keys import Keyring
from adapter.store.prepared import Prepared, inserting
from adapter.store.tables import audit

_START: Final = b"\0" * 32
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One AuditEvent: ``event`` is its JSON, ``person_key`` whom it concerns, ``kind`` the log's code for it."""

    recorded_at: datetime
    person_key: str | None
    kind: str
    event: bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """A row of a chain and its place in it, which no other row has."""

    writer: str
    number: int
    row: AuditRow


@dataclass(frozen=True, slots=True)
class ChainFault:
    """A break in a writer's chain: ``number-missing``, ``row-malformed`` or ``seal-broken`` at a row."""

    writer: str
    number: int
    code: str


_INSERT = Prepared(insert(audit).inline(), inserting(audit))
_HEAD = Prepared(
    select(audit.c.number, audit.c.mac)
    .where(audit.c.writer == bindparam("of"))
    .order_by(audit.c.number.desc())
    .limit(1),
    ["of"],
)


def append(connection: Connection, keyring: Keyring, writer: str, rows: Sequence[AuditRow]) -> None:
    """Append rows to a writer's chain, in the transaction of what they tell of."""
    number, mac = _HEAD.run(connection, {"of": writer}) or (0, _START)
    for row in rows:
        number += 1
        mac = _seal(keyring, writer, number, row, mac)
        fields = {name: getattr(row, name) for name in AuditRow.__slots__}
        _INSERT.run(connection, fields | {"writer": writer, "number": number, "mac": mac})


def rows_about(
    connection: Connection,
    person_keys: Iterable[str],
    *,
    kinds: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Recorded]:
    """What was recorded about a person, oldest first, read as it is taken: to be used up within one operation.

    ``person_keys`` are all that the person has or had: those of merged numbers (``persons.keys_of``) and of earlier versions of the key.
    ``kinds`` none: every kind. ``since`` is within, ``until`` is not.
    """
    chosen: list[ColumnElement[bool]] = [audit.c.kind.in_(list(kinds))] if kinds else []
    chosen += [] if since is None else [audit.c.recorded_at >= since]
    chosen += [] if until is None else [audit.c.recorded_at < until]
    # One ordered run for each key, merged: nothing is sorted, however much there is.
    runs = (_about(connection, key, chosen) for key in sorted(set(person_keys)))
    return merge(*runs, key=lambda found: (found.row.recorded_at, found.writer, found.number))


def _about(
    connection: Connection, person_key: str, chosen: Iterable[ColumnElement[bool]]
) -> Iterator[Recorded]:
    statement = (
        select(audit)
        .where(audit.c.person_key == person_key, *chosen)
        .order_by(audit.c.recorded_at, audit.c.writer, audit.c.number)
        .execution_options(yield_per=_PAGE)
    )
    for row in connection.execute(statement):
        yield Recorded(row.writer, row.number, AuditRow(row.recorded_at, row.person_key, row.kind, row.event))


def verify(connection: Connection, keyring: Keyring) -> Iterator[ChainFault]:
    """Walk every chain from its start; yields each break. A chain cut at its end is not seen here (that takes checkpoints)."""
    rows = connection.execution_options(yield_per=_PAGE).execute(
        select(audit).order_by(audit.c.writer, audit.c.number)
    )
    writer, number, mac = None, 0, _START
    for row in rows:
        if row.writer != writer:
            writer, number, mac = row.writer, 0, _START
        yield from _faults(keyring, row, number, mac)
        number, mac = row.number, row.mac


def _faults(keyring: Keyring, row: Row[tuple[object, ...]], number: int, mac: bytes) -> Iterator[ChainFault]:
    if row.number != number + 1:
        yield ChainFault(row.writer, row.number, "number-missing")
    if not isinstance(row.event, bytes) or not isinstance(row.mac, bytes):
        yield ChainFault(row.writer, row.number, "row-malformed")
        return
    content = AuditRow(row.recorded_at, row.person_key, row.kind, row.event)
    if not hmac.compare_digest(_seal(keyring, row.writer, row.number, content, mac), row.mac):
        yield ChainFault(row.writer, row.number, "seal-broken")


def _seal(keyring: Keyring, writer: str, number: int, row: AuditRow, previous: bytes) -> bytes:
    fields = (
        writer.encode(),
        str(number).encode(),
        str(microseconds(row.recorded_at)).encode(),
        b"" if row.person_key is None else row.person_key.encode(),
        row.kind.encode(),
        row.event,
        previous,
    )
    # Lengths before the fields: no two rows have the same bytes.
    return keyring.audit_mac(b"".join(len(field).to_bytes(8, "big") + field for field in fields))
