"""The list's selection as a CSV file: codes and ids, what the list shows and no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from starlette.responses import Response, StreamingResponse

from adapter.console.formats import local_time
from adapter.console.forms import trusted_form
from adapter.console.list_query import ListQuery, read_query
from adapter.console.message_list import Row, list_page
from adapter.console.screen import Console, Visit, today
from adapter.console.selection import selected
from adapter.exchange.spreadsheet import BYTE_ORDER_MARK, csv_lines

MOST_ROWS: Final = 10_000
_COLUMNS: Final = (
    "received",
    "ended",
    "state",
    "event",
    "recordTypes",
    "source",
    "recipients",
    "agreement",
    "channel",
    "attempts",
    "size",
    "controlId",
    "messageId",
    "codes",
)


async def submit(console: Console, visit: Visit) -> Response:
    """The newest 10,000 rows of the selection that a form names, written down before the first byte leaves."""
    query = read_query(await trusted_form(visit.request, visit.token), today(console))
    if query.faults:
        return await list_page(console, visit, query)
    name = visit.administrator.name
    await console.audit.administration.done(name, "messages-export", lambda _: None)
    at = local_time(console.clock()).replace(" ", "-").replace(":", "")
    disposition = f'attachment; filename="sambro-{at}.csv"'
    return StreamingResponse(
        _lines(console, visit, query),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition},
    )


async def _lines(console: Console, visit: Visit, query: ListQuery) -> AsyncIterator[str]:
    yield BYTE_ORDER_MARK + "".join(csv_lines([_COLUMNS]))
    async for message in selected(console.database, visit.administrator, query, MOST_ROWS):
        yield "".join(csv_lines([_cells(console, Row.of(message))]))


def _cells(console: Console, row: Row) -> tuple[str, ...]:
    message, names = row.message, console.names
    codes = dict.fromkeys([*message.codes, *(code for one in message.deliveries for code in one.codes)])
    return (
        local_time(message.received_at),
        "" if message.ended_at is None else local_time(message.ended_at),
        message.state.value,
        message.event,
        " ".join(message.record_types),
        names.party(message.agreement, message.source_party),
        ", ".join(names.party(message.agreement, party) for party in row.recipients),
        message.agreement,
        message.channel,
        str(row.attempts),
        str(message.size),
        message.control_id,
        message.id,
        " ".join(codes),
    )
