"""The path of a message in steps: accept, process, claim, send."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from adapter.domain.states import State
from adapter.store import messages
from adapter.store.columns import FieldPair
from adapter.store.deliveries import NewDelivery
from adapter.store.inbound import ClaimedMessage, Processed, claim_inbound, finish_inbound
from adapter.store.lanes import systems_waiting
from adapter.store.log import message_detail
from adapter.store.outbound import (
    ClaimedDelivery,
    claim_outbound,
    finish_delivery,
    kill_delivery,
    mark_sending,
)
from adapter.store.tables import content, delivery
from tests.store.conftest import Run
from tests.store.samples import LEASE, MAPPING, NOW, RAW, TRACE, TRANSLATED, new_message


def accept(run: Run, count: int = 1, **changes: Any) -> list[str]:
    """Accept messages and return their ids."""
    accepted = [new_message(**changes) for _ in range(count)]
    for new in accepted:
        run(messages.accept, new, RAW)
    return [new.id for new in accepted]


def process(
    run: Run, *deliveries: NewDelivery, now: datetime = NOW, trace: tuple[FieldPair, ...] = TRACE
) -> ClaimedMessage:
    """Process the next message into these deliveries."""
    [held] = run(claim_inbound, "worker", now, LEASE, 1)
    done = Processed(
        translated=TRANSLATED, keep_raw=True, mapping=MAPPING, trace=trace, deliveries=deliveries
    )
    run(finish_inbound, held, done, now)
    return held


def claim(
    run: Run, now: datetime = NOW, limit: int = 10, lease: timedelta = LEASE
) -> Sequence[ClaimedDelivery]:
    systems = sorted(run(systems_waiting))
    return [one for system in systems for one in run(claim_outbound, system, "worker", now, lease, limit)]


def send(run: Run, held: ClaimedDelivery, now: datetime = NOW) -> None:
    run(mark_sending, held, now)


def state_of(run: Run, message_id: str) -> State:
    shown = run(message_detail, message_id)
    assert shown is not None
    return shown.state


def contents(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(content)) or 0


def deliver(run: Run, held: ClaimedDelivery, now: datetime = NOW) -> None:
    """Send it, and the recipient takes it."""
    send(run, held, now)
    run(finish_delivery, held, now)


def bury(run: Run, held: ClaimedDelivery, now: datetime = NOW) -> None:
    """Send it, and the recipient refuses it for good."""
    send(run, held, now)
    run(kill_delivery, held, "rejected", now)


def push(run: Run, *deliveries: NewDelivery, **changes: Any) -> str:
    """Accept a message and process it into these deliveries; returns its id."""
    [message_id] = accept(run, **changes)
    process(run, *deliveries)
    return message_id


def states(run: Run) -> dict[str, State]:
    """The state of every delivery by its id."""
    return run(lambda c: {row.id: row.state for row in c.execute(select(delivery.c.id, delivery.c.state))})


def codes(run: Run, delivery_id: str) -> tuple[str, ...]:
    """The codes of a delivery."""
    return run(lambda c: c.execute(select(delivery.c.codes).where(delivery.c.id == delivery_id)).scalar_one())
