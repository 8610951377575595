"""Checkpoints: how far a chain had come at an instant, signed, in a file outside the database.

One JSON line each, for one writer; each line's seal covers the line before it. Sambro only ever adds lines.
"""

from __future__ import annotations

import fcntl
import hmac
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import orjson
from sqlalchemy import Connection, select

from adapter.domain.errors import SambroError
from adapter.domain.instants import as_instant
from adapter.store import meta
from adapter.store.appending import append_whole
from adapter.store.audit import START, head, seal
from adapter.store.boundaries import boundaries
from adapter.store.keys import Keyring, sync_directory
from adapter.store.tables import audit

_TAIL_BYTES: Final = 4096


class CheckpointAltered(SambroError):
    """The last line of the checkpoint file is not as Sambro wrote it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """At ``at`` (a FHIR instant) the writer's chain had ``number`` rows, those since purged too, the last with the seal ``head``.

    ``key_version`` is that of the master key that signed it.
    """

    writer: str
    number: int
    head: bytes
    at: str
    key_version: int


class CheckpointFile:
    """The checkpoints of one writer's chain in ``path``, a file that its owner alone may read."""

    def __init__(self, path: Path, keyring: Keyring, writer: str) -> None:
        self.path = path
        self._keyring = keyring
        self._writer = writer

    def append(self, number: int, head: bytes, at: datetime) -> dict[str, Any]:
        """Add a checkpoint, durably, and return its line. Raises CheckpointAltered if the last line is not sound, and OSError."""
        new = Checkpoint(self._writer, number, head, as_instant(at), self._keyring.version)
        is_first = not self.path.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            # A command may add one beside the service.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _drop_torn(file)
            _, previous = self._tail(file)
            line = _words(new) | {"seal": self._seal(new, previous).hex()}
            append_whole(file, orjson.dumps(line) + b"\n")
        if is_first:
            sync_directory(self.path.parent)
        return line

    def last(self) -> Checkpoint | None:
        """The newest checkpoint, None if there is none. Raises CheckpointAltered and OSError (but not for a missing file)."""
        try:
            with self.path.open("rb", buffering=0) as file:
                return self._tail(file)[0]
        except FileNotFoundError:
            return None

    def read(self) -> Iterator[Checkpoint | int]:
        """Every line that stands there now, oldest first: its checkpoint, or its number if it is not sound. Raises OSError."""
        previous = START
        with self.path.open("rb") as file:
            end = os.fstat(file.fileno()).st_size
            for number, line in enumerate(iter(file.readline, b""), 1):
                if file.tell() > end or not line.endswith(b"\n"):
                    return
                try:
                    checkpoint, stored = _parsed(line)
                except CheckpointAltered:
                    yield number
                    continue
                yield checkpoint if self._is_sound(checkpoint, stored, previous) else number
                previous = stored

    def _tail(self, file: IO[bytes]) -> tuple[Checkpoint | None, bytes]:
        """The last whole line and its seal."""
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        lines = file.read(_TAIL_BYTES).split(b"\n")[:-1]
        if not lines:
            return None, START
        checkpoint, stored = _parsed(lines[-1])
        if not self._is_sound(checkpoint, stored, _parsed(lines[-2])[1] if len(lines) > 1 else START):
            raise CheckpointAltered
        return checkpoint, stored

    def _is_sound(self, checkpoint: Checkpoint, stored: bytes, previous: bytes) -> bool:
        is_own = checkpoint.writer == self._writer
        return is_own and hmac.compare_digest(self._seal(checkpoint, previous), stored)

    def _seal(self, checkpoint: Checkpoint, previous: bytes) -> bytes:
        fields = tuple(str(word).encode() for word in _words(checkpoint).values())
        return seal(self._keyring, fields, previous, of=b"checkpoint")


def disagreement(connection: Connection, keyring: Keyring, checkpoint: Checkpoint) -> str | None:
    """How a chain differs from what a checkpoint saw of it, None if it does not.

    ``rows-missing``: it ends before the checkpoint's row. ``checkpoint-differs``: that row is another, or it alone is gone.
    """
    writer, number = checkpoint.writer, checkpoint.number
    row = select(audit.c.mac).where(audit.c.writer == writer, audit.c.number == number)
    found = connection.scalar(row) if number else START
    for boundary, is_sound in boundaries(connection, keyring, writer):
        if is_sound and boundary.after < number <= boundary.number:
            found = boundary.head if number == boundary.number else checkpoint.head
    if found == checkpoint.head:
        return None
    return "rows-missing" if head(connection, writer)[0] < number else "checkpoint-differs"


def noted(connection: Connection, writer: str) -> int | None:
    """How far the last checkpoint came that this database knows of; None: it knows of none."""
    value = meta.value_of(connection, _name(writer))
    return None if value is None else int(value)


def note(connection: Connection, writer: str, number: int) -> None:
    """Let the database know of a checkpoint, so that a file that was cut or taken away is missed."""
    meta.put(connection, _name(writer), str(number))


def forget(connection: Connection, writer: str) -> None:
    """Let the database know of no checkpoint: the file begins anew."""
    meta.remove(connection, _name(writer))


def _name(writer: str) -> str:
    return f"audit-checkpoint:{writer}"


def _words(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "writer": checkpoint.writer,
        "number": checkpoint.number,
        "head": checkpoint.head.hex(),
        "at": checkpoint.at,
        "keyVersion": checkpoint.key_version,
    }


def _parsed(line: bytes) -> tuple[Checkpoint, bytes]:
    try:
        words = orjson.loads(line)
        checkpoint = Checkpoint(
            str(words["writer"]),
            int(words["number"]),
            bytes.fromhex(words["head"]),
            str(words["at"]),
            int(words["keyVersion"]),
        )
        return checkpoint, bytes.fromhex(words["seal"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise CheckpointAltered from None


def _drop_torn(file: IO[bytes]) -> None:
    """Cut off a line that a loss of power left unfinished."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - _TAIL_BYTES)
    file.seek(start)
    tail = file.read(_TAIL_BYTES)
    if tail and not tail.endswith(b"\n"):
        os.ftruncate(file.fileno(), start + tail.rfind(b"\n") + 1)
