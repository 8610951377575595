"""The FHIR endpoint's answers as they leave: JSON, an OperationOutcome for what is refused, and the mark of one that must not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from adapter.api.negotiation import MediaType
from adapter.domain.errors import Issue
from adapter.fhir import outcome

_HEADERS: Final = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}


def conceal(request: Request) -> None:
    """Let the answer wait for the floor once it is made, whatever its form: nothing was found, and why must not show."""
    request.state.is_concealed = True


def is_concealed(request: Request) -> bool:
    """Whether its answer waits."""
    return getattr(request.state, "is_concealed", False)


def refused(status: int, asked_as: str, issues: Sequence[Issue] = ()) -> Response:
    """An OperationOutcome with that HTTP status."""
    return respond(outcome.refusal(status, issues), status, asked_as, _HEADERS.get(status))


def respond(body: bytes, status: int, asked_as: str, headers: Mapping[str, str] | None = None) -> Response:
    """A body with the headers of every answer."""
    held = {"X-Request-Id": asked_as, "Cache-Control": "no-store", **(headers or {})}
    return Response(body, status, headers=held, media_type=MediaType.JSON)
