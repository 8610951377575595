"""The inbound channels over HTTP: push, and the sender's view of what it pushed. Faults are problem+json (RFC 9457)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adapter.api.request import Bearers, bounded_body, note_unaudited, request_id
from adapter.domain.errors import InputError, SambroError, TokenRefused, Unreachable
from adapter.domain.log_codes import LogCode
from adapter.domain.requester import Requester
from adapter.domain.scopes import INBOUND
from adapter.domain.states import State
from adapter.exchange.accept import Accept, ControlIdConflict, NotTheSender, Outcome
from adapter.exchange.inbox import Inbox
from adapter.exchange.ports import Reader
from adapter.exchange.stopping import Stopped
from adapter.exchange.unaudited import Unaudited
from adapter.store.database import Database, DatabaseUnreachable
from adapter.store.log import message_detail

_PROBLEM: Final = "application/problem+json"
_STATUS: Final = {Outcome.ACCEPTED: 202, Outcome.IN_FORCE: 201, Outcome.REPEATED: 200}
_TITLES: Final = {
    400: "Unreadable",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    409: "The message id was used with other content",
    413: "Too large",
    415: "Unsupported content type",
    422: "Unacceptable content",
    500: "Internal fault",
    503: "Unavailable",
}
# Why these ended is for the party whose consent or block it was, not for the sender.
_STATE_ALONE: Final = frozenset({State.WITHHELD, State.CANCELLED})
_log = structlog.get_logger()


class ForeignChannel(SambroError):
    """The token's organisation is not the channel's party."""


class NoSuchChannel(SambroError):
    """No HTTP channel of that name."""


@dataclass(frozen=True, slots=True)
class InboundEndpoint:
    """The routes under ``/inbound``. ``inboxes`` and ``readers`` are those of the HTTP channels, by channel id."""

    accept: Accept
    database: Database
    bearers: Bearers
    inboxes: Mapping[str, Inbox]
    readers: Mapping[str, Reader]
    max_bytes: int
    unaudited: Unaudited

    def routes(self) -> list[Route]:
        """The routes, to be added as they are."""
        return [
            Route("/inbound/{channel}", self._guarded(self._push), methods=["POST"]),
            Route("/inbound/{channel}/messages/{id}", self._guarded(self._status), methods=["GET"]),
        ]

    async def _push(self, request: Request, inbox: Inbox) -> Response:
        body = await bounded_body(request, self.max_bytes)
        content_type = request.headers.get("content-type", "")
        # Reading a plan takes milliseconds: off the loop, so that nobody else waits for it.
        arrival = await asyncio.to_thread(self.readers[inbox.channel.id].read, body, content_type)
        request.state.person = arrival.person
        receipt = await self.accept(inbox, body, content_type, arrival)
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

    async def _status(self, request: Request, inbox: Inbox) -> Response:
        views = frozenset({(inbox.agreement.id, inbox.party.id)})
        find = partial(message_detail, message_id=request.path_params["id"], views=views)
        found = await self.database.read(find)
        if found is None or not found.is_own or found.channel != inbox.channel.id:
            return _problem(404)
        codes = () if found.state in _STATE_ALONE else found.codes
        return _json({"messageId": found.id, "state": found.state.value, "codes": list(codes)}, 200)

    def _guarded(
        self, handler: Callable[[Request, Inbox], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """A handler behind its token and its channel's party, whose every error becomes problem+json."""

        async def guarded(request: Request) -> Response:
            asked_as = request_id(request)
            response = await self._answered(handler, request, asked_as)
            response.headers["X-Request-Id"] = asked_as
            return response

        return guarded

    async def _answered(
        self, handler: Callable[[Request, Inbox], Awaitable[Response]], request: Request, asked_as: str
    ) -> Response:
        try:
            requester = await self.bearers.bearer(request)
            return await handler(request, self._inbox(request, requester))
        except TokenRefused:
            return _problem(401)
        except (ForeignChannel, NotTheSender):
            return _problem(403)
        except NoSuchChannel:
            return _problem(404)
        except ControlIdConflict:
            return _problem(409)
        except InputError as error:
            _log.warning(LogCode.MESSAGE_REFUSED, codes=sorted({issue.code for issue in error.issues}))
            errors = [{"path": issue.path, "code": issue.code} for issue in error.issues]
            return _problem(error.status, errors)
        except ClientDisconnect:
            raise
        except Unreachable as error:
            _log.warning(LogCode.REQUEST_FAULT, fault=error.code, request=asked_as)
            if isinstance(error, DatabaseUnreachable):
                await note_unaudited(self.unaudited, request, asked_as, error)
            return _problem(503)
        except Exception as error:
            _log.error(LogCode.REQUEST_FAULT, fault=type(error).__name__)
            return _problem(500)

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


def _problem(status: int, errors: list[dict[str, str]] | None = None) -> Response:
    body: dict[str, Any] = {"type": "about:blank", "title": _TITLES[status], "status": status}
    if errors is not None:
        body["errors"] = errors
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = "5"
    return Response(orjson.dumps(body), status, media_type=_PROBLEM, headers=headers)
