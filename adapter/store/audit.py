"""The audit: AuditEvents in one keyed hash chain per writer, so that a changed, missing or inserted row is found."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, insert, select

from adapter.store.columns import microseconds
from adapter.store.keys import Keyring
from adapter.store.prepared import Prepared, inserting
from adapter.store.tables import audit

_START = b"\0" * 32


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One AuditEvent: ``event`` is its JSON, ``person_key`` whom it concerns, ``kind`` the log's code for it."""

    recorded_at: datetime
    person_key: str | None
    kind: str
    event: bytes


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


def audit_rows(connection: Connection, person_keys: Iterable[str]) -> Sequence[AuditRow]:
    """Everything that was recorded about a person, oldest first."""
    statement = (
        select(audit.c.recorded_at, audit.c.person_key, audit.c.kind, audit.c.event)
        .where(audit.c.person_key.in_(list(person_keys)))
        .order_by(audit.c.recorded_at, audit.c.writer, audit.c.number)
    )
    return [AuditRow(*row) for row in connection.execute(statement)]


def verify(connection: Connection, keyring: Keyring) -> Iterator[ChainFault]:
    """Walk every chain from its start; yields each break. A chain cut at its end is not seen here (that takes checkpoints)."""
    rows = connection.execution_options(yield_per=1000).execute(
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
