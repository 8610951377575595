"""The live tail: a page of the latest steps, and a stream of server-sent events that brings the new ones (HTML standard, 9.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from adapter.console.disclosure import shown_event, shown_message
from adapter.console.language import language_of
from adapter.console.message_detail import read_message
from adapter.console.screen import Console, Visit, page, root
from adapter.console.texts import Texts
from adapter.exchange.administrators import Administrator
from adapter.store.log import (
    LogEvent,
    LogMessage,
    events_after,
    last_event,
    list_messages,
    message_detail,
)
from adapter.store.log_filter import LogFilter

POLL_SECONDS: Final = 1.0
POLLS: Final = 600
HEARTBEAT_EVERY: Final = 15
REFRESH_SECONDS: Final = 10
_MESSAGES_FIRST: Final = 30
_STEPS_FIRST: Final = 60
_STEPS_AT_ONCE: Final = 100
_LOOK_BACK: Final = 10_000
_PURPOSE: Final = "live-tail"


@dataclass(frozen=True, slots=True)
class LiveStep:
    """A step with the message that it belongs to."""

    event: LogEvent
    message: LogMessage


@dataclass(frozen=True, slots=True)
class News:
    """New steps, oldest first, and the number from which the next look begins."""

    steps: Sequence[LiveStep]
    seen_to: int


async def show(console: Console, visit: Visit) -> Response:
    """The page. ``paused`` brings no stream; ``refresh`` reloads it, for those without JavaScript."""
    steps = await console.database.read(partial(_latest, reader=visit.administrator))
    refreshes = "refresh" in visit.request.query_params
    await console.audit.looked(visit.request, visit.administrator.name, "live")
    newest = max((step.event.sequence for step in steps), default=None)
    response = page(
        console,
        visit,
        "live_tail.html",
        steps=steps,
        after=None if newest is None else _sealed(console, newest),
        is_paused="paused" in visit.request.query_params or refreshes,
        refreshes=refreshes,
        refresh_seconds=REFRESH_SECONDS,
    )
    if refreshes:
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


async def events(console: Console, request: Request) -> Response:
    """The stream; it ends after some minutes, at shutdown, and as soon as the session does."""
    reader = await console.sign_in.administrator(console.session.read(request) or "")
    holder = "" if reader is None else reader.name
    if not console.streams.has_room(holder):
        await console.audit.refused(request, 503, "too-many-streams")
        return Response(status_code=503, headers={"Retry-After": "30"})
    if reader is None:
        await console.audit.refused(request, 403, "session-missing")
    else:
        await console.audit.looked(request, reader.name, "live-events")
    return StreamingResponse(_stream(console, request, holder), media_type="text/event-stream")


async def _stream(console: Console, request: Request, holder: str) -> AsyncIterator[str]:
    token = console.session.read(request) or ""
    seen_to = _asked_from(console, request)
    if not console.streams.has_room(holder):  # others came first, between the question and now
        yield "retry: 30000\n\n"
        return
    with console.streams.one(holder):
        yield "retry: 2000\n\n"
        for poll in range(POLLS):
            news = await console.database.read(partial(_news, console=console, token=token, seen_to=seen_to))
            if news is None:
                yield "event: end\ndata: session\n\n"
                return
            seen_to = news.seen_to
            for step in news.steps:
                yield _event(console, request, step)
            if poll % HEARTBEAT_EVERY == 0:
                yield ": still here\n\n"
            if await _stops_within(console.stopping, POLL_SECONDS):
                return


def _news(connection: Connection, console: Console, token: str, seen_to: int | None) -> News | None:
    """What is new to whoever holds the session; None: it is over. Without ``seen_to`` the look begins now."""
    reader = console.sign_in.recognise(connection, token)
    if reader is None:
        return None
    newest = last_event(connection)
    begin = newest if seen_to is None else max(seen_to, newest - _LOOK_BACK)
    found = events_after(connection, begin, reader.views, _STEPS_AT_ONCE)
    if len(found) == _STEPS_AT_ONCE:
        newest = found[-1].sequence
    return News(_with_messages(connection, found, reader), newest)


def _with_messages(
    connection: Connection, found: Sequence[LogEvent], reader: Administrator
) -> Sequence[LiveStep]:
    messages = {
        one: message_detail(connection, one, reader.views) for one in {event.message_id for event in found}
    }
    return [
        LiveStep(shown_event(event, reader), shown_message(message, reader))
        for event in found
        if (message := messages[event.message_id]) is not None
    ]


def _latest(connection: Connection, reader: Administrator) -> Sequence[LiveStep]:
    """The latest steps of the latest messages, newest first: a reader's own rows alone decide what is among them."""
    messages = list_messages(connection, LogFilter(views=reader.views), limit=_MESSAGES_FIRST)
    read = [read_message(connection, message.id, reader) for message in messages]
    steps = [LiveStep(event, one[0]) for one in read if one is not None for event in one[1]]
    return sorted(steps, key=lambda step: step.event.sequence, reverse=True)[:_STEPS_FIRST]


def _asked_from(console: Console, request: Request) -> int | None:
    sealed = request.headers.get("last-event-id") or request.query_params.get("after", "")
    opened = console.cursors.open(_PURPOSE, sealed)
    return None if opened is None else int(opened)


def _sealed(console: Console, sequence: int) -> str:
    return console.cursors.seal(_PURPOSE, str(sequence))


def _event(console: Console, request: Request, step: LiveStep) -> str:
    html = console.templates.get_template("live_row.html").render(
        t=Texts(language_of(request)), root=root(request), names=console.names, step=step, is_new=True
    )
    data = "".join(f"data: {line}\n" for line in html.splitlines() if line.strip())
    return f"id: {_sealed(console, step.event.sequence)}\nevent: step\n{data}\n"


async def _stops_within(stopping: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
    return stopping.is_set()
