"""One message: its facts, timeline and deliveries, and the source fields that nothing mapped. Never its content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from adapter.console.disclosure import shown_event, shown_message
from adapter.console.screen import Console, Visit, page
from adapter.exchange.administrators import Administrator
from adapter.store.log import LogDelivery, LogEvent, LogMessage, message_detail, timeline


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the timeline, how long after the one before it, and the delivery that it concerns."""

    event: LogEvent
    since: timedelta | None
    delivery: LogDelivery | None


async def show(console: Console, visit: Visit) -> Response:
    """The message's page; 404 for one that does not exist and one that this reader may not see alike."""
    message_id = visit.request.path_params["message_id"]
    found = await console.database.read(
        lambda connection: read_message(connection, message_id, visit.administrator)
    )
    if found is None:
        raise HTTPException(404)
    message, events = found
    await console.audit.looked(visit.request, visit.administrator.name, "message", message=message)
    return page(console, visit, "message_detail.html", message=message, steps=list(_steps(message, events)))


def read_message(
    connection: Connection, message_id: str, reader: Administrator
) -> tuple[LogMessage, Sequence[LogEvent]] | None:
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
