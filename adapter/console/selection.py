"""The messages that a filter selects, as their reader may see them: the whole of them, page by page, to a bound."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Final

from adapter.console.disclosure import shown_message
from adapter.console.list_query import ListQuery
from adapter.exchange.administrators import Administrator
from adapter.store.database import Database
from adapter.store.log import LogMessage, list_messages

_PAGE: Final = 500


def shown(messages: Sequence[LogMessage], reader: Administrator, query: ListQuery) -> Sequence[LogMessage]:
    """What the reader may see of them; a filter by code finds no code that is not shown."""
    seen = [shown_message(message, reader) for message in messages]
    code = query.fields["code"]
    return [message for message in seen if not code or _has(message, code)]


async def selected(
    database: Database, reader: Administrator, query: ListQuery, most: int
) -> AsyncIterator[LogMessage]:
    """The newest ``most`` messages that the filters select."""
    filters, cursor, count = query.log_filter(reader.views), None, 0
    while True:
        page = await database.read(partial(list_messages, filters=filters, cursor=cursor, limit=_PAGE))
        for message in shown(page, reader, query):
            if count == most:
                return
            count += 1
            yield message
        if len(page) < _PAGE:
            return
        cursor = page[-1].cursor


def _has(message: LogMessage, code: str) -> bool:
    return code in message.codes or any(code in one.codes for one in message.deliveries)
