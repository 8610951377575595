"""A disk whose commits take long, or never end: what is acknowledged is kept, the rest is refused in time, and it goes on without a hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final

import httpx
import pytest
from sqlalchemy import Connection, Engine, StaticPool, event
from starlette.applications import Starlette

from adapter.api.operations import Operations
from adapter.domain.errors import Unreachable
from adapter.store.messages import accept
from adapter.store.postgres import PostgresDatabase, Server
from adapter.store.sqlite import SqliteDatabase
from tests.store.load import load, names
from tests.store.samples import NOW, new_message

_COMMIT_SECONDS: Final = 0.3
_WAIT_SECONDS: Final = 0.5
_AT_ONCE: Final = 1_200
_SLOW_COMMIT: Final = (
    "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.05); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON message DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dawdle()",
)


@contextmanager
def commits(before: Callable[[], object]) -> Iterator[None]:
    """Something is done before each commit of SQLite's writer, in its thread."""

    def dawdle(connection: Connection) -> None:
        if isinstance(connection.engine.pool, StaticPool):
            before()

    event.listen(Engine, "commit", dawdle)
    try:
        yield
    finally:
        event.remove(Engine, "commit", dawdle)


async def test_a_slow_disk_refuses_in_time_what_it_does_not_keep(path: Path) -> None:
    with commits(lambda: time.sleep(_COMMIT_SECONDS)):
        database = SqliteDatabase(path, max_waiting=1_000, wait_seconds=_WAIT_SECONDS)
        taken, refused = await load(database, _AT_ONCE)
    assert taken
    # More than those for whom there was no room: some waited too long.
    assert refused > _AT_ONCE - 1_000
    last, refused = await load(database, 20)
    assert (await database.read(names), refused) == (taken | last, 0)
    await database.close()


async def test_a_disk_that_hangs_is_told_and_needs_no_hand(path: Path) -> None:
    hangs, answers = Event(), Event()
    first, second = new_message(), new_message()

    def hang() -> None:
        hangs.set()
        answers.wait(10)

    with commits(hang):
        database = SqliteDatabase(path, wait_seconds=0.1)
        operations = Starlette(routes=Operations(database, lambda: NOW, dev_issuer=False).routes())
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(operations), base_url="http://here"
        ) as http:
            in_hand = asyncio.create_task(database.write(partial(accept, new=first)))
            await asyncio.to_thread(hangs.wait, 10)
            with pytest.raises(Unreachable):
                await database.write(partial(accept, new=second))
            assert (await http.get("/readyz")).json() == {"status": "unavailable", "code": "database-busy"}
            assert not in_hand.done()
            answers.set()
            await in_hand
            assert (await http.get("/readyz")).status_code == 200
    assert await database.read(names) == {first.id}
    await database.close()


async def test_a_slow_disk_of_the_server_keeps_what_is_acknowledged(server: Server) -> None:
    database = PostgresDatabase(server, max_waiting=40)
    await database.write(lambda c: c.exec_driver_sql(_SLOW_COMMIT[0]).rowcount)
    await database.write(lambda c: c.exec_driver_sql(_SLOW_COMMIT[1]).rowcount)
    taken, refused = await load(database, 60)
    await database.write(lambda c: c.exec_driver_sql("DROP FUNCTION dawdle CASCADE").rowcount)
    assert refused == 20
    assert await database.read(names) == taken
    await database.close()
