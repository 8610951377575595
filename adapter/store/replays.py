"""Replays of many messages: what a filter selected is counted and kept, then taken in batches, each message with its outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from adapter.domain.errors import IllegalTransition
from adapter.store.batches import batches
from adapter.store.database import NoSuchRow
from adapter.store.tables import replay, replay_item


class ReplayState(StrEnum):
    """Where a replay stands."""

    PAUSED = "paused"
    """Nothing is taken until somebody starts it; so it begins."""
    RUNNING = "running"
    """A batch is taken each time."""
    DONE = "done"
    """Each message has its outcome."""


@dataclass(frozen=True, slots=True)
class Replay:
    """One replay. ``rights`` of who asked for it, when it was started last, as in Admin; ``filters`` as they were stated, none of which names a person.

    ``sealed`` (Keyring.seal_registry, row = ``Replay/id``) holds why, once it was started.
    """

    id: str
    made_at: datetime
    by: str
    rights: Mapping[str, Any]
    filters: Mapping[str, str]
    total: int
    state: str
    batch: int
    sealed: bytes | None = None


@dataclass(frozen=True, slots=True)
class ReplayItem:
    """One message of a replay. ``outcome``: ``queued-2`` (deliveries), or the code of why not; None: not taken yet."""

    replay_id: str
    position: int
    message_id: str
    outcome: str | None = None


class ItemTaken(IllegalTransition):
    """Another process took the item, or the replay was paused."""


_COLUMNS = [replay.c[name] for name in Replay.__slots__]
_ITEM_COLUMNS = [replay_item.c[name] for name in ReplayItem.__slots__]


def prepare(connection: Connection, new: Replay, message_ids: Sequence[str]) -> None:
    """Keep what was selected, oldest first."""
    connection.execute(insert(replay), {name: getattr(new, name) for name in Replay.__slots__})
    items = [
        {"replay_id": new.id, "position": place, "message_id": message_id, "outcome": None}
        for place, message_id in enumerate(message_ids)
    ]
    for batch in batches(items):
        connection.execute(insert(replay_item), batch)


def find(connection: Connection, replay_id: str, by: str | None) -> Replay:
    """A replay of the administrator ``by`` (None: anybody's); raises NoSuchRow."""
    statement = select(*_COLUMNS).where(replay.c.id == replay_id)
    row = connection.execute(statement if by is None else statement.where(replay.c.by == by)).first()
    if row is None:
        raise NoSuchRow("replay")
    return Replay(*row)


def start(
    connection: Connection, replay_id: str, batch: int, sealed: bytes, rights: Mapping[str, Any]
) -> None:
    """Let a paused one run, from where it was, with these rights; raises IllegalTransition."""
    values = {"batch": batch, "sealed": sealed, "rights": dict(rights)}
    _change(connection, replay_id, ReplayState.PAUSED, state=ReplayState.RUNNING.value, **values)


def pause(connection: Connection, replay_id: str) -> None:
    """Take nothing more; raises IllegalTransition if it does not run."""
    _change(connection, replay_id, ReplayState.RUNNING, state=ReplayState.PAUSED.value)


def running(connection: Connection) -> Sequence[Replay]:
    """Those that run, oldest first."""
    statement = select(*_COLUMNS).where(replay.c.state == ReplayState.RUNNING.value)
    return [Replay(*row) for row in connection.execute(statement.order_by(replay.c.sequence))]


def waiting(connection: Connection, replay_id: str, limit: int) -> Sequence[ReplayItem]:
    """The next messages to take."""
    statement = (
        select(*_ITEM_COLUMNS)
        .where(replay_item.c.replay_id == replay_id, replay_item.c.outcome.is_(None))
        .order_by(replay_item.c.position)
        .limit(limit)
    )
    return [ReplayItem(*row) for row in connection.execute(statement)]


def note(connection: Connection, item: ReplayItem, outcome: str) -> None:
    """Write down an item's outcome, in the transaction that brings it about. Raises ItemTaken if it has one or the replay does not run."""
    runs = select(replay.c.id).where(replay.c.state == ReplayState.RUNNING.value)
    noted = connection.execute(
        update(replay_item)
        .where(
            replay_item.c.replay_id == item.replay_id,
            replay_item.c.position == item.position,
            replay_item.c.outcome.is_(None),
            replay_item.c.replay_id.in_(runs),
        )
        .values(outcome=outcome)
    )
    if noted.rowcount != 1:
        raise ItemTaken("replay-item")


def finish(connection: Connection, replay_id: str) -> None:
    """It is done, if every item has an outcome."""
    if not waiting(connection, replay_id, 1):
        _change(connection, replay_id, ReplayState.RUNNING, state=ReplayState.DONE.value)


def outcomes(connection: Connection, replay_id: str) -> Mapping[str | None, int]:
    """How many messages have which outcome; None: not taken yet."""
    counted = (
        select(replay_item.c.outcome, func.count().label("held"))
        .where(replay_item.c.replay_id == replay_id)
        .group_by(replay_item.c.outcome)
    )
    return {row.outcome: row.held for row in connection.execute(counted)}


def items(connection: Connection, replay_id: str, limit: int) -> Sequence[ReplayItem]:
    """The first items, in their order."""
    statement = select(*_ITEM_COLUMNS).where(replay_item.c.replay_id == replay_id)
    rows = connection.execute(statement.order_by(replay_item.c.position).limit(limit))
    return [ReplayItem(*row) for row in rows]


def forget(connection: Connection, before: datetime, *, limit: int = 10) -> None:
    """Delete what was prepared before an instant, with its items."""
    old = select(replay.c.id).where(replay.c.made_at <= before).order_by(replay.c.sequence).limit(limit)
    ids = list(connection.scalars(old))
    connection.execute(delete(replay_item).where(replay_item.c.replay_id.in_(ids)))
    connection.execute(delete(replay).where(replay.c.id.in_(ids)))


def _change(connection: Connection, replay_id: str, before: ReplayState, **values: object) -> None:
    changed = connection.execute(
        update(replay).where(replay.c.id == replay_id, replay.c.state == before.value).values(**values)
    )
    if changed.rowcount != 1:
        raise IllegalTransition("replay")
