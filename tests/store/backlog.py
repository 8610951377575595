"""Many deliveries that wait for one system, put there at once."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from adapter.domain.instants import utc_now
from adapter.domain.states import State
from adapter.store import lanes
from adapter.store.tables import delivery, lane, message

_BATCH: Final = 5_000


def many_waiting(connection: Connection, count: int, system: str) -> None:
    """Deliveries of as many persons, due and like the last one there was."""
    last = select(delivery).order_by(delivery.c.sequence.desc()).limit(1)
    like = _row(connection, last)
    whose = _row(connection, select(message).where(message.c.id == like["message_id"]))
    numbers = iter(range(count))
    while some := list(islice(numbers, _BATCH)):
        now, names = utc_now(), [f"{system} waits {number}" for number in some]
        _insert(connection, message, whose, [{"id": n, "control_id": n, "lane": None} for n in names])
        waiting = {"state": State.QUEUED, "attempts": 0, "next_attempt_at": now, "ended_at": None}
        mine = [{"id": n, "message_id": n, "person_key": n, "lane": _lane(system, n)} for n in names]
        _insert(connection, delivery, like | waiting | {"recipient_system": system, "position": 1}, mine)
        due = {"kind": "outbound", "system": system, "tail": 1, "head": 1, "due_at": now, "token": 0}
        _insert(connection, lane, due | {"cut_off": 0}, [{"key": _lane(system, n)} for n in names])


def _lane(system: str, person: str) -> str:
    return lanes.lane_key("outbound", system, person)


def _row(connection: Connection, statement: Any) -> dict[str, Any]:
    row = dict(connection.execute(statement).mappings().one())
    del row["sequence"]
    return row


def _insert(connection: Connection, table: Any, like: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    connection.execute(insert(table).inline(), [like | row for row in rows])
