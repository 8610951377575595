"""The messages that a filter selects, as their reader may see them: the whole of them, page by page, to a bound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from adapter.console.disclosure import shown_message
from adapter.console.list_query import ListQuery
from adapter.exchange.administrators import Administrator
from adapter.store.database import Database
from adapter.store.log import LogMessage, list_messages

_PAGE: Final = 500


async def selected(
    database: Database, reader: Administrator, query: ListQuery, most: int
) -> AsyncIterator[LogMessage]:
    """The newest ``most`` messages that the filters select."""
    filters, cursor, count = query.log_filter(reader), None, 0
    while True:
        page = await database.read(partial(list_messages, filters=filters, cursor=cursor, limit=_PAGE))
        for message in page:
            if count == most:
                return
            count += 1
            yield shown_message(message, reader)
        if len(page) < _PAGE:
            return
        cursor = page[-1].cursor
