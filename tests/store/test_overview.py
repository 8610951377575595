"""What is counted, for whom, and in which hour."""

from __future__ import annotations

from datetime import timedelta

from adapter.domain.states import State
from adapter.store.latency import Latency, latencies
from adapter.store.messages import accept as accept_message
from adapter.store.overview import HOUR, Waiting, inflows, outflows, start_of_hour
from adapter.store.sight import Views
from tests.store.conftest import Run
from tests.store.samples import AGREEMENT, NOW, after, new_delivery, new_message
from tests.store.steps import accept, bury, claim, deliver, push

KOMMUN: Views = frozenset({(AGREEMENT, "kommun")})
REGION: Views = frozenset({(AGREEMENT, "region")})
STRANGER: Views = frozenset({(AGREEMENT, "another")})
SINCE = NOW - timedelta(hours=1)


def test_what_came_in_is_counted_by_the_hour_and_by_what_became_of_it(run: Run) -> None:
    states = (State.WITHHELD, State.WITHHELD, State.INVALID)
    for number, state in enumerate(states):
        run(accept_message, new_message(id=f"m{number}", state=state, received_at=after(number * 3600)))
    run(accept_message, new_message(id="before", state=State.INVALID, received_at=after(-7200)))
    [row] = run(inflows, SINCE)
    assert (row.withheld, row.invalid, row.waiting) == (2, 1, Waiting())
    assert row.taken == {start_of_hour(NOW) + number * HOUR: 1 for number in range(3)}


def test_what_waits_for_a_worker_has_the_age_of_its_oldest(run: Run) -> None:
    accept(run, received_at=after(-7200))
    accept(run, received_at=after(5))
    [row] = run(inflows, SINCE)
    assert row.waiting == Waiting(2, after(-7200))
    assert sum(row.taken.values()) == 1


def test_what_went_on_is_counted_by_recipient_and_what_is_dead_however_old(run: Run) -> None:
    push(run, new_delivery())
    deliver(run, claim(run)[0])
    push(run, new_delivery())
    bury(run, claim(run)[0])
    push(run, new_delivery(recipient_system="other"))
    found = {row.system: row for row in run(outflows, SINCE)}
    done, queued = found.pop(new_delivery().recipient_system), found.pop("other")
    assert (sum(done.delivered.values()), done.dead, done.waiting) == (1, 1, Waiting())
    assert (queued.delivered, queued.dead, queued.waiting.count) == ({}, 0, 1)
    later = run(outflows, after(86_400))
    assert [(row.dead, dict(row.delivered)) for row in later if row.dead] == [(1, {})]


def test_latency_is_of_each_recipient_by_nearest_rank(run: Run) -> None:
    for seconds in (100, 1, 3, 2):
        push(run, new_delivery())
        deliver(run, claim(run)[0], after(seconds))
    push(run, new_delivery(recipient_system="other"))
    bury(run, claim(run)[0])
    [found] = run(latencies, SINCE).items()
    assert found == (
        (AGREEMENT, "region", new_delivery().recipient_system),
        Latency(timedelta(seconds=2), timedelta(seconds=100), timedelta(seconds=100)),
    )
    assert set(run(latencies, SINCE, REGION)) == {found[0]}
    assert run(latencies, SINCE, STRANGER) == {}
    assert run(latencies, after(101)) == {}


def test_a_recipient_counts_what_was_released_to_it_and_nothing_else(run: Run) -> None:
    push(run, new_delivery())
    run(accept_message, new_message(id="hidden", state=State.WITHHELD))
    assert (run(inflows, SINCE, REGION), run(outflows, SINCE, REGION)) == ([], [])
    assert [row.waiting.count for row in run(outflows, SINCE, KOMMUN)] == [1]
    deliver(run, claim(run)[0])
    assert run(inflows, SINCE, REGION) == []
    assert [sum(row.delivered.values()) for row in run(outflows, SINCE, REGION)] == [1]
