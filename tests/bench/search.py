"""A gated search of a held plan, over HTTP from ``sambro serve``, against a bare handler that commits one row and gives the same bytes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any, Final
from urllib.parse import quote

import httpx
import uvicorn
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from adapter.api.app import build_app
from adapter.api.negotiation import MediaType
from adapter.demo import records
from adapter.demo.installation import Installation, install
from adapter.demo.processes import adapter
from adapter.demo.scene import Scene
from adapter.domain.identity import PERSONNUMMER
from adapter.domain.instants import utc_now
from adapter.main.core import database_path
from adapter.store.schema import migrate
from adapter.store.sqlite import SqliteDatabase
from tests.bench.child import serving
from tests.bench.house import CATEGORIES, settings_of
from tests.bench.measure import Budget, Measure, Row, Sample, in_rounds, rate
from tests.bench.raw_accept import inserting

_ROUNDS: Final = 5
_SECONDS: Final = 1.0
_HOST: Final = "127.0.0.1"
_PATH: Final = "/fhir/CarePlan?patient.identifier=" + quote(f"{PERSONNUMMER}|{records.CONSENTED}", safe="")


@dataclass(frozen=True, slots=True)
class Bare:
    """What the bare handler needs: its database file, the row that it commits, the bytes that it answers with."""

    database: Path
    audit: dict[str, Any]
    body: bytes


async def rows(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """One client, and eight, each on a connection that it keeps."""
    installation = install(folder / "data")
    with adapter(installation):
        token, body = await asyncio.to_thread(_held_plan, installation)
        floor = Bare(folder / "floor.db", _last_audit_row(installation), body)
        with serving(_serve_bare, floor) as (port,):
            for at_once in (1, 8):
                gated, bare = await _measured(installation.ports.adapter, port, token, at_once)
                yield Row(
                    f"gated search of a held SIP, {at_once} client{'s' * (at_once > 1)}",
                    Sample(gated, "/s"),
                    "bare handler, one row",
                    Sample(bare, "/s"),
                    Budget("ratio", 0.5, 0.7),
                )


async def _measured(port: int, floor: int, token: str, at_once: int) -> list[tuple[float, ...]]:
    async with AsyncExitStack() as stack:
        ours = [await stack.enter_async_context(Client(port, token)) for _ in range(at_once)]
        bare = [await stack.enter_async_context(Client(floor, token)) for _ in range(at_once)]
        return await in_rounds(_ROUNDS, _rate(ours), _rate(bare))


def _rate(clients: list[Client]) -> Measure:
    return lambda: rate([client.search for client in clients], _SECONDS)


class Client:
    """Searches again and again on one connection; no more of HTTP than that takes."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        head = (f"GET {_PATH} HTTP/1.1", f"Host: {_HOST}:{port}", f"Authorization: Bearer {token}", "", "")
        self._request = "\r\n".join(head).encode()

    async def __aenter__(self) -> Client:
        self._reader, self._writer = await asyncio.open_connection(_HOST, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def search(self) -> None:
        """Ask once and read the answer wholly."""
        self._writer.write(self._request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        body = await self._reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r")[0]))
        if not head.startswith(b"http/1.1 200") or b"CarePlan" not in body:
            raise RuntimeError("the search did not find the plan")


def _held_plan(installation: Installation) -> tuple[str, bytes]:
    """A plan in the hold; the token that finds it, and the answer."""
    with httpx.Client(timeout=10) as http:
        scene = Scene(installation, http, utc_now)
        person = records.CONSENTED
        for category in CATEGORIES:
            scene.push(records.consent(person, category, category, utc_now(), category)).raise_for_status()
        scene.push(records.sip(person, "plan-1", "message-1", utc_now())).raise_for_status()
        scene.eventually("the plan is not held", lambda: bool(scene.found("region", "CarePlan", person)))
        return scene.tokens["region"], scene.search("region", "CarePlan", person).content


def _last_audit_row(installation: Installation) -> dict[str, Any]:
    connection = sqlite3.connect(database_path(settings_of(installation)))
    connection.row_factory = sqlite3.Row
    try:
        return dict(connection.execute("SELECT * FROM audit ORDER BY number DESC LIMIT 1").fetchone())
    finally:
        connection.close()


async def _serve_bare(bare: Bare, ready: Callable[[object], None]) -> None:
    migrate(bare.database)
    database = SqliteDatabase(bare.database)
    insert, number = inserting("audit", bare.audit), 0

    def commit(connection: Connection) -> None:
        nonlocal number
        number += 1
        driver: Any = connection.connection.dbapi_connection
        driver.execute(insert, tuple((bare.audit | {"writer": "floor", "number": number}).values()))

    async def search(request: Request) -> Response:
        await database.write(commit)
        return Response(bare.body, media_type=MediaType.JSON)

    app = build_app([])
    app.add_route("/fhir/{type}", search)
    sock = socket()
    sock.bind((_HOST, 0))
    sock.listen()
    config = uvicorn.Config(
        app, http="httptools", lifespan="off", access_log=False, log_config=None, server_header=False
    )
    ready((sock.getsockname()[1],))
    await uvicorn.Server(config).serve([sock])
