"""The log's rows go once their message is over and old; what may still matter stays, whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import pytest
from sqlalchemy import Connection, Table, func, select

from adapter.domain.states import State
from adapter.store import basis, intervention_log, replays, tables
from adapter.store.consents import file_consent
from adapter.store.inbound import Processed, claim_inbound, finish_inbound
from adapter.store.intervention_log import Intervention
from adapter.store.log_retention import forget_messages
from adapter.store.outbound import finish_delivery, withhold_delivery
from adapter.store.replays import Replay, ReplayState
from tests.store.conftest import Run
from tests.store.samples import LEASE, NOW, new_consent, new_delivery, new_hold
from tests.store.steps import accept, bury, claim, push, send

LATER: Final = NOW + timedelta(days=400)
LOG: Final = (
    "message",
    "delivery",
    "event",
    "content",
    "basis",
    "lane",
    "intervention",
    "replay_item",
    "field_trace",
)


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def rows(run: Run, *names: str) -> dict[str, int]:
    """How many rows tables hold, those that hold none aside."""
    counted = {name: run(_count, tables.metadata.tables[name]) for name in names or LOG}
    return {name: count for name, count in counted.items() if count}


def delivered(run: Run, *consents: str, at: datetime = NOW) -> str:
    """A message that its recipient has, released under Consents."""
    message_id = push(run, new_delivery())
    [held] = claim(run)
    send(run, held)
    run(basis.rest_on, held.id, consents)
    run(finish_delivery, held, at)
    return message_id


def test_a_message_that_is_over_and_old_leaves_no_row(run: Run) -> None:
    message_id = delivered(run, "unknown")
    run(intervention_log.add, Intervention("i", message_id, NOW, "eva", "retry", 1, b"why"))
    run(replays.prepare, Replay("r", NOW, "eva", {}, {}, 1, ReplayState.PAUSED, 10), [message_id])
    assert rows(run).keys() == set(LOG) - {"content"}
    assert run(forget_messages, LATER).deleted == 1
    assert rows(run) == {}


def _waits(run: Run) -> None:
    push(run, new_delivery())


def _is_not_processed(run: Run) -> None:
    accept(run)


def _is_held(run: Run) -> None:
    push(run, new_hold())


def _is_dead(run: Run) -> None:
    push(run, new_delivery())
    [held] = claim(run)
    bury(run, held)


def _is_invalid(run: Run) -> None:
    accept(run)
    [held] = run(claim_inbound, "worker", NOW, LEASE, 1)
    run(finish_inbound, held, Processed(state=State.INVALID, keep_raw=True), NOW)


def _left_under_a_consent_that_stands(run: Run) -> None:
    run(file_consent, new_consent(id="stands"))
    delivered(run, "stands")


def _left_under_a_consent_that_ended_lately(run: Run) -> None:
    run(file_consent, new_consent(id="ended", ended_at=LATER))
    delivered(run, "ended")


STAYS: Final = (
    _waits,
    _is_not_processed,
    _is_held,
    _is_dead,
    _is_invalid,
    _left_under_a_consent_that_stands,
    _left_under_a_consent_that_ended_lately,
)


@pytest.mark.parametrize("how", STAYS, ids=lambda how: how.__name__)
def test_what_may_still_matter_stays(run: Run, how: Callable[[Run], None]) -> None:
    how(run)
    before = rows(run)
    assert run(forget_messages, LATER).deleted == 0
    assert rows(run) == before


def test_a_trace_goes_with_the_last_message_that_has_it(run: Run) -> None:
    delivered(run)
    delivered(run)
    first = run(forget_messages, LATER, limit=1)
    assert rows(run, "message", "field_trace") == {"message": 1, "field_trace": 1}
    run(forget_messages, LATER, first.place)
    assert rows(run, "message", "field_trace") == {}


def test_under_a_consent_that_ended_long_ago_nothing_stays(run: Run) -> None:
    run(file_consent, new_consent(id="ended", ended_at=NOW))
    delivered(run, "ended")
    assert run(forget_messages, LATER).deleted == 1
    assert rows(run) == {}


@pytest.mark.parametrize(("ended", "gone"), [(LATER - timedelta(seconds=1), 1), (LATER, 0)])
def test_the_time_is_counted_from_the_end(run: Run, ended: datetime, gone: int) -> None:
    delivered(run, at=ended)
    assert run(forget_messages, LATER).deleted == gone


def test_the_oldest_repeat_of_what_is_gone_is_the_first_of_its_kind(run: Run) -> None:
    first = push(run, new_delivery())
    [held] = claim(run)
    run(withhold_delivery, held, "no-consent", NOW)
    again, once_more = (push(run, new_delivery(), rerun_of=first) for _ in range(2))
    assert run(forget_messages, LATER).deleted == 1
    left = select(tables.message.c.id, tables.message.c.rerun_of).order_by(tables.message.c.sequence)
    assert run(lambda c: c.execute(left).all()) == [(again, None), (once_more, again)]


def test_batches_go_on_after_what_stays(run: Run) -> None:
    kept = push(run, new_hold())
    for _ in range(3):
        delivered(run)
    deleted, place = [], None
    while True:
        batch = run(forget_messages, LATER, place, limit=1)
        place = batch.place
        if place is None:
            break
        deleted.append(batch.deleted)
    assert deleted == [0, 1, 1, 1]
    assert run(lambda c: list(c.scalars(select(tables.message.c.id)))) == [kept]


def test_a_lane_goes_on_where_it_was_while_a_message_of_it_stays(run: Run) -> None:
    delivered(run)
    push(run, new_hold())
    assert run(forget_messages, LATER).deleted == 1
    delivered(run)
    assert run(forget_messages, LATER).deleted == 1
