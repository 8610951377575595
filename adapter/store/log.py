"""The message log as people read it: lists, one message's timeline, what is new. Only what the reader's party may see.

A party sees the messages that it sent, and of the others the deliveries that were released to it: what was withheld from it, or
how another recipient fared, does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)

from adapter.domain.errors import InputError, Issue
from adapter.domain.states import State, message_state
from adapter.store.columns import Instant, instant, microseconds
from adapter.store.log_filter import LogFilter, conditions
from adapter.store.reruns import Rerun, newest_reruns
from adapter.store.sight import Views, filed_by, own, released_to, seen, seen_in
from adapter.store.tables import consent, delivery, event, message


@dataclass(frozen=True, slots=True)
class LogDelivery:
    """A delivery in the log. ``codes`` are empty where the reader's party is not the sender.

    ``decision`` is whole for who reads everything. A party is told the verdict, and of the Consents that it rests on those that it filed
    itself, with the reason: which others there are, or that there are none, it does not learn.
    """

    id: str
    message_id: str
    agreement: str
    recipient_party: str
    recipient_unit: str | None
    recipient_system: str | None
    mode: str
    state: State
    attempts: int
    next_attempt_at: datetime | None
    hold_expires_at: datetime | None
    released_at: datetime | None
    ended_at: datetime | None
    decision: Mapping[str, Any]
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A message in the log. ``is_own``: the reader's party sent it; else state is that of the deliveries shown and codes are empty.

    ``rerun_of`` is the first of the messages that it repeats; ``newest_rerun`` the last one that repeats it.
    ``mapping`` is the canonical URL, with version, of the mapping that read it, ``trace`` the digest of its field trace (store.field_traces).

    ``subject_key`` is for the audit of who looked at it, and shown nowhere.
    """

    sequence: int
    id: str
    received_at: datetime
    agreement: str
    channel: str
    source_party: str
    source_unit: str | None
    event: str
    record_types: tuple[str, ...]
    control_id: str
    correlation_id: str | None
    state: State
    size: int
    codes: tuple[str, ...]
    unmapped: tuple[str, ...]
    mapping: str | None
    trace: str | None
    reason: str | None
    rerun_of: str | None
    ended_at: datetime | None
    deliveries: tuple[LogDelivery, ...]
    is_own: bool
    newest_rerun: Rerun | None = field(default=None, kw_only=True)
    subject_key: str | None = field(repr=False)

    @property
    def cursor(self) -> str:
        """Where the next page begins, after this row."""
        return f"{microseconds(self.received_at)}.{self.sequence}"


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One step of a timeline."""

    sequence: int
    message_id: str
    delivery_id: str | None
    at: datetime
    stage: str
    codes: tuple[str, ...]


_MESSAGE_COLUMNS = [message.c[name] for name in LogMessage.__slots__ if name in message.c]
_DELIVERY_COLUMNS = [delivery.c[name] for name in LogDelivery.__slots__]
_EVENT_COLUMNS = [event.c[name] for name in LogEvent.__slots__]


def list_messages(
    connection: Connection, filters: LogFilter, cursor: str | None = None, limit: int = 50
) -> Sequence[LogMessage]:
    """A page of messages, newest first, after the row that ``cursor`` names. Raises InputError for a malformed cursor."""
    common = list(conditions(filters))
    if cursor is not None:
        common.append(tuple_(message.c.received_at, message.c.sequence) < _position(cursor))
    ways = [
        _newest(select(*_MESSAGE_COLUMNS).where(*way, *common), limit)
        for way in seen_in(filters.state, filters.views)
    ]
    return _load(connection, ways[0] if len(ways) == 1 else _newest_of(ways, limit), filters.views)


def message_detail(connection: Connection, message_id: str, views: Views | None = None) -> LogMessage | None:
    """One message with its deliveries, or None if there is none that the reader may see."""
    statement = select(*_MESSAGE_COLUMNS).where(message.c.id == message_id, *seen(views))
    return next(iter(_load(connection, statement, views)), None)


def timeline(connection: Connection, shown: LogMessage) -> Sequence[LogEvent]:
    """The steps of a message as ``message_detail`` returned it."""
    rows = connection.execute(
        select(*_EVENT_COLUMNS).where(event.c.message_id == shown.id).order_by(event.c.sequence)
    )
    steps = [LogEvent(*row) for row in rows]
    if shown.is_own:
        return steps
    mine = {one.id for one in shown.deliveries}
    return [_without_codes(step) for step in steps if step.delivery_id in mine]


def last_event(connection: Connection) -> int:
    """The sequence of the newest event: where a live tail begins."""
    return connection.scalar(select(func.max(event.c.sequence))) or 0


def events_after(
    connection: Connection, sequence: int, views: Views | None = None, limit: int = 200
) -> Sequence[LogEvent]:
    """What is new since an event, oldest first, of what the reader may see: the live tail."""
    columns = [*_EVENT_COLUMNS, own(views).label("is_own")]
    statement = (
        select(*columns)
        .join(message, message.c.id == event.c.message_id)
        .where(event.c.sequence > sequence)
        .order_by(event.c.sequence)
        .limit(limit)
    )
    if views is not None:
        shown = exists().where(delivery.c.id == event.c.delivery_id, released_to(views))
        statement = statement.where(or_(own(views), shown))
    return [
        LogEvent(*row[:-1]) if row.is_own else _without_codes(LogEvent(*row[:-1]))
        for row in connection.execute(statement)
    ]


def _newest(statement: Select[Any], limit: int) -> Select[Any]:
    columns = statement.selected_columns
    return statement.order_by(columns.received_at.desc(), columns.sequence.desc()).limit(limit)


def _newest_of(ways: Iterable[Select[Any]], limit: int) -> Select[Any]:
    together = union_all(*(select(way.subquery()) for way in ways)).subquery()
    return _newest(select(together), limit)


def _position(cursor: str) -> ColumnElement[Any]:
    try:
        received, sequence = (int(part) for part in cursor.split("."))
        at = instant(received)
    except (ValueError, OverflowError):
        raise InputError([Issue("cursor", "malformed")], 400) from None
    if not 0 <= sequence < 2**63:
        raise InputError([Issue("cursor", "malformed")], 400)
    return tuple_(literal(at, Instant), literal(sequence))


def _load(connection: Connection, statement: Select[Any], views: Views | None) -> Sequence[LogMessage]:
    rows = connection.execute(statement).all()
    deliveries: dict[str, list[LogDelivery]] = {row.id: [] for row in rows}
    found = select(*_DELIVERY_COLUMNS).where(delivery.c.message_id.in_(deliveries))
    told = [LogDelivery(*one) for one in connection.execute(found.order_by(delivery.c.sequence))]
    for one in told if views is None else _told(connection, told, views):
        deliveries[one.message_id].append(one)
    repeats = newest_reruns(connection, deliveries)
    return [_asseen(row, deliveries[row.id], repeats.get(row.id), views) for row in rows]


def _told(connection: Connection, deliveries: Sequence[LogDelivery], views: Views) -> Iterator[LogDelivery]:
    """Deliveries with what a party is told of their decisions."""
    named = {item["id"] for one in deliveries for item in _permitting(one)}
    found = select(consent.c.id, consent.c.version).where(consent.c.id.in_(named), filed_by(views))
    filed = {(row.id, str(row.version)) for row in connection.execute(found)} if named else set()
    for one in deliveries:
        consents = [item for item in _permitting(one) if (item["id"], item["version"]) in filed]
        told = {"verdict": one.decision["verdict"]} if one.decision else {}
        if consents:
            told |= {"reason": one.decision["reason"], "consents": consents}
        yield replace(one, decision=told)


def _permitting(delivery: LogDelivery) -> Sequence[Mapping[str, str]]:
    """The Consents that a permit rests on; of what was not permitted a party is told none."""
    decision = delivery.decision
    return decision.get("consents", ()) if decision.get("verdict") == "permit" else ()


def _asseen(
    row: Row[*tuple[Any, ...]],
    deliveries: Sequence[LogDelivery],
    newest_rerun: Rerun | None,
    views: Views | None,
) -> LogMessage:
    if views is None or (row.agreement, row.source_party) in views:
        return LogMessage(
            **row._asdict(), deliveries=tuple(deliveries), is_own=True, newest_rerun=newest_rerun
        )
    mine = tuple(
        replace(one, codes=())
        for one in deliveries
        if one.released_at is not None and (one.agreement, one.recipient_party) in views
    )
    whole = LogMessage(**row._asdict(), deliveries=mine, is_own=False)
    ended_at = (
        None
        if any(one.ended_at is None for one in mine)
        else max(one.ended_at for one in mine if one.ended_at)
    )
    return replace(
        whole,
        state=message_state(one.state for one in mine),
        codes=(),
        unmapped=(),
        mapping=None,
        trace=None,
        reason=None,
        rerun_of=None,
        ended_at=ended_at,
    )


def _without_codes(step: LogEvent) -> LogEvent:
    return replace(step, codes=())
