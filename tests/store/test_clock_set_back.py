"""A clock that is set back: nothing is lost or put out of order, and what was due in the time that comes again is due now."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from adapter.domain.perseverance import LONGEST_PAUSE
from adapter.domain.states import State
from adapter.store.inbound import Processed, claim_inbound, finish_inbound
from adapter.store.lanes import mend
from adapter.store.tables import lane
from tests.store.conftest import Run
from tests.store.samples import LEASE, NOW, after, new_delivery
from tests.store.steps import accept, claim, deliver, process

BACK = NOW - timedelta(hours=2)


def test_what_was_accepted_before_is_processed_in_order(run: Run) -> None:
    names = accept(run, 3)
    assert run(claim_inbound, "worker", BACK, LEASE, 10) == []
    assert run(mend, BACK, LONGEST_PAUSE) == 1
    taken = []
    for _ in names:
        [held] = run(claim_inbound, "worker", BACK, LEASE, 10)
        run(finish_inbound, held, Processed(state=State.WITHHELD), BACK)
        taken.append(held.id)
    assert taken == names


def test_what_waits_for_a_recipient_is_delivered_in_order(run: Run) -> None:
    names = accept(run, 2)
    for name in names:
        process(run, new_delivery(id=f"to {name}"))
    assert run(mend, BACK, LONGEST_PAUSE) == 1
    for name in names:
        [held] = claim(run, BACK)
        assert held.message_id == name
        deliver(run, held, BACK)


def test_a_pause_that_is_only_long_is_kept(run: Run) -> None:
    accept(run)
    assert run(mend, NOW - LONGEST_PAUSE, LONGEST_PAUSE) == 0


def test_a_lease_that_ends_later_than_any_could_counts_no_more(run: Run) -> None:
    accept(run)
    run(claim_inbound, "before", NOW, LEASE, 10)
    assert run(claim_inbound, "after", NOW, LEASE, 10) == []
    run(lambda c: c.execute(update(lane).values(leased_until=after(365 * 86_400 * 100))))
    assert len(run(claim_inbound, "after", NOW, LEASE, 10)) == 1
