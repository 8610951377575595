"""Writes down what the HTTP edge turns away, before it is answered: no audit row, no answer, refusals too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from adapter.api.request import caller, request_id
from adapter.domain.errors import InputError, Issue, SambroError, TokenRefused, Unreachable
from adapter.domain.identity import PersonId
from adapter.domain.log_codes import LogCode
from adapter.domain.requester import Requester
from adapter.domain.scopes import ScopeMissing
from adapter.exchange.refusals import Refusal, Refusals

_NOT_FOR_ITS_FORM: Final = frozenset({401, 403})
_log = structlog.get_logger()


class NoSuchRoute(SambroError):
    """Nothing is served there, or not by that method."""

    def __init__(self, method: str) -> None:
        self.status = 404 if method in ("GET", "HEAD") else 405
        super().__init__("no-such-route")


@dataclass(frozen=True, slots=True)
class Witness:
    """Records refusals of HTTP requests."""

    refusals: Refusals

    async def saw(
        self, request: Request, status: int, codes: Iterable[str], persons: Iterable[PersonId] = ()
    ) -> int:
        """Write down that a request is answered with ``status`` for ``codes``; returns the status to answer.

        That is 503 where it cannot be written down. Whoever the request's token names stands in ``request.state.requester``.
        """
        requester: Requester | None = getattr(request.state, "requester", None)
        refusal = Refusal(
            route=route_name(request),
            interaction=_interaction(request),
            code=" ".join(sorted(set(codes))) or f"http-{status}",
            request_id=request_id(request),
            is_serious=status in _NOT_FOR_ITS_FORM or status >= 500,
            who=requester,
            caller=caller(request),
        )
        try:
            await self.refusals.record(refusal, persons)
        except Unreachable as fault:
            _log.warning(LogCode.REQUEST_FAULT, fault=fault.code, request=refusal.request_id)
            return 503
        return status


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """How an error is answered: ``codes`` for the audit, ``issues`` for the caller, too."""

    status: int
    codes: Sequence[str]
    issues: Sequence[Issue] = ()


Answers = Mapping[type[Exception], tuple[int, str]]
"""By kind of error, the status with which it is answered and its code for the audit."""


def turned_away(error: Exception, asked_as: str, answers: Answers) -> TurnedAway:
    """What an error means for the caller and the audit: one of the endpoint's own ``answers``, or what it means everywhere."""
    match error:
        case TokenRefused():
            return TurnedAway(401, [error.code])
        case ScopeMissing():
            return TurnedAway(403, ["scope-missing"])
        case NoSuchRoute():
            return TurnedAway(error.status, ["no-such-route"])
        case InputError():
            return TurnedAway(error.status, [issue.code for issue in error.issues], error.issues)
        case Unreachable():
            _log.warning(LogCode.REQUEST_FAULT, fault=error.code, request=asked_as)
            return TurnedAway(503, [error.code])
        case _ if type(error) in answers:
            status, code = answers[type(error)]
            return TurnedAway(status, [code])
        case _:
            _log.error(LogCode.REQUEST_FAULT, fault=type(error).__name__, request=asked_as)
            return TurnedAway(500, ["internal-fault"])


def allowed(request: Request) -> str:
    """The methods that the form of a path is good for, as ``Allow`` tells them (RFC 9110, 10.2.1); it says nothing of anybody."""
    path = request.scope["path"]
    methods = {
        method
        for route in request.app.routes
        if isinstance(route, Route) and route.path_regex.match(path)
        for method in route.methods or ()
    }
    return ", ".join(sorted(methods))


class AnyMethod:
    """An endpoint for every HTTP method, whatever it is called: a route that takes what no other does."""

    def __init__(self, handler: Callable[[Request], Awaitable[Response]]) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._handler(Request(scope, receive, send))
        await response(scope, receive, send)


def route_name(request: Request) -> str:
    """A request's line in the table of docs/audit.md: its method and its route's path, never what stands in its place."""
    route = _route(request)
    return f"{request.method if route.methods else '*'} {route.path}"


def _interaction(request: Request) -> str:
    """FHIR's word for what was tried (http://hl7.org/fhir/restful-interaction)."""
    path = _route(request).path
    if "{id}" in path:
        return "update" if request.method == "PUT" else "read"
    if path.startswith("/inbound") or path == "/fhir/Consent":
        return "create"
    return "search" if "{type}" in path and "$" not in path else "operation"


def _route(request: Request) -> Route:
    """The route that serves a request, found by its endpoint: routers do not agree on telling it."""
    endpoint = request.scope["endpoint"]
    return next(
        route for route in request.app.routes if isinstance(route, Route) and route.endpoint is endpoint
    )
