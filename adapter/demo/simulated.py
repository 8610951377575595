"""What both simulated systems have: a bearer token, a list of what they received, a switch that makes them fail."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapter.domain.instants import Clock, as_instant

Handler = Callable[[Request], Awaitable[Response]]


class SimulatedSystem:
    """The frame of one system; its handlers see only requests that bear its token while it is up.

    ``GET /received`` lists what has come, a repeated key again. ``POST /simulate`` with ``{"status": 503, "times": 2}`` refuses the next
    two requests unread; without ``times`` all of them, until ``{"status": null}``.
    """

    def __init__(self, token: str, clock: Clock) -> None:
        self._token = token
        self._clock = clock
        self._received: list[dict[str, str | None]] = []
        self._outage: int | None = None
        self._outages_left: int | None = None

    def app(self, handlers: dict[tuple[str, str], Handler]) -> Starlette:
        """The application, with handlers by method and path."""
        routes = [
            Route(path, self._guarded(handler), methods=[method])
            for (method, path), handler in handlers.items()
        ]
        return Starlette(
            routes=[
                *routes,
                Route("/received", self._list_received, methods=["GET"]),
                Route("/simulate", self._simulate, methods=["POST"]),
            ]
        )

    async def receive(self, request: Request) -> bytes:
        """The body of a request, after it was put on the list."""
        body = await request.body()
        self._received.append(
            {
                "at": as_instant(self._clock()),
                "idempotencyKey": request.headers.get("idempotency-key"),
                "contentType": request.headers.get("content-type"),
                "body": body.decode(errors="replace"),
            }
        )
        return body

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            status = self._failure(request)
            return Response(status_code=status) if status else await handler(request)

        return guarded

    def _failure(self, request: Request) -> int | None:
        expected = f"Bearer {self._token}".encode()
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
            return 401
        if self._outage is None or self._outages_left == 0:
            return None
        if self._outages_left is not None:
            self._outages_left -= 1
        return self._outage

    async def _list_received(self, _request: Request) -> Response:
        return JSONResponse(self._received)

    async def _simulate(self, request: Request) -> Response:
        switch = json_object(await request.body())
        if switch is None:
            return Response(status_code=400)
        self._outage, self._outages_left = switch.get("status"), switch.get("times")
        return JSONResponse({"status": self._outage, "times": self._outages_left})


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in a body, or None if it is none."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
