"""The spool: audit rows that could not be written while the database was down, in a local file, until they are brought in.

A JSON line each behind a first line with the spool's own id; each line's seal covers the one before. ``take`` sets a file aside, under a
name of its own, so that lines can be added while it is brought in.
"""

from __future__ import annotations

import hmac
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from adapter.domain.errors import SambroError
from adapter.store import meta
from adapter.store.appending import append_whole
from adapter.store.audit import AuditRow, append, row_fields, seal
from adapter.store.columns import instant, microseconds
from adapter.store.keys import Keyring, sync_directory

MOST_BYTES: Final = 16 * 1024 * 1024
_BATCH: Final = 500


class SpoolRefuses(SambroError):
    """The spool takes no more: it has its greatest size, or is not as Sambro wrote it."""


@dataclass(frozen=True, slots=True)
class Spooled:
    """A spool set aside: its rows in order, up to the first line that is not sound (``is_whole``: there is none)."""

    id: str
    rows: Sequence[AuditRow]
    is_whole: bool
    last_seal: bytes


class Spool:
    """A file that its owner alone may read, written by one process at a time."""

    def __init__(self, path: Path, keyring: Keyring, *, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        self._taken = path.with_name(f"{path.name}.taken")
        self._keyring = keyring
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._open: Spooled | None = None

    def append(self, row: AuditRow) -> bool:
        """Add a row, durably; whether it is the first of its file. Raises SpoolRefuses and OSError."""
        with self._lock:
            if self._open is None and self._path.exists():
                self._resume()
            is_first = self._open is None
            try:
                self._add(row, self._open or self._begin())
            except OSError:
                # Part of a line may stand there now, or all of it: the next row begins by looking.
                self._open = None
                raise
            return is_first

    def take(self) -> Spooled | None:
        """Set aside what was spooled, None if nothing was; until ``discard`` it is the same again. Raises OSError."""
        with self._lock:
            if not self._taken.exists():
                if not self._path.exists():
                    return None
                self._path.rename(self._taken)
                self._open = None
                sync_directory(self._taken.parent)
        return _read(self._taken, self._keyring)

    def discard(self, taken: Spooled) -> None:
        """What was taken is in the database: remove its file, or keep it under another name if it is not whole."""
        if taken.is_whole:
            self._taken.unlink(missing_ok=True)
        else:
            # A name of its own, whatever stands in it: what was set aside before is kept.
            self._taken.rename(self._path.with_name(f"{self._path.name}.altered-{uuid.uuid4()}"))
        sync_directory(self._taken.parent)

    def _begin(self) -> Spooled:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = str(uuid.uuid4())
        self._write(orjson.dumps({"spool": name}) + b"\n", os.O_CREAT | os.O_EXCL)
        sync_directory(self._path.parent)
        return Spooled(name, (), True, b"")

    def _resume(self) -> None:
        """Go on with the file of a process that ended: behind its last whole line."""
        found = _read(self._path, self._keyring)
        if not found.is_whole:
            raise SpoolRefuses("altered")
        if not found.id:
            self._path.unlink()
            return
        os.truncate(self._path, self._path.read_bytes().rfind(b"\n") + 1)
        self._open = Spooled(found.id, (), True, found.last_seal)

    def _add(self, row: AuditRow, spool: Spooled) -> None:
        if self._path.stat().st_size >= self._most_bytes:
            raise SpoolRefuses("full")
        own = _seal(self._keyring, spool.id, row, spool.last_seal)
        self._write(orjson.dumps(_words(row) | {"seal": own.hex()}) + b"\n", 0)
        self._open = Spooled(spool.id, (), True, own)

    def _write(self, line: bytes, flags: int) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | flags, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            append_whole(file, line)


def bring_in(connection: Connection, keyring: Keyring, writer: str, spooled: Spooled) -> int:
    """Append the next rows of a spool to a writer's chain, each with its own instant; returns how many, 0 at the end.

    The transaction also says how far it came, so that a row comes in once, whenever the process ends.
    """
    name = f"audit-spool:{writer}"
    known, _, count = (meta.value_of(connection, name) or "").partition(" ")
    start = int(count) if count and known == spooled.id else 0
    rows = spooled.rows[start : start + _BATCH]
    if rows:
        append(connection, keyring, writer, rows)
        meta.put(connection, name, f"{spooled.id} {start + len(rows)}")
    return len(rows)


def _read(path: Path, keyring: Keyring) -> Spooled:
    # What follows the last line's end is what a kill left of a line: nobody was answered for it.
    lines = path.read_bytes().split(b"\n")[:-1]
    name, rows, last_seal = _name(lines), list[AuditRow](), b""
    for line in lines[1:]:
        row, stored = _parsed(line)
        if row is None or not hmac.compare_digest(_seal(keyring, name, row, last_seal), stored):
            return Spooled(name, rows, False, last_seal)
        rows.append(row)
        last_seal = stored
    return Spooled(name, rows, bool(name) or not lines, last_seal)


def _name(lines: Sequence[bytes]) -> str:
    """The spool's id; empty where none can be read."""
    try:
        return str(uuid.UUID(orjson.loads(lines[0])["spool"]))
    except (IndexError, KeyError, TypeError, ValueError, AttributeError):
        return ""


def _words(row: AuditRow) -> dict[str, Any]:
    return {
        "at": microseconds(row.recorded_at),
        "person": row.person_key,
        "kind": row.kind,
        "event": orjson.Fragment(row.event),
    }


def _parsed(line: bytes) -> tuple[AuditRow | None, bytes]:
    try:
        words = orjson.loads(line)
        event = orjson.dumps(words["event"])
        row = AuditRow(instant(words["at"]), words["person"], words["kind"], event)
        return row, bytes.fromhex(words["seal"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None, b""


def _seal(keyring: Keyring, name: str, row: AuditRow, previous: bytes) -> bytes:
    return seal(keyring, row_fields(name, 0, row), previous, of=b"spool")
