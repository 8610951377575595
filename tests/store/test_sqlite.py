"""The SQLite runner: group commit, failures, bounds, readers, the lock."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, insert, select, text

from adapter.domain.errors import ConfigurationError
from adapter.store.database import DatabaseUnreachable
from adapter.store.lock import ServiceLock
from adapter.store.messages import accept
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import meta
from tests.databases import Kind
from tests.store.samples import RAW, new_message


@pytest.fixture
def engine() -> Kind:
    """These tests are about one runner."""
    return "sqlite"


def put(name: str, connection: Connection) -> str:
    connection.execute(insert(meta).values(name=name, value="x"))
    return name


def break_the_commit(connection: Connection) -> None:
    # A deferred foreign key is checked at the commit, not at the statement.
    connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    connection.execute(text("insert into content values ('no message', 'raw', x'00', '2026-11-22')"))


def names(connection: Connection) -> set[str]:
    return set(connection.scalars(select(meta.c.name)))


def fail_after_writing(connection: Connection) -> None:
    connection.execute(insert(meta).values(name="undone", value="x"))
    raise KeyError("one operation")


@asynccontextmanager
async def waiting_together(database: SqliteDatabase) -> AsyncIterator[None]:
    """What is written inside waits until the end of the block, and is then taken as one batch."""
    started, go_on = Event(), Event()

    def block(connection: Connection) -> None:
        started.set()
        go_on.wait(10)

    blocking = asyncio.ensure_future(database.write(block))
    await asyncio.to_thread(started.wait, 10)
    yield
    await asyncio.sleep(0)
    go_on.set()
    await blocking


async def gather_in_one_batch(database: SqliteDatabase, *ops: Callable[[Connection], object]) -> list[object]:
    async with waiting_together(database):
        writes = [asyncio.ensure_future(database.write(op)) for op in ops]
    return await asyncio.gather(*writes, return_exceptions=True)


async def test_one_failing_operation_harms_only_itself(database: SqliteDatabase) -> None:
    results = await gather_in_one_batch(
        database, partial(put, "before"), fail_after_writing, partial(put, "after")
    )
    assert [results[0], type(results[1]), results[2]] == ["before", KeyError, "after"]
    assert await database.read(names) == {"before", "after"}


async def test_what_waits_becomes_one_transaction(database: SqliteDatabase) -> None:
    transactions = await gather_in_one_batch(database, *[Connection.get_transaction] * 50)
    assert len(set(transactions)) == 1


async def test_a_failed_commit_fails_every_waiter_and_keeps_nothing(database: SqliteDatabase) -> None:
    results = await gather_in_one_batch(
        database, partial(put, "lost"), break_the_commit, partial(put, "lost too")
    )
    assert [type(result) for result in results] == [DatabaseUnreachable] * 3
    assert await database.read(names) == set()
    assert await database.write(partial(put, "goes on")) == "goes on"


async def test_more_than_may_wait_is_refused_at_once(path: Path) -> None:
    database = SqliteDatabase(path, max_waiting=2)
    results = await gather_in_one_batch(database, *(partial(put, str(number)) for number in range(5)))
    await database.close()
    assert results[:2] == ["0", "1"]
    assert {str(result) for result in results[2:]} == {"database-busy"}


async def test_a_reader_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(DatabaseUnreachable) as caught:
        await database.read(lambda c: c.execute(insert(meta).values(name="a", value="b")).rowcount)
    assert caught.value.code == "database-read-failed"


async def test_closing_commits_what_waits(path: Path) -> None:
    database = SqliteDatabase(path)
    writes = [
        asyncio.ensure_future(database.write(partial(accept, new=new_message(), raw=RAW))) for _ in range(20)
    ]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)
    with sqlite3.connect(path) as raw:
        assert raw.execute("select count(*) from message").fetchone() == (20,)
    raw.close()


async def test_the_file_is_durable_and_forgets(database: SqliteDatabase) -> None:
    def pragmas(connection: Connection) -> tuple[object, ...]:
        asked = ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        return tuple(connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked)

    full = 2
    assert await database.write(pragmas) == ("wal", full, 1, 1)


async def test_errors_carry_no_values(database: SqliteDatabase) -> None:
    twice = new_message(id="twice")
    await database.write(lambda c: accept(c, twice))
    with pytest.raises(sqlite3.IntegrityError) as caught:
        await database.write(lambda c: accept(c, twice))
    assert str(caught.value) == "UNIQUE constraint failed: message.id"


def test_only_one_process_may_serve(tmp_path: Path) -> None:
    lock = tmp_path / "serve.lock"
    second = (
        "import sys; from pathlib import Path\n"
        "from adapter.domain.errors import ConfigurationError\n"
        "from adapter.store.lock import ServiceLock\n"
        "try:\n    ServiceLock(Path(sys.argv[1])).__enter__()\n"
        "except ConfigurationError:\n    sys.exit(2)\n"
    )
    command = [sys.executable, "-c", second, str(lock)]
    with ServiceLock(lock):
        assert subprocess.run(command, check=False).returncode == 2  # noqa: S603
        with pytest.raises(ConfigurationError), ServiceLock(lock):
            pass
    assert subprocess.run(command, check=False).returncode == 0  # noqa: S603
