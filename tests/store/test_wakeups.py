"""Replicas wake each other, seldom and without a fault when the server is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from adapter.store.postgres import Server
from adapter.store.wakeups import CHANNEL, QUIET_SECONDS, Wakeups
from tests.postgres import TestServer


@asynccontextmanager
async def running(wakeups: Wakeups) -> AsyncIterator[Wakeups]:
    """Wake-ups for the length of a block."""
    task = asyncio.create_task(wakeups.run())
    yield wakeups
    wakeups.stop()
    await task


async def until(condition: Callable[[], bool], act: Callable[[], None] = lambda: None) -> None:
    """Wait for a condition, acting all the while."""
    async with asyncio.timeout(10):
        while not condition():
            act()
            await asyncio.sleep(0.02)


async def test_one_replica_wakes_the_others_but_not_itself(server: Server) -> None:
    heard: list[str] = []
    one, other = (Wakeups(server, partial(heard.append, name)) for name in ("one", "other"))
    async with running(one), running(other):
        await until(lambda: "other" in heard, act=one.ring)
        assert "one" not in heard
        await until(lambda: "one" in heard, act=other.ring)


async def test_many_rings_make_few_notifications(server: Server) -> None:
    heard: list[int] = []
    listening = await server.connect()
    await listening.add_listener(CHANNEL, lambda *_: heard.append(1))
    async with running(Wakeups(server, lambda: None)) as wakeups:
        await until(lambda: bool(heard), act=wakeups.ring)
        before, begun = len(heard), asyncio.get_running_loop().time()
        for _ in range(200):
            wakeups.ring()
            await asyncio.sleep(0.001)
        lasted = asyncio.get_running_loop().time() - begun
    assert 1 <= len(heard) - before <= lasted / QUIET_SECONDS + 2
    await listening.close()


async def test_wake_ups_go_on_after_the_server_came_back(killable: TestServer) -> None:
    server = killable.server("postgres")
    heard: list[int] = []
    async with running(Wakeups(server, lambda: heard.append(1))), running(Wakeups(server, print)) as other:
        await until(lambda: bool(heard), act=other.ring)
        killable.kill()
        killable.start()
        heard.clear()
        await until(lambda: bool(heard), act=other.ring)
