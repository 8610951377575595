"""The audit: AuditEvents in one keyed hash chain per writer, so that a changed, missing or inserted row is found (chain.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from operator import itemgetter
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Table,
    bindparam,
    insert,
    literal_column,
    select,
    union_all,
)

from adapter.store.columns import microseconds
from adapter.store.exclusion import one_at_a_time
from adapter.store.keys import Keyring
from adapter.store.prepared import Prepared, inserting
from adapter.store.tables import audit, audit_boundary

START: Final = b"\0" * 32
"""What stands for the seal before a chain's first row."""
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


def _last(table: Table, seal: str, rank: str) -> Select[int, bytes, int]:
    place = literal_column(rank, Integer).label("rank")
    statement = select(table.c.number, table.c[seal], place).where(table.c.writer == bindparam("of"))
    return select(statement.order_by(table.c.number.desc()).limit(1).subquery())


_INSERT = Prepared(insert(audit).inline(), inserting(audit))
# One question, since who asks it holds the chain.
_LASTS = union_all(_last(audit, "mac", "1"), _last(audit_boundary, "head", "0")).subquery()
_HEAD = Prepared(select(_LASTS), ["of"])


def alone_with_chain(connection: Connection, writer: str) -> None:
    """Be the only operation that adds to a writer's chain until the transaction ends (exclusion.py)."""
    one_at_a_time(connection, [f"audit|{writer}"])


def append(connection: Connection, keyring: Keyring, writer: str, rows: Sequence[AuditRow]) -> None:
    """Append rows to a writer's chain, in the transaction of what they tell of."""
    alone_with_chain(connection, writer)
    number, mac = head(connection, writer)
    for row in rows:
        number += 1
        mac = seal(keyring, row_fields(writer, number, row), mac)
        fields = {name: getattr(row, name) for name in AuditRow.__slots__}
        _INSERT.run(connection, fields | {"writer": writer, "number": number, "mac": mac})


def head(connection: Connection, writer: str) -> tuple[int, bytes]:
    """The number and seal that a writer's next row follows: of its last row, or of a boundary that lies beyond that."""
    lasts = _HEAD.rows(connection, {"of": writer})
    number, mac, _ = max(lasts, key=itemgetter(0, 2), default=(0, START, 0))
    return number, mac


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


def row_fields(writer: str, number: int, row: AuditRow) -> tuple[bytes, ...]:
    """What a row's seal covers, but for the seal before: each column's bytes in the order of the table."""
    return (
        writer.encode(),
        str(number).encode(),
        str(microseconds(row.recorded_at)).encode(),
        b"" if row.person_key is None else row.person_key.encode(),
        row.kind.encode(),
        row.event,
    )


def seal(keyring: Keyring, fields: Iterable[bytes], previous: bytes, *, of: bytes = b"") -> bytes:
    """The keyed hash over fields and the seal before them. ``of`` tells apart what is sealed; a row's is empty."""
    # Lengths before the fields: no two lists of fields have the same bytes.
    framed = b"".join(len(field).to_bytes(8, "big") + field for field in (*fields, previous))
    return keyring.audit_mac(of + framed)
