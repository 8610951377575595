"""Strict order per person through failures and take-over, and what ends a delivery."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from adapter.domain.errors import IllegalTransition
from adapter.domain.states import State
from adapter.store import inbound, outbound
from adapter.store.database import StaleClaim
from adapter.store.inbound import Processed, claim_inbound, finish_inbound, release_inbound
from adapter.store.lanes import waiting
from adapter.store.log import message_detail, timeline
from adapter.store.outbound import (
    fail_delivery,
    finish_delivery,
    kill_delivery,
    release_outbound,
    void_leases,
    withhold_delivery,
)
from adapter.store.tables import lane
from tests.store.conftest import Run
from tests.store.samples import (
    LEASE,
    NOW,
    OTHER,
    OVER,
    RAW,
    TRANSLATED,
    after,
    new_delivery,
)
from tests.store.steps import accept, claim, contents, process, send, state_of


def test_a_lane_hands_out_one_message_at_a_time_in_order_of_acceptance(run: Run) -> None:
    first, second = accept(run, 2)
    [held] = run(claim_inbound, "a", NOW, LEASE, 10)
    assert (held.id, held.raw) == (first, RAW)
    assert run(claim_inbound, "b", NOW, LEASE, 10) == []
    run(finish_inbound, held, Processed(state=State.WITHHELD), NOW)
    [then] = run(claim_inbound, "b", NOW, LEASE, 10)
    assert then.id == second


def test_persons_do_not_wait_for_each_other(run: Run) -> None:
    accept(run)
    accept(run, subject_key=OTHER)
    claimed = run(claim_inbound, "a", NOW, LEASE, 10)
    assert len({held.claim.lane for held in claimed}) == 2


def test_a_passing_fault_keeps_the_turn_until_it_is_due(run: Run) -> None:
    first, _ = accept(run, 2)
    [held] = run(claim_inbound, "a", NOW, LEASE, 10)
    run(release_inbound, held, after(60), "terminology-unreachable", NOW)
    assert run(claim_inbound, "a", after(59), LEASE, 10) == []
    [again] = run(claim_inbound, "a", after(60), LEASE, 10)
    assert again.id == first


def test_an_invalid_message_does_not_hold_its_lane_and_keeps_its_raw_content(run: Run) -> None:
    first, second = accept(run, 2)
    [held] = run(claim_inbound, "a", NOW, LEASE, 10)
    done = Processed(state=State.INVALID, codes=("value-missing",), keep_raw=True)
    run(finish_inbound, held, done, NOW)
    assert state_of(run, first) is State.INVALID
    assert run(contents) == 2
    [then] = run(claim_inbound, "a", NOW, LEASE, 10)
    assert then.id == second


def test_work_done_after_the_lease_was_lost_is_refused(run: Run) -> None:
    accept(run)
    [slow] = run(claim_inbound, "slow", NOW, OVER, 1)
    [quick] = run(claim_inbound, "quick", NOW, LEASE, 1)
    with pytest.raises(StaleClaim):
        run(finish_inbound, slow, Processed(state=State.WITHHELD), NOW)
    run(finish_inbound, quick, Processed(state=State.TRANSLATED), NOW)
    assert state_of(run, quick.id) is State.TRANSLATED


def test_an_attempt_after_the_lease_was_lost_is_refused(run: Run) -> None:
    accept(run)
    process(run, new_delivery())
    [slow] = claim(run, lease=OVER)
    send(run, slow)
    [quick] = claim(run)
    with pytest.raises(StaleClaim):
        run(finish_delivery, slow, NOW)
    assert quick.idempotency_key == slow.idempotency_key
    send(run, quick)
    run(finish_delivery, quick, NOW)
    assert state_of(run, quick.message_id) is State.DELIVERED


def test_content_is_wiped_when_the_last_delivery_ends_and_not_before(run: Run) -> None:
    accept(run)
    process(run, new_delivery(), new_delivery(recipient_system="other-ehr"))
    first, second = claim(run)
    for held, left in ((first, 2), (second, 0)):
        send(run, held)
        run(finish_delivery, held, NOW)
        assert run(contents) == left
    assert state_of(run, first.message_id) is State.DELIVERED


def test_a_message_whose_deliveries_are_all_withheld_keeps_no_content(run: Run) -> None:
    [message_id] = accept(run)
    process(run, new_delivery(state=State.WITHHELD, codes=("no-consent",)))
    assert state_of(run, message_id) is State.WITHHELD
    assert run(contents) == 0


def test_a_failed_attempt_is_tried_again_before_anything_later(run: Run) -> None:
    accept(run, 2)
    first, second = new_delivery(), new_delivery()
    process(run, first)
    process(run, second)
    [held] = claim(run)
    send(run, held)
    run(fail_delivery, held, after(30), "timeout", NOW)
    assert claim(run, after(29)) == []
    [again] = claim(run, after(30))
    assert (again.id, again.attempts, again.translated) == (first.id, 1, TRANSLATED)


@pytest.mark.parametrize(("holds_lane", "next_one"), [(True, None), (False, "second")])
def test_a_dead_letter_holds_or_skips_its_lane(run: Run, holds_lane: bool, next_one: str | None) -> None:
    accept(run, 2)
    process(run, new_delivery(holds_lane=holds_lane))
    process(run, new_delivery(id="second"))
    [held] = claim(run)
    send(run, held)
    run(kill_delivery, held, "rejected", NOW)
    assert state_of(run, held.message_id) is State.DEAD
    assert [one.id for one in claim(run, after(9999))] == ([next_one] if next_one else [])


def test_a_refusal_before_the_attempt_withholds_and_the_lane_goes_on(run: Run) -> None:
    accept(run, 2)
    process(run, new_delivery())
    process(run, new_delivery(id="second"))
    [held] = claim(run)
    run(withhold_delivery, held, "no-consent", NOW)
    assert state_of(run, held.message_id) is State.WITHHELD
    assert [one.id for one in claim(run)] == ["second"]


def test_what_is_being_sent_cannot_be_withheld_any_more(run: Run) -> None:
    accept(run)
    process(run, new_delivery())
    [held] = claim(run)
    send(run, held)
    with pytest.raises(IllegalTransition):
        run(withhold_delivery, held, "no-consent", NOW)


def test_a_restart_frees_leases_and_sends_again_with_the_same_key(run: Run) -> None:
    accept(run, 2)
    process(run, new_delivery())
    [cut_off] = claim(run)
    send(run, cut_off)
    [unprocessed] = run(claim_inbound, "dead", NOW, LEASE, 1)
    assert run(void_leases, NOW) == 1
    [again] = claim(run)
    assert (again.id, again.idempotency_key, again.attempts) == (cut_off.id, cut_off.idempotency_key, 1)
    with pytest.raises(StaleClaim):
        run(finish_delivery, cut_off, NOW)
    [taken_up] = run(claim_inbound, "new", NOW, LEASE, 1)
    assert taken_up.id == unprocessed.id


def test_the_timeline_tells_every_stage(run: Run) -> None:
    accept(run)
    process(run, new_delivery())
    [held] = claim(run)
    send(run, held)
    run(fail_delivery, held, after(1), "timeout", NOW)
    [held] = claim(run, after(1))
    send(run, held, after(1))
    run(finish_delivery, held, after(1))
    shown = run(message_detail, held.message_id)
    assert shown is not None
    steps = run(timeline, shown)
    assert [step.stage for step in steps] == [
        "received",
        "queued",
        "sending",
        "retrying",
        "sending",
        "delivered",
    ]
    assert steps[3].codes == ("timeout",)


def test_order_per_person_survives_random_failures_and_restarts(run: Run) -> None:
    chance = random.Random(7)  # noqa: S311 - not a secret
    persons = [f"person-{number}" for number in range(4)]
    expected: dict[str, list[str]] = {person: [] for person in persons}
    for _ in range(60):
        person = chance.choice(persons)
        expected[person] += accept(run, subject_key=person)
    arrived: dict[str, list[str]] = {person: [] for person in persons}
    now = NOW
    while sum(map(len, arrived.values())) < 60:
        now += timedelta(seconds=chance.choice((1, 20, 40)))
        if chance.random() < 0.1:
            run(void_leases, now)
        _work_inbound(run, chance, now)
        _work_outbound(run, chance, now, arrived)
    assert arrived == expected
    assert run(contents) == 0
    assert run(lambda c: c.scalars(select(lane.c.due_at).where(lane.c.due_at.is_not(None))).all()) == []


def _work_inbound(run: Run, chance: random.Random, now: datetime) -> None:
    for held in run(inbound.claim_inbound, "w", now, chance.choice((LEASE, OVER)), 3):
        outcome = chance.random()
        if outcome < 0.2:
            continue  # the worker dies
        if outcome < 0.4:
            run(release_inbound, held, now + LEASE, "busy", now)
            continue
        new = new_delivery(person_key=held.subject_key)
        run(finish_inbound, held, Processed(translated=TRANSLATED, deliveries=(new,)), now)


def _work_outbound(run: Run, chance: random.Random, now: datetime, arrived: dict[str, list[str]]) -> None:
    for held in run(outbound.claim_outbound, "ehr", "w", now, chance.choice((LEASE, OVER)), 3):
        outcome = chance.random()
        if outcome < 0.1:
            continue
        send(run, held, now)
        if outcome < 0.2:
            continue
        if outcome < 0.5:
            run(fail_delivery, held, now + LEASE, "timeout", now)
            continue
        run(finish_delivery, held, now)
        arrived[held.person_key].append(held.message_id)


def test_a_lane_given_back_without_an_attempt_counts_none(run: Run) -> None:
    accept(run)
    process(run, new_delivery())
    [held] = claim(run)
    run(release_outbound, held, after(60))
    assert claim(run, after(59)) == []
    [again] = claim(run, after(60))
    assert again.attempts == 0


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_claim_looks_at_what_is_due_for_its_system_alone(run: Run) -> None:
    """Whatever else waits, and for whom, costs it nothing."""
    due = select(lane.c.key).where(lane.c.kind == "outbound", lane.c.system == "ehr", lane.c.due_at <= NOW)
    shown = str(due.order_by(lane.c.due_at).compile(compile_kwargs={"literal_binds": True}))
    [step] = run(lambda c: c.exec_driver_sql(f"EXPLAIN QUERY PLAN {shown}").all())
    assert "lane_due (kind=? AND system=? AND due_at<?)" in step[-1]


def test_what_is_due_is_counted_with_the_oldest(run: Run) -> None:
    accept(run, 2)
    accept(run, subject_key=OTHER, received_at=after(5))
    assert run(waiting, "inbound", after(1)) == (1, NOW)
    assert run(waiting, "inbound", after(5)) == (2, NOW)
