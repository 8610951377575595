"""The inbound channels over HTTP: push, and the sender's view of what it pushed. Faults are problem+json (RFC 9457)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adapter.api.request import Bearers, bounded_body, caller, request_id
from adapter.api.witness import Answers, AnyMethod, NoSuchRoute, Witness, allowed, turned_away
from adapter.domain.errors import Issue, SambroError
from adapter.domain.log_codes import LogCode
from adapter.domain.requester import Requester
from adapter.domain.scopes import INBOUND
from adapter.domain.states import State
from adapter.exchange.accept import Accept
from adapter.exchange.inbox import Inbox
from adapter.exchange.message_status import MessageStatus
from adapter.exchange.paused_channel import ChannelPaused
from adapter.exchange.ports import Reader
from adapter.exchange.receipt import Outcome
from adapter.exchange.repeats import ControlIdConflict
from adapter.exchange.sending_unit import NotTheSender
from adapter.exchange.stopping import Stopped

_PROBLEM: Final = "application/problem+json"
_STATUS: Final = {Outcome.ACCEPTED: 202, Outcome.IN_FORCE: 201, Outcome.REPEATED: 200}
_TITLES: Final = {
    400: "Unreadable",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "The message id was used with other content",
    413: "Too large",
    415: "Unsupported content type",
    422: "Unacceptable content",
    500: "Internal fault",
    503: "Unavailable",
}
# Why these ended is for the party whose consent or block it was, not for the sender.
_STATE_ALONE: Final = frozenset({State.WITHHELD, State.CANCELLED})
# Somebody works on something: as seldom as that a sender is no burst of refusals.
_PAUSED_SECONDS: Final = "60"
_log = structlog.get_logger()

Handler = Callable[[Request, Requester], Awaitable[Response]]


class ForeignChannel(SambroError):
    """The token's organisation is not the channel's party."""


class NoSuchChannel(SambroError):
    """No HTTP channel of that name."""


class NoSuchMessage(SambroError):
    """The channel knows no message of that id, or another sent it."""


_ANSWERS: Final[Answers] = {
    ForeignChannel: (403, "foreign-channel"),
    NotTheSender: (403, "sender-not-of-channel"),
    NoSuchChannel: (404, "not-found"),
    NoSuchMessage: (404, "not-found"),
    ControlIdConflict: (409, "control-id-conflict"),
}


@dataclass(frozen=True, slots=True)
class InboundEndpoint:
    """The routes under ``/inbound``. ``inboxes`` and ``readers`` are those of the HTTP channels, by channel id."""

    accept: Accept
    status: MessageStatus
    bearers: Bearers
    inboxes: Mapping[str, Inbox]
    readers: Mapping[str, Reader]
    max_bytes: int
    witness: Witness

    def routes(self) -> list[Route]:
        """The routes, to be added as they are."""
        return [
            Route("/inbound/{channel}", self._guarded(self._push), methods=["POST"]),
            Route("/inbound/{channel}/messages/{id}", self._guarded(self._status), methods=["GET"]),
            Route("/inbound/{rest:path}", AnyMethod(self._guarded(self._nothing))),
        ]

    async def _push(self, request: Request, requester: Requester) -> Response:
        inbox = self._inbox(request, requester)
        body = await bounded_body(request, self.max_bytes)
        content_type = request.headers.get("content-type", "")
        # Reading a plan takes milliseconds: off the loop, so that nobody else waits for it.
        arrival = await asyncio.to_thread(self.readers[inbox.channel.id].read, body, content_type)
        request.state.persons = [arrival.person]
        receipt = await self.accept(inbox, body, content_type, arrival, correlation_id=request_id(request))
        _log.info(
            LogCode.MESSAGE_ACCEPTED,
            message=receipt.message_id,
            channel=inbox.channel.id,
            outcome=receipt.outcome,
        )
        answer: dict[str, Any] = {
            "messageId": receipt.message_id,
            "status": f"/inbound/{inbox.channel.id}/messages/{receipt.message_id}",
        }
        if receipt.stopped is not None:
            answer["revocation"] = _told(receipt.stopped)
        return _json(answer, _STATUS[receipt.outcome])

    async def _status(self, request: Request, requester: Requester) -> Response:
        inbox = self._inbox(request, requester)
        message_id = request.path_params["id"]
        found = await self.status(inbox, requester, message_id, request_id(request), caller(request))
        if found is None:
            raise NoSuchMessage("message")
        codes = () if found.state in _STATE_ALONE else found.codes
        return _json({"messageId": found.id, "state": found.state.value, "codes": list(codes)}, 200)

    async def _nothing(self, request: Request, _requester: Requester) -> Response:
        raise NoSuchRoute(request.method)

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """A handler behind its token, whose every error becomes an audit row and problem+json."""

        async def guarded(request: Request) -> Response:
            try:
                requester = request.state.requester = await self.bearers.bearer(request)
                response = await handler(request, requester)
            except ClientDisconnect:
                raise
            except Exception as error:
                response = await self._refused(request, error)
            response.headers["X-Request-Id"] = request_id(request)
            return response

        return guarded

    async def _refused(self, request: Request, error: Exception) -> Response:
        refused = turned_away(error, request_id(request), _ANSWERS)
        if refused.issues:
            _log.warning(LogCode.MESSAGE_REFUSED, codes=sorted(set(refused.codes)))
        persons = getattr(request.state, "persons", ())
        status = await self.witness.saw(request, refused.status, refused.codes, persons)
        response = _problem(status, refused.issues if status == refused.status else ())
        if isinstance(error, ChannelPaused):
            response.headers["Retry-After"] = _PAUSED_SECONDS
        if status == 405:
            response.headers["Allow"] = allowed(request)
        return response

    def _inbox(self, request: Request, requester: Requester) -> Inbox:
        inbox = self.inboxes.get(request.path_params["channel"])
        if inbox is None:
            raise NoSuchChannel("channel")
        if requester.organization not in inbox.party.identifiers or INBOUND not in requester.scopes:
            raise ForeignChannel("channel")
        return inbox


def _told(stopped: Stopped) -> dict[str, int]:
    return {
        "cancelled": stopped.cancelled,
        "inFlight": stopped.in_flight,
        "unfinished": stopped.unfinished,
    }


def _json(content: Mapping[str, Any], status: int) -> Response:
    return Response(
        orjson.dumps(content), status, media_type="application/json", headers={"Cache-Control": "no-store"}
    )


def _problem(status: int, issues: Sequence[Issue] = ()) -> Response:
    body: dict[str, Any] = {"type": "about:blank", "title": _TITLES[status], "status": status}
    if issues:
        body["errors"] = [{"path": issue.path, "code": issue.code} for issue in issues]
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = "5"
    return Response(orjson.dumps(body), status, media_type=_PROBLEM, headers=headers)
