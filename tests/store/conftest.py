"""A migrated database in a file of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import pytest
from sqlalchemy import Connection

from adapter.store.schema import migrate
from adapter.store.sqlite import SqliteDatabase, writer_engine

P = ParamSpec("P")
T = TypeVar("T")


class Run(Protocol):
    """Runs one operation in a transaction of its own."""

    def __call__(
        self, op: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T: ...


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "data" / "sambro.db"
    file.parent.mkdir()
    migrate(file)
    return file


@pytest.fixture
def run(path: Path) -> Iterator[Run]:
    engine = writer_engine(path)

    def execute(op: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with engine.begin() as connection:
            return op(connection, *args, **kwargs)

    yield execute
    engine.dispose()


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(path)
    yield opened
    await opened.close()
