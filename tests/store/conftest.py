"""A migrated database of each kind, new for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import pytest
from sqlalchemy import Connection

from adapter.store.database import Database
from adapter.store.postgres import Server
from tests.databases import Databases, Place, new_file, opened, transactions
from tests.postgres import TestServer, running

P = ParamSpec("P")
T = TypeVar("T")


class Run(Protocol):
    """Runs one operation in a transaction of its own."""

    def __call__(
        self, op: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T: ...


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The SQLite file of ``place``, for what is SQLite's alone."""
    return new_file(tmp_path / "data" / "sambro.db")


@pytest.fixture
def server(postgres: Databases) -> Iterator[Server]:
    """A PostgreSQL database, for what is PostgreSQL's alone."""
    with postgres.one() as server:
        yield server


@pytest.fixture(scope="module")
def killable() -> Iterator[TestServer]:
    """A server of a module's own, whose commits reach the disk."""
    with running(durable=True) as own:
        yield own


@pytest.fixture
def run(place: Place) -> Iterator[Run]:
    with transactions(place) as transact:

        def execute(op: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
            return transact(lambda connection: op(connection, *args, **kwargs))

        yield execute


@pytest.fixture
async def database(place: Place) -> AsyncIterator[Database]:
    async with opened(place) as database:
        yield database
