"""The PostgreSQL runner: an operation is a transaction on a connection of a pool; several processes share one database.

READ COMMITTED, and operations about the same person wait for each other (exclusion.py): after a lock is had, what its holder before has
committed is seen. A reading has one snapshot (REPEATABLE READ, read only).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import greenlet_spawn

from adapter.domain.errors import SambroError
from adapter.store.database import DatabaseUnreachable

T = TypeVar("T")

OLDEST_SERVER: Final = 13
MAX_CONNECTIONS: Final = 12
MAX_WAITING: Final = 1_000
TRIES: Final = 6
CONNECT_SECONDS: Final = 5
POOL_SECONDS: Final = 10
_SERVER_SETTINGS: Final = {
    "application_name": "sambro",
    "statement_timeout": "20000",
    "lock_timeout": "10000",
    "idle_in_transaction_session_timeout": "30000",
}
_REFUSALS: Final[dict[type[BaseException | None], str]] = {
    asyncpg.InvalidPasswordError: "refuses the user or its password: check password_file",
    asyncpg.InvalidAuthorizationSpecificationError: "refuses the user: check the url and the server's pg_hba.conf",
    asyncpg.InvalidCatalogNameError: "has no such database: create it",
}
_CONFLICTS: Final = frozenset({"40001", "40P01"})
# Classes of SQLSTATE (PostgreSQL, appendix A) that say nothing of the operation: lost connection, a transaction cut off or a server
# that only reads, rights, a missing table, resources (a full disk), locks not had in time, shutdown and time-outs, the system's own faults.
_FAULT_CLASSES: Final = ("08", "25", "28", "3D", "42", "53", "55", "57", "58")


class Refused(SambroError):
    """A statement that broke a rule of the database: a bug. Only its SQLSTATE is told: the server's words hold values."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where the database is: a libpq connection URI without a password (it may name TLS files and several hosts).

    ``answer_seconds`` is how long an answer is waited for; longer than the server's own limits, for a server that is gone without a word.
    """

    url: str
    password: str | None = field(default=None, repr=False)
    answer_seconds: float = 30

    async def connect(self) -> asyncpg.Connection:
        """A connection of the driver's. Raises DatabaseUnreachable."""
        try:
            return await asyncpg.connect(
                self.url,
                password=self.password,
                timeout=CONNECT_SECONDS,
                command_timeout=self.answer_seconds,
                server_settings=dict(_SERVER_SETTINGS),
                # SQLAlchemy keeps the prepared statements.
                statement_cache_size=0,
            )
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise DatabaseUnreachable("database-unreachable") from error


async def fault(server: Server) -> str | None:
    """What keeps a server from being used, for an administrator, or None."""
    try:
        connection = await server.connect()
    except DatabaseUnreachable as error:
        return _REFUSALS.get(type(error.__cause__), "does not answer: check host, port and TLS of its url")
    try:
        if connection.get_server_version().major < OLDEST_SERVER:
            return f"is too old: PostgreSQL {OLDEST_SERVER} or later is needed"
        if connection.get_settings().server_encoding != "UTF8":
            return "has another encoding than UTF8: create the database with ENCODING 'UTF8'"
        if await connection.fetchval("SELECT pg_is_in_recovery()"):
            return "is a standby that only reads: name the primary, or several hosts with target_session_attrs=read-write"
        if not await connection.fetchval("SELECT has_schema_privilege(current_schema(), 'CREATE')"):
            return "does not let its user make tables: give it CREATE on the schema"
        return None
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return "stopped answering"
    finally:
        connection.terminate()


class PostgresDatabase:
    """A PostgreSQL database as a Database. To be used from one event loop."""

    def __init__(self, server: Server, *, max_waiting: int = MAX_WAITING) -> None:
        self._engine = engine(server)
        self._writing = self._engine.sync_engine
        self._reading = self._writing.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._max_waiting = max_waiting
        self._waiting = 0

    async def write(self, op: Callable[[Connection], T]) -> T:
        """Run ``op`` in a transaction of its own, again if it collided with another; see Database.write."""
        return await self._admit(self._writing, op, "database-write-failed")

    async def read(self, op: Callable[[Connection], T]) -> T:
        """Run ``op`` on a snapshot; see Database.read."""
        return await self._admit(self._reading, op, "database-read-failed")

    async def checkpoint(self) -> bool:
        """What was wiped is in no log of ours: the server's autovacuum removes it, and its key is destroyed."""
        return True

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    async def _admit(self, on: Engine, op: Callable[[Connection], T], code: str) -> T:
        if self._waiting >= self._max_waiting:
            raise DatabaseUnreachable("database-busy")
        self._waiting += 1
        try:
            return await _transact(on, op, code)
        finally:
            self._waiting -= 1


def engine(server: Server) -> AsyncEngine:
    """An engine that connects to the server; what its transactions raise is a driver's error."""
    made = create_async_engine(
        "postgresql+asyncpg://",
        # hide_parameters: an error's text must not carry what a row holds.
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        pool_size=MAX_CONNECTIONS,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        connect_args={
            "async_creator_fn": _ignoring_arguments(server.connect),
            "prepared_statement_cache_size": 512,
        },
    )
    event.listen(made.sync_engine, "checkout", _refuse_closed)
    return made


def _ignoring_arguments(connect: Callable[[], Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    return lambda *_, **__: connect()


def _refuse_closed(raw: Any, _record: object, _proxy: object) -> None:
    # The driver has noticed that the server went: the pool then connects anew, and no statement is lost on it.
    if raw.driver_connection.is_closed():
        raise DisconnectionError("connection-closed")


def _whole(on: Engine, op: Callable[[Connection], T]) -> T:
    with on.begin() as connection:
        return op(connection)


async def _transact(on: Engine, op: Callable[[Connection], T], code: str) -> T:
    for attempt in range(TRIES):
        try:
            # One greenlet for the whole transaction: AsyncEngine's own way takes one for each step of it, at half as much again.
            return await greenlet_spawn(_whole, on, op)
        except (PoolTimeout, OSError, TimeoutError) as error:
            raise DatabaseUnreachable("database-busy") from error
        except Exception as error:
            state = _sqlstate(error)
            if state is None:
                raise
            if state in _CONFLICTS:
                await asyncio.sleep(random.random() * 0.005 * 2**attempt)  # noqa: S311 (a wait, not a secret)
            elif state.startswith(_FAULT_CLASSES):
                raise DatabaseUnreachable(code) from error
            else:
                raise Refused(state) from None
    raise DatabaseUnreachable("database-conflict")


def _sqlstate(error: Exception) -> str | None:
    """The SQLSTATE of a driver's error, whoever raised it; "08000" where the connection itself failed, None if it is no such error."""
    cause: Any = error.orig if isinstance(error, DBAPIError) else error
    while cause is not None:
        if state := getattr(cause, "sqlstate", None):
            return str(state)
        if isinstance(cause, asyncpg.InterfaceError | OSError) and not isinstance(cause, ValueError):
            return "08000"
        cause = cause.__cause__
    return None
