"""Attesting how far the audit has come: checkpoints outside the database, by which one that was cut off or set back is known."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from adapter.domain.errors import ConfigurationError, Fault
from adapter.domain.instants import Clock
from adapter.domain.log_codes import LogCode
from adapter.exchange import audit_acts, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.trail import Trail
from adapter.store import audit, boundaries, checkpoints
from adapter.store.boundaries import LOST, Boundary
from adapter.store.checkpoints import Checkpoint, CheckpointAltered, CheckpointFile
from adapter.store.database import Database, DatabaseUnreachable
from adapter.store.keys import Keyring

_ADVICE: Final = {
    "rows-missing": "the database ends before the last checkpoint: a backup that was put back? Consents and revocations that came after it"
    " are missing. Acknowledge it (sambro audit acknowledge), and have them filed again before anybody reads",
    "checkpoint-differs": "the audit is not the one that the last checkpoint saw: another database, a history that was rewritten, or a row"
    " that was taken out of it."
    " See sambro audit verify",
    "checkpoint-file-missing": "there were checkpoints, and the file is not there: a disk that is not mounted? If it is lost, acknowledge"
    " it (sambro audit acknowledge)",
    "checkpoint-file-cut": "its last checkpoints are missing. See sambro audit verify; keep the file, put it elsewhere, and acknowledge it"
    " (sambro audit acknowledge)",
    "checkpoint-file-altered": "its last line is not as it was written. See sambro audit verify; keep the file, put it elsewhere, and"
    " acknowledge it (sambro audit acknowledge)",
}
_ACKNOWLEDGED: Final = frozenset({"rows-missing", "checkpoint-file-missing"})
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Seen:
    """A chain and its checkpoints; ``code`` says what is wrong between them, a key of the advice, or None."""

    number: int
    head: bytes
    last: Checkpoint | None
    is_begun: bool
    code: str | None


class Attestation:
    """The checkpoints of this process's own chain, each where it has grown."""

    def __init__(
        self, database: Database, keyring: Keyring, file: CheckpointFile, audit_trail: Trail, clock: Clock
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._file = file
        self._trail = audit_trail
        self._clock = clock

    async def require(self) -> None:
        """Raise ConfigurationError if the database is not what the last checkpoint saw, or its checkpoints cannot be read."""
        try:
            seen = await self._look()
        except OSError:
            message = "cannot be read: the checkpoints of the audit; check the file and its rights"
            raise ConfigurationError([Fault(str(self._file.path), 0, message)]) from None
        if seen.code is not None:
            raise ConfigurationError([self._fault(seen)])
        if not seen.is_begun and seen.number > 0:
            # An upgrade, or somebody took away the file and what the database knew of it.
            _log.warning(LogCode.ALERT, code="audit-checkpoints-begun")

    async def mark(self) -> None:
        """Add a checkpoint if the chain has grown, or has none, be it empty; alerts instead if the two do not agree, or the file takes nothing."""
        try:
            seen = await self._look()
            if seen.code is not None:
                _log.error(LogCode.ALERT, code=f"audit-{seen.code}")
            elif seen.last is None or seen.last.number < seen.number:
                await self._add(seen)
        except (OSError, DatabaseUnreachable):
            _log.error(LogCode.ALERT, code="audit-checkpoint-failed")

    async def acknowledge(self) -> str | None:
        """Take a loss as it is, with a row in the chain: rows that a restored backup lacks, or a checkpoint file that is gone.

        Returns its code, None if nothing is wrong. Raises ConfigurationError for what cannot be acknowledged.
        """
        last, altered = await self._last()
        code = await self._database.write(partial(self._accept, last=last, altered=altered))
        if code is not None:
            await self._add(await self._look())
        return code

    async def _look(self) -> _Seen:
        last, altered = await self._last()
        # After the file: whatever that has seen is committed.
        return await self._database.read(partial(self._compare, last=last, code=altered))

    async def _last(self) -> tuple[Checkpoint | None, str | None]:
        """The last checkpoint, or the code for which it cannot be told."""
        try:
            return await asyncio.to_thread(self._file.last), None
        except CheckpointAltered:
            return None, "checkpoint-file-altered"

    def _compare(self, connection: Connection, *, last: Checkpoint | None, code: str | None) -> _Seen:
        writer = self._trail.writer
        number, head = audit.head(connection, writer)
        noted = checkpoints.noted(connection, writer)
        if code is None and last is not None:
            code = checkpoints.disagreement(connection, self._keyring, last)
        if code is None and noted is not None and (last is None or last.number < noted):
            code = "checkpoint-file-missing" if last is None else "checkpoint-file-cut"
        return _Seen(number, head, last, noted is not None or last is not None, code)

    async def _add(self, seen: _Seen) -> None:
        line = await asyncio.to_thread(self._file.append, seen.number, seen.head, self._clock())
        _log.info(LogCode.AUDIT_CHECKPOINT, **line)
        await self._database.write(partial(checkpoints.note, writer=self._trail.writer, number=seen.number))

    def _accept(self, connection: Connection, *, last: Checkpoint | None, altered: str | None) -> str | None:
        now, writer = self._clock(), self._trail.writer
        # Compared where it is accepted: what came in between would be taken for lost, or be covered by the boundary.
        audit.alone_with_chain(connection, writer)
        seen = self._compare(connection, last=last, code=altered)
        if seen.code is None:
            return None
        if seen.code not in _ACKNOWLEDGED:
            raise ConfigurationError([self._fault(seen)])
        if seen.last is not None:
            lost = Boundary(
                writer, seen.number, seen.last.number, seen.last.head, now, LOST, self._keyring.version
            )
            boundaries.put(connection, self._keyring, lost)
        else:
            checkpoints.forget(connection, writer)
        event = audit_acts.acknowledgement(now, seen.code)
        self._trail.append(connection, [trail.row(AuditKind.ACKNOWLEDGEMENT, None, now, event)])
        return seen.code

    def _fault(self, seen: _Seen) -> Fault:
        words = _ADVICE[seen.code or ""]
        if seen.last is not None:
            words = f"{words} (row {seen.number}; the checkpoint of {seen.last.at}: row {seen.last.number})"
        return Fault(str(self._file.path), 0, words)
