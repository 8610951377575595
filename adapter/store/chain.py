"""Verifying the audit: every row of a chain against its seal, its neighbours, its boundaries and its checkpoints, page by page."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from adapter.store.audit import START, seal
from adapter.store.boundaries import LOST, PURGED, Boundary, boundaries
from adapter.store.checkpoints import Checkpoint
from adapter.store.keys import Keyring
from adapter.store.prepared import Prepared
from adapter.store.tables import audit, audit_boundary

PAGE: Final = 2000
"""Rows of one page: some megabytes, some tens of milliseconds."""
_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ChainFault:
    """What is wrong with the rows ``number`` to ``until`` of a writer's chain.

    ``missing``: not there. ``seal-broken``: not what was written. ``seal-unproven``: follows a missing row, so cannot be told.
    ``row-malformed``: a column of another type. ``checkpoint-differs``: not the row that a checkpoint saw. ``row-uncovered``: stands
    where a boundary says that none is. ``boundary-broken``: a boundary that we did not sign.
    """

    writer: str
    number: int
    until: int
    code: str


@dataclass(frozen=True, slots=True)
class Link:
    """A row as it is stored: each column's bytes in the order of the table, and whether each has its column's type."""

    number: int
    is_typed: bool
    fields: tuple[bytes, ...]
    mac: bytes

    def follows(self, keyring: Keyring, previous: bytes) -> bool:
        """Whether its seal holds, next to the seal before it."""
        return hmac.compare_digest(seal(keyring, self.fields, previous), self.mac)


class _Utf8(FunctionElement[bytes]):
    """The bytes of a text; in PostgreSQL a cast would read backslashes in it."""

    type = LargeBinary()
    inherit_cache = True


@compiles(_Utf8, "sqlite")
def _sqlite(element: _Utf8, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS BLOB)"


@compiles(_Utf8, "postgresql")
def _postgresql(element: _Utf8, compiler: SQLCompiler, **options: Any) -> str:
    return f"convert_to({compiler.process(element.clauses, **options)}, 'UTF8')"


def _bytes(column: Column[Any]) -> ColumnElement[Any]:
    # A number's bytes are its digits, as they are sealed. Bytes, since a changed text need not be UTF-8.
    if isinstance(column.type, LargeBinary):
        return cast(column, LargeBinary)
    return _Utf8(cast(column, Text))


_COLUMNS = audit.c
# A value of another type than its column's never equals its cast to that type.
_IS_TYPED = and_(
    _COLUMNS.number == cast(_COLUMNS.number, BigInteger),
    _COLUMNS.recorded_at == cast(_COLUMNS.recorded_at, BigInteger),
    or_(
        _COLUMNS.person_key.is_(None),
        and_(_COLUMNS.person_key == cast(_COLUMNS.person_key, Text), _COLUMNS.person_key != ""),
    ),
    _COLUMNS.kind == cast(_COLUMNS.kind, Text),
    _COLUMNS.event == cast(_COLUMNS.event, LargeBinary),
    _COLUMNS.mac == cast(_COLUMNS.mac, LargeBinary),
)
_LINKS = Prepared(
    select(
        cast(_COLUMNS.number, BigInteger),
        case((_IS_TYPED, 1), else_=0),
        *(_bytes(column) for column in audit.columns if column.name != "mac"),
        cast(_COLUMNS.mac, LargeBinary),
    )
    .where(_COLUMNS.writer == bindparam("of"), _COLUMNS.number > bindparam("beyond"))
    .order_by(_COLUMNS.number)
    .limit(bindparam("most")),
    ["of", "beyond", "most"],
)


def links(connection: Connection, writer: str, beyond: int, most: int = PAGE) -> Iterator[Link]:
    """A writer's rows with higher numbers than ``beyond``, in order, at most that many."""
    for number, is_typed, *fields, mac in _LINKS.rows(
        connection, {"of": writer, "beyond": beyond, "most": most}
    ):
        yield Link(number, bool(is_typed), tuple(field or b"" for field in fields), mac)


def writers(connection: Connection) -> tuple[str, ...]:
    """Who has a chain, or the boundary of one."""
    found = set(connection.scalars(select(audit_boundary.c.writer)))
    # From each to the next by the index: there may be very many rows.
    writer = connection.scalar(select(func.min(audit.c.writer)))
    while isinstance(writer, str):
        found.add(writer)
        writer = connection.scalar(select(func.min(audit.c.writer)).where(audit.c.writer > writer))
    return tuple(sorted(found))


class ChainWalk:
    """Walks one writer's chain; ``page`` is one operation, so that nobody's snapshot is held for long.

    ``checkpoints`` are the writer's, oldest first, read before the walk begins or as it goes. ``lost`` are the boundaries that were met of
    rows lost with a restored backup and acknowledged.
    """

    def __init__(self, keyring: Keyring, writer: str, checkpoints: Iterable[Checkpoint]) -> None:
        self.lost: list[Boundary] = []
        self.is_done = False
        self._keyring = keyring
        self._writer = writer
        self._checkpoints = iter(checkpoints)
        self._checkpoint = next(self._checkpoints, None)
        self._number, self._mac = 0, START
        self._is_proven = True
        self._read = _LEAST
        self._gaps: dict[int, Boundary] = {}

    def page(self, connection: Connection) -> tuple[ChainFault, ...]:
        """The faults of the next rows; after the last ones ``is_done``."""
        faults, before = list(self._boundaries(connection)), self._read
        rows = list(links(connection, self._writer, self._read))
        for row in rows:
            faults += self._row(row)
        # Numbers that are none sort behind all others: a page of them alone is the last.
        if len(rows) < PAGE or self._read == before:
            faults += self._end()
            self.is_done = True
        return tuple(faults)

    def _boundaries(self, connection: Connection) -> Iterator[ChainFault]:
        """Read at each page: upkeep may purge while we walk."""
        for boundary, is_sound in boundaries(connection, self._keyring, self._writer):
            if not is_sound:
                if self._read == _LEAST:
                    yield self._fault("boundary-broken", boundary.after, boundary.number)
            elif boundary.reason == PURGED and boundary.number > self._number:
                self._go_on(boundary)
            elif boundary.reason == LOST:
                self._gaps[boundary.after] = boundary
        self._cross_gaps()

    def _row(self, row: Link) -> Iterator[ChainFault]:
        if row.number <= self._number:
            self._read = max(self._read, row.number)
            yield self._fault("row-uncovered", row.number)
            return
        self._read = row.number
        if row.number > self._number + 1:
            yield self._fault("missing", self._number + 1, row.number - 1)
            self._is_proven = False
        yield from self._judged(row)
        self._number, self._mac, self._is_proven = row.number, row.mac, True
        yield from self._compared()
        self._cross_gaps()

    def _judged(self, row: Link) -> Iterator[ChainFault]:
        if not row.is_typed:
            yield self._fault("row-malformed", row.number)
        elif not row.follows(self._keyring, self._mac):
            yield self._fault("seal-broken" if self._is_proven else "seal-unproven", row.number)

    def _compared(self) -> Iterator[ChainFault]:
        """The checkpoints up to here; those of purged and missing rows are passed over."""
        while self._checkpoint is not None and self._checkpoint.number <= self._number:
            if self._checkpoint.number == self._number and self._checkpoint.head != self._mac:
                yield self._fault("checkpoint-differs", self._number)
            self._checkpoint = next(self._checkpoints, None)

    def _end(self) -> Iterator[ChainFault]:
        """What checkpoints saw beyond the last row was cut off."""
        yield from self._compared()
        last = self._number
        while self._checkpoint is not None:
            last = max(last, self._checkpoint.number)
            self._checkpoint = next(self._checkpoints, None)
        if last > self._number:
            yield self._fault("missing", self._number + 1, last)

    def _cross_gaps(self) -> None:
        while gap := self._gaps.pop(self._number, None):
            self.lost.append(gap)
            self._go_on(gap)

    def _go_on(self, boundary: Boundary) -> None:
        self._number, self._mac, self._is_proven = boundary.number, boundary.head, True

    def _fault(self, code: str, number: int, until: int | None = None) -> ChainFault:
        return ChainFault(self._writer, number, number if until is None else until, code)
