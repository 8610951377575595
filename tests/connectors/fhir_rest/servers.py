"""Servers on loopback sockets, and releases to send them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from adapter.domain.identity import HSA_ID, Identifier
from adapter.gate.enforce import ReleasedBundle
from adapter.gate.origin import Origin
from adapter.gate.request import Side
from tests.gate.builders import released

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
AT = datetime(2026, 11, 16, 8, tzinfo=UTC)
KOMMUN = Side(
    frozenset({Identifier(HSA_ID, "SE2120001553-1000")}), unit=Identifier(HSA_ID, "SE2120001553-1001")
)
REGION = Side(
    frozenset({Identifier(HSA_ID, "SE2321000131-E0100")}), unit=Identifier(HSA_ID, "SE2321000131-E0101")
)


def listening() -> socket.socket:
    """A socket that listens on a free loopback port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an app until the block ends; yields its URL."""
    with listening() as listener:
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", date_header=False)
        )
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield url_of(listener)
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def behaving(serve: Serve) -> AsyncIterator[int]:
    """A server whose connections all go as ``serve`` has it; yields its port. Ends when they have ended."""
    connections: set[asyncio.Task[None]] = set()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.get_running_loop().create_task(connection(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*connections)


ORIGIN = Origin(
    Identifier(HSA_ID, "SE2120001553-1000"),
    ("https://w3id.org/sambro/mapping/neutral_push/neutral-push-sip|1",),
    "6f0c1a52-0000-4000-8000-000000000002",
    AT,
)


def release(resources: Sequence[dict[str, Any]], origin: Origin | None = None) -> ReleasedBundle:
    """What the gate releases of a person's resources to the region, everything permitted."""
    return released(resources, sender=KOMMUN, recipient=REGION, at=AT, origin=origin)
