"""The SQLite runner: one writer thread that commits whatever waits as one transaction; readers of their own.

WAL with synchronous=FULL: an acknowledged commit survives loss of power. secure_delete: what is wiped is overwritten.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, QueuePool, StaticPool, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError

from adapter.store.database import DatabaseUnreachable

T = TypeVar("T")

MAX_WAITING: Final = 10_000
MAX_BATCH: Final = 256
WAIT_SECONDS: Final = 10
"""How long a write waits for its turn. One whose turn has come waits for the disk: only that can tell what became of it."""
READERS: Final = 4
BUSY_SECONDS: Final = 10
CHECKPOINT_SECONDS: Final = 1
"""How long a checkpoint waits for readers: nobody writes meanwhile."""
# A full disk, a locked or missing file, one that is no database; prepared statements run on the driver itself.
_FAULTS: Final = frozenset({OperationalError, DatabaseError, sqlite3.OperationalError, sqlite3.DatabaseError})
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
)


@dataclass(frozen=True, slots=True)
class _Waiter:
    op: Callable[[Connection], Any]
    future: asyncio.Future[Any]
    turn: Lock = field(default_factory=Lock)

    def take(self) -> bool:
        """True for the first who takes it: the writer, to run it, or its own patience, so that it is never run."""
        return self.turn.acquire(blocking=False)

    def give_up(self) -> None:
        if self.take() and not self.future.done():
            self.future.set_exception(DatabaseUnreachable("database-busy"))


@dataclass(frozen=True, slots=True)
class _Outcome:
    value: Any = None
    error: BaseException | None = None


class SqliteDatabase:
    """A SQLite file as a Database. To be used from one event loop.

    ``path`` is the database file, made if it is missing (``schema.migrate`` makes its tables).
    """

    def __init__(
        self, path: Path, *, max_waiting: int = MAX_WAITING, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._path = path
        self._wait_seconds = wait_seconds
        self._file: tuple[int, int] | None = None
        self._waiting: Queue[_Waiter | None] = Queue(max_waiting)
        self._writing = writer_engine(path)
        self._reading = _reader_engine(path)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sambro-reader")
        self._writer = Thread(target=self._run, name="sambro-writer", daemon=True)
        self._writer.start()

    async def write(self, op: Callable[[Connection], T]) -> T:
        """Run ``op`` within the next group commit; see Database.write."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        waiter = _Waiter(op, future)
        try:
            self._waiting.put_nowait(waiter)
        except Full:
            raise DatabaseUnreachable("database-busy") from None
        patience = loop.call_later(self._wait_seconds, waiter.give_up)
        try:
            return await future
        finally:
            patience.cancel()

    async def read(self, op: Callable[[Connection], T]) -> T:
        """Run ``op`` on a reader's snapshot; see Database.read."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, op)

    async def checkpoint(self) -> bool:
        """Move the write-ahead log into the database file and truncate it; see Database.checkpoint."""
        return await asyncio.to_thread(_checkpoint, self._path)

    async def close(self) -> None:
        """Commit what waits, then close every connection."""
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._waiting.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._writing.dispose()
        self._reading.dispose()

    def _read(self, op: Callable[[Connection], T]) -> T:
        try:
            with self._reading.begin() as connection:
                return op(connection)
        except (DatabaseError, sqlite3.DatabaseError) as error:
            if type(error) not in _FAULTS:
                raise
            raise DatabaseUnreachable("database-read-failed") from error

    def _run(self) -> None:
        while True:
            batch, goes_on = self._take()
            if batch:
                outcomes = self._commit(batch)
                batch[0].future.get_loop().call_soon_threadsafe(_resolve, batch, outcomes)
            if not goes_on:
                return

    def _take(self) -> tuple[list[_Waiter], bool]:
        """Wait for work, then take all that waits and was not given up; False: asked to stop after this batch."""
        batch: list[_Waiter] = []
        waiter = self._waiting.get()
        while waiter is not None:
            if waiter.take():
                batch.append(waiter)
            if len(batch) == MAX_BATCH:
                return batch, True
            try:
                waiter = self._waiting.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _commit(self, batch: list[_Waiter]) -> list[_Outcome]:
        try:
            with self._writing.begin() as connection:
                self._require_in_place()
                return [_attempt(connection, waiter.op) for waiter in batch]
        except Exception as error:
            # Whatever it was: nothing of the batch is durable, and the writer goes on.
            failure = DatabaseUnreachable("database-commit-failed")
            failure.__cause__ = error
            return [_Outcome(error=failure)] * len(batch)

    def _require_in_place(self) -> None:
        """SQLite goes on writing to a file that was moved or removed: what it commits there would be found by nobody."""
        state = self._path.stat()
        self._file = self._file or (state.st_dev, state.st_ino)
        if self._file != (state.st_dev, state.st_ino):
            raise FileNotFoundError("the database file is another than the one that was opened")


def writer_engine(path: Path) -> Engine:
    """An engine whose transactions take the write lock at their beginning."""
    engine = _engine(path, poolclass=StaticPool)
    _begin_with(engine, "BEGIN IMMEDIATE")
    return engine


def _reader_engine(path: Path) -> Engine:
    engine = _engine(path, poolclass=QueuePool, pool_size=READERS, max_overflow=0)
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only=ON"))
    _begin_with(engine, "BEGIN")
    return engine


def _engine(path: Path, **pool: Any) -> Engine:
    # hide_parameters: an error's text must not carry what a row holds.
    engine = create_engine(
        f"sqlite:///{path}",
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "cached_statements": 512},
        **pool,
    )
    event.listen(engine, "connect", _configure)
    return engine


def _begin_with(engine: Engine, statement: str) -> None:
    def begin(connection: Connection) -> None:
        # The driver's own call: SQLAlchemy's costs as much as the reads that follow.
        raw: Any = connection.connection.dbapi_connection
        raw.execute(statement)

    event.listen(engine, "begin", begin)


def _configure(raw: Any, _record: object) -> None:
    # The driver would begin transactions by itself, and too late for BEGIN IMMEDIATE.
    raw.isolation_level = None
    for pragma in _PRAGMAS:
        raw.execute(pragma)


def _attempt(connection: Connection, op: Callable[[Connection], Any]) -> _Outcome:
    # The driver's own call: SQLAlchemy's savepoints cost as much as an insert.
    raw: Any = connection.connection.dbapi_connection
    raw.execute("SAVEPOINT op")
    try:
        outcome = _Outcome(op(connection))
    except Exception as error:
        raw.execute("ROLLBACK TO op")
        outcome = _Outcome(error=_told(error))
    raw.execute("RELEASE op")
    return outcome


def _told(error: Exception) -> Exception:
    """What the caller of a failed operation gets: its own exception, unless the database was at fault."""
    if type(error) not in _FAULTS:
        return error
    failure = DatabaseUnreachable("database-write-failed")
    failure.__cause__ = error
    return failure


def _resolve(batch: list[_Waiter], outcomes: list[_Outcome]) -> None:
    for waiter, outcome in zip(batch, outcomes, strict=True):
        if waiter.future.done():
            continue
        if outcome.error is None:
            waiter.future.set_result(outcome.value)
        else:
            waiter.future.set_exception(outcome.error)


def _checkpoint(path: Path) -> bool:
    connection = sqlite3.connect(path, timeout=CHECKPOINT_SECONDS)
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return bool(busy == 0)
    finally:
        connection.close()
