"""A full disk, and a server that is killed, under load: what was acknowledged is there, the rest was refused, and it goes on without a hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from adapter.domain.errors import Unreachable
from adapter.store.messages import accept
from adapter.store.postgres import Server
from adapter.store.schema import migrate_server
from tests.databases import opened
from tests.postgres import TestServer
from tests.store.load import load, names
from tests.store.samples import new_message

PLENTY = 1_073_741_823


def pages(connection: Connection) -> int:
    return int(connection.execute(text("PRAGMA page_count")).scalar_one())


def allow(connection: Connection, most: int) -> None:
    connection.execute(text(f"PRAGMA max_page_count = {most}"))


async def test_a_full_disk_refuses_what_it_cannot_keep(path: Path) -> None:
    async with opened(path) as database:
        before, _ = await load(database, 20)
        await database.write(partial(allow, most=await database.read(pages) + 4))
        taken, refused = await load(database, 400)
        assert refused > 0
        assert await database.read(names) == before | taken
        await database.write(partial(allow, most=PLENTY))
        after, refused = await load(database, 20)
        assert refused == 0
        assert await database.read(names) == before | taken | after


async def test_a_full_disk_of_the_server_is_the_database_s_fault(server: Server) -> None:
    def fill(connection: Connection) -> None:
        accept(connection, new_message())
        connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$"))

    async with opened(server) as database:
        with pytest.raises(Unreachable):
            await database.write(fill)
        assert await database.read(names) == set()


@pytest.fixture
def doomed(killable: TestServer) -> Iterator[Server]:
    name = killable.create()
    yield killable.server(name)
    killable.drop(name)


async def test_a_server_killed_under_load_loses_nothing_that_was_acknowledged(
    killable: TestServer, doomed: Server
) -> None:
    """A commit whose answer the kill took may be there without having been acknowledged; a repeat then gets the earlier answer."""
    await migrate_server(doomed)
    async with opened(doomed) as database:
        first, _ = await load(database, 12)
        loading = asyncio.create_task(load(database, 200))
        await asyncio.sleep(0.05)
        killable.kill()
        taken, refused = await loading
        killable.start()
        last, refused_last = await load(database, 20)
        assert (refused > 0, refused_last) == (True, 0)
        assert first | taken | last <= await database.read(names)
