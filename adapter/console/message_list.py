"""The message list: newest first, by filters that a link carries, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.responses import Response

from adapter.console.disclosure import shown_message
from adapter.console.list_query import ListQuery, read_query
from adapter.console.screen import Console, Visit, page, query_string, root, today
from adapter.domain.records import RecordType
from adapter.domain.states import State
from adapter.exchange.saved_filters import NAME_LONGEST
from adapter.store.log import LogMessage, list_messages

PAGE_ROWS: Final = 50
PAGES_BACK: Final = 40
_PURPOSE: Final = "message-list"


@dataclass(frozen=True, slots=True)
class Row:
    """A message as the list shows it: ``recipients`` are party ids; ``last_code`` of its deliveries, else its own."""

    message: LogMessage
    recipients: tuple[str, ...]
    attempts: int
    last_code: str | None

    @classmethod
    def of(cls, message: LogMessage) -> Row:
        """The row of a message."""
        codes = [*message.codes, *(code for one in message.deliveries for code in one.codes)]
        return cls(
            message,
            tuple(dict.fromkeys(one.recipient_party for one in message.deliveries)),
            sum(one.attempts for one in message.deliveries),
            codes[-1] if codes else None,
        )


@dataclass(frozen=True, slots=True)
class Pages:
    """Where the neighbouring pages begin; None: there is none. ``newer`` empty: the first page."""

    newer: str | None
    older: str | None


async def show(console: Console, visit: Visit) -> Response:
    """The list; with faulty filters the form alone, each fault beside its field."""
    return await list_page(console, visit, read_query(visit.request.query_params, today(console)))


async def list_page(
    console: Console, visit: Visit, query: ListQuery, *, faulty: Mapping[str, str] | None = None
) -> Response:
    """The list by filters that were read already. ``faulty``: the ``name`` that they could not be saved under, and its ``fault``."""
    trail = _trail(console, visit.request.query_params.get("page", ""))
    found = [] if query.faults else await _messages(console, visit, query, trail)
    messages = found[:PAGE_ROWS]
    filters = [name for name, value in query.fields.items() if value]
    await console.audit.looked(visit.request, visit.administrator.name, "list", filters)
    return page(
        console,
        visit,
        "message_list.html",
        status=400 if query.faults else 422 if faulty else 200,
        here=f"{root(visit.request)}/",
        saved=[
            (one.id, one.name, query_string(one.fields))
            for one in await console.saved_filters.of(visit.administrator)
        ],
        name_longest=NAME_LONGEST,
        faulty=faulty or {},
        query=query,
        rows=[Row.of(shown_message(message, visit.administrator)) for message in messages],
        pages=_pages(console, trail, messages, has_older=len(found) > PAGE_ROWS),
        choices=_choices(console, visit),
    )


def _choices(console: Console, visit: Visit) -> Mapping[str, Sequence[tuple[str, str]]]:
    """What the select fields offer: value and label."""
    views = visit.administrator.views
    return {
        "state": [(state.value, state.value) for state in State],
        "agreement": [(agreement.id, agreement.name) for agreement in console.names.seen(views)],
        "channel": [(channel.id, channel.id) for channel in console.names.channels(views)],
        "type": [(record_type.value, record_type.value) for record_type in RecordType],
    }


async def _messages(
    console: Console, visit: Visit, query: ListQuery, trail: Sequence[str]
) -> Sequence[LogMessage]:
    filters = query.log_filter(visit.administrator)
    cursor = trail[-1] if trail else None
    return await console.database.read(
        partial(list_messages, filters=filters, cursor=cursor, limit=PAGE_ROWS + 1)
    )


def _trail(console: Console, sealed: str) -> list[str]:
    """The cursors of the pages that led here, the last one this page's own; a page's link holds them sealed."""
    opened = console.cursors.open(_PURPOSE, sealed) if sealed else None
    return opened.split() if opened else []


def _pages(console: Console, trail: list[str], messages: Sequence[LogMessage], *, has_older: bool) -> Pages:
    newer = _sealed(console, trail[:-1]) if trail else None
    older = _sealed(console, [*trail, messages[-1].cursor]) if has_older else None
    return Pages(newer, older)


def _sealed(console: Console, trail: list[str]) -> str:
    return console.cursors.seal(_PURPOSE, " ".join(trail[-PAGES_BACK:])) if trail else ""
