"""The message list: newest first, by filters that a link carries, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from starlette.responses import RedirectResponse, Response

from adapter.console.columns import SEPARATOR, USUAL, Column
from adapter.console.disclosure import shown_message
from adapter.console.language import language_of
from adapter.console.list_query import COLUMNS, ListQuery, read_query
from adapter.console.names import Names
from adapter.console.screen import Console, Visit, page, query_string, root, today
from adapter.console.texts import Texts
from adapter.domain.records import RecordType
from adapter.domain.states import State
from adapter.exchange.saved_filters import NAME_LONGEST
from adapter.store.log import LogMessage, list_messages
from adapter.store.log_filter import LogFilter, Reruns

PAGE_ROWS: Final = 50
PAGES_BACK: Final = 40
_PURPOSE: Final = "message-list"


@dataclass(frozen=True, slots=True)
class Row:
    """A message as the list shows it.

    ``recipients`` are party ids; ``attempts`` the most that a delivery took; ``duration`` from receipt to the end, None while it goes on;
    ``codes`` its own, then its deliveries'. ``verdict``: what the gate said, None where it was not asked; ``reasons`` and ``consents``, by id
    and version, as far as the reader is told.
    """

    message: LogMessage
    recipients: tuple[str, ...]
    attempts: int
    duration: timedelta | None
    codes: tuple[str, ...]
    verdict: str | None
    reasons: tuple[str, ...]
    consents: tuple[str, ...]

    @classmethod
    def of(cls, message: LogMessage) -> Row:
        """The row of a message."""
        codes = [*message.codes, *(code for one in message.deliveries for code in one.codes)]
        decisions = [one.decision for one in message.deliveries if one.decision]
        reasons = [message.reason, *(decision.get("reason") for decision in decisions)]
        consents = [item for decision in decisions for item in decision.get("consents", ())]
        permitted = "permit" if decisions else None
        return cls(
            message,
            tuple(dict.fromkeys(one.recipient_party for one in message.deliveries)),
            max((one.attempts for one in message.deliveries), default=0),
            None if message.ended_at is None else message.ended_at - message.received_at,
            tuple(codes),
            "withheld" if message.state is State.WITHHELD else permitted,
            tuple(dict.fromkeys(reason for reason in reasons if reason)),
            tuple(dict.fromkeys(f"{item['id']} v{item['version']}" for item in consents)),
        )

    def kinds(self, names: Names) -> tuple[str, ...]:
        """What kinds of party it goes to."""
        kinds = (names.kind(self.message.agreement, party) for party in self.recipients)
        return tuple(dict.fromkeys(kinds))

    @property
    def last_code(self) -> str | None:
        """The one that was added last."""
        return self.codes[-1] if self.codes else None


@dataclass(frozen=True, slots=True)
class Pages:
    """Where the neighbouring pages begin; None: there is none. ``newer`` empty: the first page."""

    newer: str | None
    older: str | None


async def show(console: Console, visit: Visit) -> Response:
    """The list; with faulty filters the form alone, each fault beside its field. Columns that a form chose become one word of the link."""
    stated = visit.request.query_params
    columns = stated.getlist(COLUMNS)
    query = read_query({**stated, COLUMNS: SEPARATOR.join(columns)}, today(console))
    if len(columns) > 1 and not query.faults:
        return RedirectResponse(f"{root(visit.request)}/{query.link()}", 303)
    return await list_page(console, visit, query)


async def list_page(
    console: Console, visit: Visit, query: ListQuery, *, faulty: Mapping[str, str] | None = None
) -> Response:
    """The list by filters that were read already. ``faulty``: the ``name`` that they could not be saved under, and its ``fault``."""
    trail = _trail(console, visit.request.query_params.get("page", ""))
    filters = query.log_filter(visit.administrator)
    found = [] if query.faults else await _messages(console, filters, trail)
    messages = found[:PAGE_ROWS]
    await console.audit.looked(visit.request, visit.administrator.name, "list", query.filters)
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
        columns=query.columns or USUAL,
        all_columns=tuple(Column),
        is_choosing="choose" in visit.request.query_params,
        rows=[Row.of(shown_message(message, visit.administrator)) for message in messages],
        pages=_pages(console, trail, messages, has_older=len(found) > PAGE_ROWS),
        choices=_choices(console, visit),
    )


def _choices(console: Console, visit: Visit) -> Mapping[str, Sequence[tuple[str, str]]]:
    """What the select fields offer: value and label."""
    views = visit.administrator.views
    texts = Texts(language_of(visit.request))
    parties = [
        (f"{agreement.id}#{party.id}", f"{party.name}, {agreement.name}")
        for agreement in console.names.seen(views)
        for party in agreement.parties
    ]
    return {
        "state": [(state.value, state.value) for state in State],
        "agreement": [(agreement.id, agreement.name) for agreement in console.names.seen(views)],
        "channel": [(channel.id, channel.id) for channel in console.names.channels(views)],
        "type": [(record_type.value, record_type.value) for record_type in RecordType],
        "source": parties,
        "recipient": parties,
        "reruns": [(one.value, texts(f"reruns.{one}")) for one in Reruns],
    }


async def _messages(console: Console, filters: LogFilter, trail: Sequence[str]) -> Sequence[LogMessage]:
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
