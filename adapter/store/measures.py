"""What operations watch: how much is held, in which states, how much is due. Counts only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from adapter.domain.states import State
from adapter.store import alerts, breakers, lanes
from adapter.store.breakers import Position
from adapter.store.pauses import Paused, pauses
from adapter.store.tables import content, message


@dataclass(frozen=True, slots=True)
class Measures:
    """One look at the database."""

    content_held: int
    messages: Mapping[State, int]
    lanes_due: Mapping[lanes.Kind, int]
    alerts: Mapping[str, int]
    breakers: Mapping[str, Position]
    paused: frozenset[str]
    channels_paused: frozenset[str]


def measure(connection: Connection, now: datetime) -> Measures:
    """Count what is held and what is due at ``now``."""
    states = connection.execute(select(message.c.state, func.count().label("held")).group_by(message.c.state))
    return Measures(
        content_held=connection.scalar(select(func.count()).select_from(content)) or 0,
        messages={row.state: row.held for row in states},
        lanes_due={
            "inbound": lanes.waiting(connection, "inbound", now)[0],
            "outbound": lanes.waiting(connection, "outbound", now)[0],
        },
        alerts=alerts.lasting_by_code(connection),
        breakers=breakers.standing(connection, now),
        paused=frozenset(pauses(connection, Paused.SYSTEM)),
        channels_paused=frozenset(pauses(connection, Paused.CHANNEL)),
    )
