"""What gives cause for an alert now, asked of the rows themselves: so that a restart neither loses nor doubles one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, exists, func, or_, select

from adapter.domain.states import State
from adapter.store.pauses import Paused, pauses
from adapter.store.tables import audit, breaker, delivery, message

RECIPIENT_DOWN: Final = "recipient-down"
SENDER_SILENT: Final = "sender-silent"
RECIPIENT_PAUSED: Final = "recipient-paused"
REFUSAL_BURST: Final = "refusal-burst"
DEAD_LETTER: Final = "dead-letter"
INVALID_MESSAGE: Final = "invalid-message"
CHANNEL_PAUSED: Final = "channel-paused"
CERTIFICATE_EXPIRES: Final = "certificate-expires"
LASTING: Final = frozenset(
    {
        RECIPIENT_DOWN,
        RECIPIENT_PAUSED,
        CHANNEL_PAUSED,
        SENDER_SILENT,
        REFUSAL_BURST,
        DEAD_LETTER,
        INVALID_MESSAGE,
        CERTIFICATE_EXPIRES,
    }
)
"""The codes of alerts that end with their cause. Any other tells of something that has happened."""

_FAILURES: Final = 3
_LATELY: Final = timedelta(minutes=2)
_PAUSED_FOR: Final = timedelta(hours=1)
_INVALID_FOR: Final = timedelta(hours=1)
_REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Cause:
    """What an alert is about, as in Alert. ``opens`` False: enough to keep one that stands, not to open one."""

    code: str
    agreement: str | None = None
    party: str | None = None
    about: str = ""
    count: int = 1
    opens: bool = True

    @property
    def key(self) -> str:
        """Tells it from all others that may last at the same time."""
        return "|".join((self.code, self.agreement or "", self.party or "", self.about))


@dataclass(frozen=True, slots=True)
class Expected:
    """A channel that should not be silent for longer than ``within``."""

    agreement: str
    party: str
    channel: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class Burst:
    """More than ``count`` refusals ``within`` this time are one burst."""

    count: int
    within: timedelta


def causes(
    connection: Connection,
    now: datetime,
    expected: tuple[Expected, ...],
    burst: Burst,
    watched_since: datetime,
) -> Iterator[Cause]:
    """Everything in the rows that gives cause for an alert that lasts. ``watched_since``: since when this process could have heard a sender."""
    yield from _recipients_down(connection, now)
    yield from _paused(connection, now, Paused.SYSTEM, RECIPIENT_PAUSED)
    yield from _paused(connection, now, Paused.CHANNEL, CHANNEL_PAUSED)
    yield from _silent(connection, now, expected, watched_since)
    yield from _refused(connection, now, burst)
    yield from _dead(connection)
    yield from _invalid(connection, now)


def _recipients_down(connection: Connection, now: datetime) -> Iterator[Cause]:
    """Systems to which attempts fail again and again, one delivery's or many deliveries', while none has succeeded of late."""
    done = delivery.alias("done")
    reached = exists().where(
        done.c.state == State.DELIVERED,
        done.c.ended_at >= now - _LATELY,
        done.c.recipient_system == delivery.c.recipient_system,
        done.c.agreement == delivery.c.agreement,
    )
    # Its probes are spread over all that wait: none of them may fail for the third time for hours.
    is_left_alone = exists().where(
        breaker.c.system == delivery.c.recipient_system, breaker.c.retry_at.is_not(None)
    )
    by = (delivery.c.agreement, delivery.c.recipient_party, delivery.c.recipient_system)
    failing = (
        select(*by, delivery.c.state, func.count())
        .where(delivery.c.state.in_((State.RETRYING, State.SENDING)))
        .where(or_(delivery.c.attempts >= _FAILURES, is_left_alone))
        .where(delivery.c.recipient_system.is_not(None), ~reached)
        .group_by(*by, delivery.c.state)
    )
    counts: dict[tuple[str, str, str], dict[State, int]] = {}
    for *system, state, count in connection.execute(failing):
        counts.setdefault((system[0], system[1], system[2]), {})[state] = count
    for (agreement, party, system_id), states in counts.items():
        # One that is being tried at this moment may be about to succeed.
        opens = State.RETRYING in states
        yield Cause(RECIPIENT_DOWN, agreement, party, system_id, sum(states.values()), opens)


def _paused(connection: Connection, now: datetime, kind: Paused, code: str) -> Iterator[Cause]:
    """Pauses so long that they may have been forgotten."""
    for one in pauses(connection, kind).values():
        if one.paused_at <= now - _PAUSED_FOR:
            yield Cause(code, one.agreement, one.party, one.id)


def _silent(
    connection: Connection, now: datetime, expected: tuple[Expected, ...], watched_since: datetime
) -> Iterator[Cause]:
    paused = pauses(connection, Paused.CHANNEL)
    for one in expected:
        since = now - one.within
        heard = exists().where(
            message.c.agreement == one.agreement,
            message.c.source_party == one.party,
            message.c.received_at > since,
            message.c.channel == one.channel,
        )
        if not connection.scalar(select(heard)):
            # Whoever paused it knows.
            opens = watched_since <= since and one.channel not in paused
            yield Cause(SENDER_SILENT, one.agreement, one.party, one.channel, opens=opens)


def _refused(connection: Connection, now: datetime, burst: Burst) -> Iterator[Cause]:
    recent = (
        select(audit.c.number)
        .where(audit.c.recorded_at > now - burst.within, audit.c.kind == _REFUSED)
        .limit(burst.count + 1)
        .subquery()
    )
    if (connection.scalar(select(func.count()).select_from(recent)) or 0) > burst.count:
        yield Cause(REFUSAL_BURST, count=burst.count)


def _dead(connection: Connection) -> Iterator[Cause]:
    by = (delivery.c.agreement, delivery.c.sender_party, delivery.c.recipient_system)
    dead = select(*by, func.count()).where(delivery.c.state == State.DEAD).group_by(*by)
    for agreement, party, system, count in connection.execute(dead):
        yield Cause(DEAD_LETTER, agreement, party, system or "", count)


def _invalid(connection: Connection, now: datetime) -> Iterator[Cause]:
    by = (message.c.agreement, message.c.source_party, message.c.channel)
    invalid = (
        select(*by, func.count())
        .where(message.c.state == State.INVALID, message.c.received_at > now - _INVALID_FOR)
        .group_by(*by)
    )
    for agreement, party, channel, count in connection.execute(invalid):
        yield Cause(INVALID_MESSAGE, agreement, party, channel, count)
