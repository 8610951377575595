"""One message: its facts, timeline and deliveries, what became of its fields, and those that nothing mapped. Never its content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from adapter.console.disclosure import shown_event, shown_message
from adapter.console.screen import Console, Visit, page
from adapter.domain.states import FINAL, State
from adapter.exchange.administrators import Administrator
from adapter.exchange.intervene import Act
from adapter.exchange.open_content import may_open
from adapter.exchange.reasons import REASON_LONGEST
from adapter.mapping.canonical import name_and_version
from adapter.store import field_traces
from adapter.store.deliveries import WAITING
from adapter.store.intervention_log import interventions
from adapter.store.log import LogDelivery, LogEvent, LogMessage, message_detail, timeline
from adapter.store.reruns import reruns


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the timeline, how long after the one before it, and the delivery that it concerns."""

    event: LogEvent
    since: timedelta | None
    delivery: LogDelivery | None


OPEN_CONTENT: Final = "content"
"""The form that opens what is held of a message."""
Found = tuple[LogMessage, Sequence[LogEvent]]


async def show(console: Console, visit: Visit) -> Response:
    """The message's page; 404 for one that does not exist and one that this reader may not see alike."""
    return await message_page(console, visit, await find(console, visit))


async def find(console: Console, visit: Visit) -> Found:
    """The message that the path names, as the visitor may see it; raises HTTPException 404."""
    message_id = visit.request.path_params["message_id"]
    found = await console.database.read(
        lambda connection: read_message(connection, message_id, visit.administrator)
    )
    if found is None:
        raise HTTPException(404)
    return found


async def message_page(
    console: Console, visit: Visit, found: Found, *, status: int = 200, **faulty: str
) -> Response:
    """The page of a message. ``faulty``: of a form that was refused, its ``act``, ``reason`` and ``fault``."""
    message, events = found
    repeats = await console.database.read(partial(reruns, message_id=message.id)) if message.is_own else ()
    past = (
        await console.database.read(partial(interventions, message_id=message.id)) if message.is_own else ()
    )
    fields = await console.database.read(partial(field_traces.rows, digest=message.trace))
    await console.audit.looked(visit.request, visit.administrator.name, "message", message=message)
    return page(
        console,
        visit,
        "message_detail.html",
        status=status,
        message=message,
        steps=list(_steps(message, events)),
        acts=[act for act in _possible(message) if visit.administrator.may(act.right)],
        opens_content=may_open(visit.administrator, message) and message.state not in FINAL,
        reruns=repeats,
        mapping=name_and_version(message.mapping) if message.mapping else None,
        fields=fields,
        past=[(one, console.intervene.reason(one)) for one in past],
        reason_longest=REASON_LONGEST,
        faulty=faulty,
    )


def read_message(connection: Connection, message_id: str, reader: Administrator) -> Found | None:
    """A message with its timeline as its reader may see them, or None."""
    message = message_detail(connection, message_id, reader.views)
    if message is None:
        return None
    events = [shown_event(event, reader) for event in timeline(connection, message)]
    return shown_message(message, reader), events


def _steps(message: LogMessage, events: Iterable[LogEvent]) -> Iterator[Step]:
    deliveries = {one.id: one for one in message.deliveries}
    before: datetime | None = None
    for event in events:
        since = None if before is None else event.at - before
        yield Step(event, since, deliveries.get(event.delivery_id or ""))
        before = event.at


def _possible(message: LogMessage) -> Iterator[Act]:
    """What the message's state lets its own party do."""
    if not message.is_own:
        return
    waiting = [one for one in message.deliveries if one.state in WAITING]
    dead = any(one.state is State.DEAD for one in message.deliveries)
    if any(one.recipient_system is not None for one in waiting):
        yield Act.RETRY
    if dead:
        yield Act.REPLAY
    if waiting or dead or message.state is State.ACCEPTED:
        yield Act.CANCEL
    if message.state in (State.INVALID, State.DEAD):
        yield Act.PURGE
