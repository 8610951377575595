"""What a list of the log is narrowed by, as conditions. A figure is compared as its reader sees it: of another party's message, what was released."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    case,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from adapter.domain.states import State
from adapter.store.sight import NOTHING_HIDDEN, Hidden, Views, own, released_to
from adapter.store.tables import (
    CODED_DELIVERY,
    CODED_MESSAGE,
    LONG,
    LONG_MESSAGE,
    RETRIED_DELIVERY,
    delivery,
    message,
)

_MICROSECOND: Final = timedelta(microseconds=1)


class Reruns(StrEnum):
    """Whether repeats of earlier messages that were accepted anew are listed. Another party's count as messages of their own."""

    HIDDEN = "hidden"
    SHOWN = "shown"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What to list; None is no limit. ``views`` None: everything (the operator's command line).

    ``since`` is included, ``until`` is not. ``code``, which may be a decision's reason for who reads everything, finds none that is ``hidden``.
    ``source`` and ``recipient`` are an agreement and a party of it. ``attempts`` (the most that a delivery took) and ``duration`` (from receipt to the end;
    what goes on has none) are a least and a most, both included.
    """

    views: Views | None = None
    agreement: str | None = None
    state: State | None = None
    channel: str | None = None
    record_type: str | None = None
    code: str | None = None
    hidden: Hidden = NOTHING_HIDDEN
    control_id: str | None = None
    correlation_id: str | None = None
    source: tuple[str, str] | None = None
    recipient: tuple[str, str] | None = None
    attempts: tuple[int | None, int | None] = (None, None)
    duration: tuple[timedelta | None, timedelta | None] = (None, None)
    since: datetime | None = None
    until: datetime | None = None
    person_keys: tuple[str, ...] | None = None
    reruns: Reruns = Reruns.SHOWN


def conditions(filters: LogFilter) -> Iterator[ColumnElement[bool]]:
    """The conditions on messages that the reader may see, but for their state and who that is (``sight.seen_in``)."""
    for column, wanted in (
        (message.c.agreement, filters.agreement),
        (message.c.channel, filters.channel),
        (message.c.control_id, filters.control_id),
        (message.c.correlation_id, filters.correlation_id),
    ):
        if wanted is not None:
            yield column == wanted
    if filters.since is not None:
        yield message.c.received_at >= filters.since
    if filters.until is not None:
        yield message.c.received_at < filters.until
    if filters.person_keys is not None:
        yield message.c.subject_key.in_(filters.person_keys)
    if filters.reruns is Reruns.HIDDEN:
        yield or_(message.c.rerun_of.is_(None), not_(own(filters.views)))
    if filters.reruns is Reruns.ONLY:
        yield and_(message.c.rerun_of.is_not(None), own(filters.views))
    if filters.record_type is not None:
        yield _holds(message.c.record_types, filters.record_type)
    if filters.code is not None:
        yield _has_code(filters.code, filters.views, filters.hidden)
    if filters.source is not None:
        yield own(frozenset({filters.source}))
    if filters.recipient is not None:
        yield _goes_to(filters.recipient, filters.views)
    yield from _attempted(filters.attempts, filters.views)
    yield from _lasted(filters.duration, filters.views)


def _has_code(code: str, views: Views | None, hidden: Hidden) -> ColumnElement[bool]:
    if code in hidden.codes:
        return false()
    of_messages, of_deliveries = (
        and_(coded, _holds(table.c.codes, code), table.c.state.not_in(sorted(hidden.states)))
        for table, coded in ((message, CODED_MESSAGE), (delivery, CODED_DELIVERY))
    )
    ways = [of_messages, message.c.id.in_(select(delivery.c.message_id).where(of_deliveries))]
    if views is None:
        # Why something was withheld tells of somebody's consent or block.
        ways.append(message.c.reason == code)
    return and_(own(views), or_(*ways))


def _holds(column: ColumnElement[Any], word: str) -> ColumnElement[bool]:
    # As Words writes it: a word with a quote in it is not two words.
    return type_coerce(column, Text).contains(orjson.dumps(word).decode(), autoescape=True)


def _goes_to(recipient: tuple[str, str], views: Views | None) -> ColumnElement[bool]:
    agreement, party = recipient
    return exists().where(
        *_shown(views), delivery.c.agreement == agreement, delivery.c.recipient_party == party
    )


def _attempted(bounds: tuple[int | None, int | None], views: Views | None) -> Iterator[ColumnElement[bool]]:
    if bounds == (None, None):
        return
    most = select(func.coalesce(func.max(delivery.c.attempts), 0)).where(*_shown(views)).scalar_subquery()
    yield from _within(most, bounds)
    if bounds[0] is not None and bounds[0] > 1:
        yield message.c.id.in_(select(delivery.c.message_id).where(RETRIED_DELIVERY))


def _lasted(
    bounds: tuple[timedelta | None, timedelta | None], views: Views | None
) -> Iterator[ColumnElement[bool]]:
    if bounds == (None, None):
        return
    least, most = bounds
    ended_at = type_coerce(_ended_at(views), BigInteger)
    took = ended_at - type_coerce(message.c.received_at, BigInteger)
    yield from _within(took, (_microseconds(least), _microseconds(most)))
    if least is not None and least >= LONG:
        yield LONG_MESSAGE


def _microseconds(span: timedelta | None) -> int | None:
    return None if span is None else span // _MICROSECOND


def _ended_at(views: Views | None) -> ColumnElement[Any]:
    """When a message ended, as its reader sees it: null while one of the deliveries shown goes on."""
    if views is None:
        return message.c.ended_at
    ended = case((func.count() == func.count(delivery.c.ended_at), func.max(delivery.c.ended_at)))
    released = select(ended).where(delivery.c.message_id == message.c.id, released_to(views))
    return case((own(views), message.c.ended_at), else_=released.scalar_subquery())


def _shown(views: Views | None) -> tuple[ColumnElement[bool], ...]:
    """The deliveries of a message that its reader is shown."""
    shown = true() if views is None else or_(own(views), released_to(views))
    return delivery.c.message_id == message.c.id, shown


def _within(
    figure: ColumnElement[Any], bounds: tuple[int | None, int | None]
) -> Iterator[ColumnElement[bool]]:
    least, most = bounds
    if least is not None:
        yield figure >= least
    if most is not None:
        yield figure <= most
