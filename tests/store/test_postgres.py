"""The PostgreSQL runner: collisions, failures, bounds, a server that goes and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Connection, insert, select, text, update

from adapter.domain.errors import Unreachable
from adapter.store import retention
from adapter.store.exclusion import is_first, one_at_a_time
from adapter.store.messages import accept
from adapter.store.postgres import MAX_CONNECTIONS, PostgresDatabase, Refused, Server, fault
from adapter.store.schema import migrate_server, upgrade
from adapter.store.tables import meta
from tests.postgres import TestServer
from tests.store.samples import NOW, new_message


@pytest.fixture
async def database(server: Server) -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(server)
    yield opened
    await opened.close()


@pytest.fixture
async def replica(server: Server) -> AsyncIterator[PostgresDatabase]:
    """Another process's."""
    opened = PostgresDatabase(server)
    yield opened
    await opened.close()


def put(connection: Connection, name: str) -> str:
    connection.execute(insert(meta).values(name=name, value="x"))
    return name


def names(connection: Connection) -> set[str]:
    return set(connection.scalars(select(meta.c.name)))


async def test_operations_that_lock_each_other_both_succeed(database: PostgresDatabase) -> None:
    tries = 0

    async def locked(first: str, second: str) -> None:
        def op(connection: Connection) -> None:
            nonlocal tries
            tries += 1
            for name in (first, second):
                connection.execute(update(meta).where(meta.c.name == name).values(value="y"))
                connection.execute(text("select pg_sleep(0.1)"))

        await database.write(op)

    for name in ("a", "b"):
        await database.write(partial(put, name=name))
    await asyncio.gather(locked("a", "b"), locked("b", "a"))
    assert tries >= 3


async def test_an_operation_waits_for_another_about_the_same_thing(
    database: PostgresDatabase, replica: PostgresDatabase
) -> None:
    steps: list[str] = []

    def op(connection: Connection, who: str) -> None:
        one_at_a_time(connection, ["person"])
        steps.append(f"{who} begins")
        connection.execute(text("select pg_sleep(0.05)"))
        steps.append(f"{who} ends")

    await asyncio.gather(
        *(one.write(partial(op, who=str(n))) for n, one in enumerate([database, replica] * 2))
    )
    assert [step[1:] for step in steps] == [" begins", " ends"] * 4


async def test_what_one_replica_does_the_others_leave(
    database: PostgresDatabase, replica: PostgresDatabase
) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(connection: Connection) -> bool:
        is_mine = is_first(connection, "retention")
        loop.call_soon(begun.set)
        while not may_end.is_set():
            connection.execute(text("select pg_sleep(0.01)"))
        return is_mine

    await database.write(lambda c: accept(c, new_message(received_at=NOW)))
    holding = asyncio.create_task(database.write(hold))
    await begun.wait()
    assert await replica.write(lambda c: is_first(c, "retention")) is False
    swept = await replica.write(lambda c: retention.expire(c, NOW, content_before=NOW))
    assert swept == retention.Swept((), (), ())
    may_end.set()
    assert await holding
    assert await replica.write(lambda c: is_first(c, "retention")) is True


async def test_a_failing_operation_leaves_nothing(database: PostgresDatabase) -> None:
    def fail(connection: Connection) -> None:
        put(connection, "undone")
        raise KeyError("one operation")

    with pytest.raises(KeyError):
        await database.write(fail)
    assert await database.read(names) == set()


async def test_a_reader_cannot_write(database: PostgresDatabase) -> None:
    with pytest.raises(Unreachable) as caught:
        await database.read(partial(put, name="a"))
    assert caught.value.code == "database-read-failed"


async def test_a_reading_sees_one_snapshot(database: PostgresDatabase) -> None:
    loop = asyncio.get_running_loop()
    written: list[asyncio.Task[str]] = []

    def read(connection: Connection) -> list[set[str]]:
        before = names(connection)
        written.append(loop.create_task(database.write(partial(put, name="a"))))
        while not written[0].done():
            connection.execute(text("select pg_sleep(0.01)"))
        return [before, names(connection)]

    assert await database.read(read) == [set(), set()]
    assert await database.read(names) == {"a"}


async def test_errors_carry_no_values(database: PostgresDatabase) -> None:
    twice = new_message(id="twice")
    await database.write(lambda c: accept(c, twice))
    with pytest.raises(Refused) as caught:
        await database.write(lambda c: accept(c, twice))
    assert str(caught.value) == "23505"
    assert caught.value.__cause__ is None


async def test_who_gives_up_waiting_leaves_nothing_and_takes_no_connection(
    database: PostgresDatabase,
) -> None:
    def slow(connection: Connection) -> None:
        put(connection, "undone")
        connection.execute(text("select pg_sleep(20)"))

    impatient = [asyncio.create_task(database.write(slow)) for _ in range(MAX_CONNECTIONS)]
    await asyncio.sleep(0.3)
    for number, one in enumerate(impatient):
        one.cancel()
        if number % 2:
            await asyncio.sleep(0)
            one.cancel()
    assert all(
        isinstance(end, asyncio.CancelledError)
        for end in await asyncio.gather(*impatient, return_exceptions=True)
    )
    # As many at once as there are connections: one that was kept would be missed.
    async with asyncio.timeout(15):
        await asyncio.gather(*(database.write(partial(put, name=str(n))) for n in range(2 * MAX_CONNECTIONS)))
    assert "undone" not in await database.read(names)


async def test_a_statement_that_takes_too_long_is_given_up(database: PostgresDatabase) -> None:
    def slow(connection: Connection) -> None:
        connection.execute(text("set local statement_timeout = 20"))
        connection.execute(text("select pg_sleep(10)"))

    with pytest.raises(Unreachable):
        await database.write(slow)


async def test_more_than_may_wait_is_refused_at_once(server: Server) -> None:
    database = PostgresDatabase(server, max_waiting=MAX_CONNECTIONS + 3)
    wait = text("select pg_sleep(0.1)")
    writes = (database.write(lambda c: c.execute(wait).rowcount) for _ in range(MAX_CONNECTIONS + 5))
    results = await asyncio.gather(*writes, return_exceptions=True)
    await database.close()
    assert [str(result) for result in results if isinstance(result, Exception)] == ["database-busy"] * 2


async def test_a_server_that_was_killed_and_comes_back_needs_no_hand(killable: TestServer) -> None:
    server = killable.server(killable.create())
    await migrate_server(server)
    database = PostgresDatabase(server)
    await asyncio.gather(*(database.write(partial(put, name=f"kept {number}")) for number in range(10)))
    under_way = asyncio.create_task(database.write(lambda c: c.execute(text("select pg_sleep(30)")).rowcount))
    await asyncio.sleep(0.2)
    killable.kill()
    with pytest.raises(Unreachable):
        await under_way
    with pytest.raises(Unreachable):
        await database.write(partial(put, name="refused"))
    killable.start()
    kept = await asyncio.gather(*(database.read(names) for _ in range(10)))
    assert kept == [{f"kept {number}" for number in range(10)}] * 10
    assert await database.write(partial(put, name="again")) == "again"
    await database.close()


async def test_what_keeps_a_server_from_being_used_is_told(killable: TestServer) -> None:
    assert await fault(killable.server("postgres")) is None
    assert await fault(killable.server("missing")) == "has no such database: create it"
    nowhere = await fault(Server("postgresql://sambro@127.0.0.1:1/sambro"))
    assert nowhere == "does not answer: check host, port and TLS of its url"


async def test_a_migration_has_the_time_it_takes(database: PostgresDatabase) -> None:
    def limits(connection: Connection) -> tuple[str, ...]:
        upgrade(connection)
        return tuple(connection.scalars(text(f"show {name}_timeout")).one() for name in ("statement", "lock"))

    assert await database.write(limits) == ("0", "10s")


async def test_a_process_waits_for_the_one_that_migrates(database: PostgresDatabase, server: Server) -> None:
    held, released = asyncio.Event(), asyncio.Event()

    def migrating(connection: Connection) -> None:
        one_at_a_time(connection, ["migration"])
        held.set()
        connection.execute(text("select pg_sleep(0.3)"))
        released.set()

    def hurried(connection: Connection) -> None:
        connection.execute(text("set local lock_timeout = 50"))
        upgrade(connection)

    holding = asyncio.create_task(database.write(migrating))
    await held.wait()
    # Neither the server's patience with locks nor the client's with the server ends the wait.
    await asyncio.gather(database.write(hurried), migrate_server(replace(server, answer_seconds=0.1)))
    assert released.is_set()
    await holding
