"""The list's selection as a CSV file: codes and ids, what the list shows and no more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from typing import Final

from starlette.responses import Response, StreamingResponse

from adapter.console.columns import Column
from adapter.console.formats import local_time
from adapter.console.forms import trusted_form
from adapter.console.list_query import ListQuery, read_query
from adapter.console.message_list import Row, list_page
from adapter.console.names import Names
from adapter.console.screen import Console, Visit, today
from adapter.console.selection import selected
from adapter.exchange.spreadsheet import BYTE_ORDER_MARK, csv_lines

MOST_ROWS: Final = 10_000
Cell = Callable[[Row, Names], str]

_RECEIVED: Final[tuple[tuple[str, Cell], ...]] = (
    ("received", lambda row, _: local_time(row.message.received_at)),
)
_CELLS: Final[Mapping[Column, tuple[tuple[str, Cell], ...]]] = {
    Column.STATE: (("state", lambda row, _: row.message.state.value),),
    Column.DECISION: (
        ("decision", lambda row, _: row.verdict or ""),
        ("reasons", lambda row, _: " ".join(row.reasons)),
        ("consents", lambda row, _: ", ".join(row.consents)),
    ),
    Column.EVENT: (
        ("event", lambda row, _: row.message.event),
        ("recordTypes", lambda row, _: " ".join(row.message.record_types)),
    ),
    Column.DIRECTION: (("direction", lambda row, names: _direction(row, names)),),
    Column.SOURCE: (
        ("source", lambda row, names: names.party(row.message.agreement, row.message.source_party)),
    ),
    Column.RECIPIENTS: (("recipients", lambda row, names: _recipients(row, names)),),
    Column.AGREEMENT: (
        ("agreement", lambda row, _: row.message.agreement),
        ("channel", lambda row, _: row.message.channel),
    ),
    Column.ATTEMPTS: (("attempts", lambda row, _: str(row.attempts)),),
    Column.DURATION: (
        ("ended", lambda row, _: "" if row.message.ended_at is None else local_time(row.message.ended_at)),
        ("durationMilliseconds", lambda row, _: _milliseconds(row.duration)),
    ),
    Column.SIZE: (("size", lambda row, _: str(row.message.size)),),
    Column.CONTROL_ID: (("controlId", lambda row, _: row.message.control_id),),
    Column.CORRELATION_ID: (("correlationId", lambda row, _: row.message.correlation_id or ""),),
    Column.LAST_CODE: (("codes", lambda row, _: " ".join(dict.fromkeys(row.codes))),),
    Column.MESSAGE_ID: (("messageId", lambda row, _: row.message.id),),
}


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
    """The columns that were chosen; all of them, if none were."""
    chosen = [cell for column in query.columns or Column for cell in _CELLS[column]]
    columns = [*_RECEIVED, *chosen]
    yield BYTE_ORDER_MARK + "".join(csv_lines([[name for name, _ in columns]]))
    async for message in selected(console.database, visit.administrator, query, MOST_ROWS):
        row = Row.of(message)
        yield "".join(csv_lines([[cell(row, console.names) for _, cell in columns]]))


def _recipients(row: Row, names: Names) -> str:
    return ", ".join(names.party(row.message.agreement, party) for party in row.recipients)


def _direction(row: Row, names: Names) -> str:
    return f"{names.kind(row.message.agreement, row.message.source_party)}>{'+'.join(row.kinds(names))}"


def _milliseconds(span: timedelta | None) -> str:
    return "" if span is None else str(span // timedelta(milliseconds=1))
