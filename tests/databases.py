"""Migrated databases of both kinds for tests: where they are, and how they are opened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, Protocol, TypeAlias, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete

from adapter.store.database import Database
from adapter.store.postgres import PostgresDatabase, Server
from adapter.store.schema import migrate, migrate_server
from adapter.store.sqlite import SqliteDatabase, writer_engine
from adapter.store.tables import metadata
from tests.postgres import IN_LOOP, TestServer

T = TypeVar("T")
Kind: TypeAlias = Literal["sqlite", "postgresql"]
Place: TypeAlias = Path | Server
"""A SQLite file, or a PostgreSQL database."""


class Transact(Protocol):
    """Runs one operation in a transaction of its own, from any kind of test."""

    def __call__(self, op: Callable[[Connection], T]) -> T: ...


def new_file(path: Path) -> Path:
    """An empty SQLite database with its tables."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_migrated())
    path.chmod(0o600)
    return path


def open_database(place: Place) -> SqliteDatabase | PostgresDatabase:
    """A Database; the caller closes it."""
    return SqliteDatabase(place) if isinstance(place, Path) else PostgresDatabase(place)


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[Database]:
    """A Database for the length of a block."""
    database = open_database(place)
    try:
        yield database
    finally:
        await database.close()


@contextmanager
def transactions(place: Place) -> Iterator[Transact]:
    """Something that runs operations without an event loop of the test's."""
    if isinstance(place, Path):
        writer = writer_engine(place)

        def transact(op: Callable[[Connection], T]) -> T:
            with writer.begin() as connection:
                return op(connection)

        yield transact
        writer.dispose()
        return
    database = PostgresDatabase(place)
    yield lambda op: IN_LOOP.run(database.write(op))
    IN_LOOP.run(database.close())


class Databases:
    """The databases of one server that tests use one after another: one is emptied, not made anew, if a test left its tables whole."""

    def __init__(self, server: TestServer) -> None:
        self._server = server
        self._template = server.create()
        IN_LOOP.run(migrate_server(server.server(self._template)))
        self._free: list[str] = []

    def restored(self, server: Server, dump: Path) -> Server:
        """A database of one of ``one``'s dumped to a file, and brought into a new one."""
        self._server.dump(urlsplit(server.url).path.strip("/"), dump)
        name = self._server.create()
        self._server.restore(name, dump)
        return self._server.server(name)

    @contextmanager
    def one(self) -> Iterator[Server]:
        """An empty database with its tables."""
        name = self._free.pop() if self._free else self._server.create(self._template)
        server = self._server.server(name)
        yield server
        try:
            IN_LOOP.run(_empty(server))
        except Exception:
            self._server.drop(name)
        else:
            self._free.append(name)


async def _empty(server: Server) -> None:
    connection = await server.connect()
    try:
        deletions = [str(delete(table)) for table in reversed(metadata.sorted_tables)]
        await connection.execute(";".join([*deletions, "TABLE alembic_version"]))
    finally:
        await connection.close()


@lru_cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sambro.db"
        migrate(path)
        return path.read_bytes()
