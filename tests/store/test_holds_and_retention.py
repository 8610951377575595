"""Holds are wiped by receipt or by time; everything kept has an end."""

from __future__ import annotations

from datetime import timedelta

from adapter.domain.states import State
from adapter.store.holds import AnswerPart, confirm, held, mark_fetched, record_answer, still_held
from adapter.store.inbound import Processed, claim_inbound, finish_inbound
from adapter.store.references import NewReference, find_reference, store
from adapter.store.retention import content_key_days, expire, forget_expired
from tests.store.conftest import Run
from tests.store.samples import LEASE, NOW, OTHER, PERSON, TRANSLATED, after, new_delivery, new_hold
from tests.store.steps import accept, bury, claim, codes, contents, push, state_of, states

HOURS_72 = timedelta(hours=72)
PLAN, GOAL = "CarePlan/1", "Goal/1"


def part(delivery_id: str, shown: frozenset[str] = frozenset({PLAN, GOAL})) -> AnswerPart:
    """What an answer to the region showed of a held plan and its goal."""
    return AnswerPart(delivery_id, "region", shown, frozenset({PLAN, GOAL}), after(3600))


def test_a_hold_is_found_by_its_recipient_about_that_person_until_it_expires(run: Run) -> None:
    push(run, new_hold(id="held"))
    [one] = run(held, [PERSON], "region", NOW)
    assert (one.id, one.translated) == ("held", TRANSLATED)
    assert run(held, [PERSON], "kommun", NOW) == []
    assert run(held, [OTHER], "region", NOW) == []
    assert run(held, [PERSON], "region", NOW, agreement="https://example.org/agreement/lerum") == []
    assert run(held, [PERSON], "region", after(3600)) == []
    assert claim(run) == []


def test_fetching_wipes_nothing(run: Run) -> None:
    push(run, new_hold(id="held"))
    run(mark_fetched, ["held"], NOW)
    assert run(still_held, ["held", "unknown"]) == {"held"}
    assert run(contents) == 2


def test_a_receipt_delivers_and_wipes_once(run: Run) -> None:
    message_id = push(run, new_hold(id="held"))
    run(mark_fetched, ["held"], NOW)
    run(record_answer, "answer", [part("held")])
    for second in (1, 2):
        run(confirm, "answer", "region", after(second))
        assert state_of(run, message_id) is State.DELIVERED
        assert run(contents) == 0


def test_a_receipt_of_a_part_wipes_only_once_the_rest_is_confirmed_too(run: Run) -> None:
    push(run, new_hold(id="held"))
    run(record_answer, "plan", [part("held", frozenset({PLAN}))])
    run(record_answer, "goal", [part("held", frozenset({GOAL}))])
    run(confirm, "plan", "region", after(1))
    assert (states(run)["held"], run(contents)) == (State.QUEUED, 2)
    run(confirm, "goal", "region", after(2))
    assert (states(run)["held"], run(contents)) == (State.DELIVERED, 0)


def test_only_the_party_that_was_answered_can_confirm(run: Run) -> None:
    push(run, new_hold(id="held"))
    run(record_answer, "answer", [part("held")])
    run(confirm, "answer", "kommun", NOW)
    run(confirm, "guessed", "region", NOW)
    run(confirm, "answer", "region", after(3600))
    assert states(run)["held"] is State.QUEUED


def test_a_receipt_wipes_nothing_where_the_agreement_wipes_by_time(run: Run) -> None:
    push(run, new_hold(id="held", confirmable=False))
    run(record_answer, "answer", [part("held")])
    run(confirm, "answer", "region", NOW)
    assert run(contents) == 2


def test_a_hold_past_its_time_was_delivered_if_fetched_and_else_purged(run: Run) -> None:
    push(run, new_hold(id="fetched"))
    push(run, new_hold(id="missed"))
    run(mark_fetched, ["fetched"], NOW)
    swept = run(expire, after(3600), content_before=NOW - HOURS_72)
    assert set(swept.holds) == {"fetched", "missed"}
    assert states(run) == {"fetched": State.DELIVERED, "missed": State.PURGED}
    assert codes(run, "missed") == ("hold-expired",)
    assert run(contents) == 0


def test_a_dead_letter_is_purged_in_time_and_its_lane_goes_on(run: Run) -> None:
    message_id = push(run, new_delivery(id="dead"))
    push(run, new_delivery(id="later"))
    bury(run, claim(run)[0])
    assert run(expire, after(1), content_before=NOW - timedelta(seconds=1)).dead == ()
    assert run(expire, NOW + HOURS_72, content_before=NOW).dead == ("dead",)
    assert state_of(run, message_id) is State.PURGED
    assert [one.id for one in claim(run)] == ["later"]


def test_an_invalid_message_is_purged_in_time(run: Run) -> None:
    [message_id] = accept(run)
    [taken] = run(claim_inbound, "a", NOW, LEASE, 1)
    run(finish_inbound, taken, Processed(state=State.INVALID, keep_raw=True), NOW)
    assert run(expire, NOW + HOURS_72, content_before=NOW).invalid == (message_id,)
    assert state_of(run, message_id) is State.PURGED
    assert run(contents) == 0


def test_a_sweep_takes_a_small_batch(run: Run) -> None:
    for _ in range(3):
        push(run, new_hold())
    sweep = [len(run(expire, after(3600), content_before=NOW, limit=2).holds) for _ in range(3)]
    assert sweep == [2, 1, 0]


def test_the_days_whose_keys_are_needed_are_those_of_stored_content(run: Run) -> None:
    push(run, new_delivery())
    assert run(content_key_days) == {"2026-11-22"}
    [one] = claim(run)
    bury(run, one)
    run(expire, NOW + HOURS_72, content_before=NOW)
    assert run(content_key_days) == frozenset()


def test_a_reference_is_found_until_it_expires_and_a_resend_renews_it(run: Run) -> None:
    run(store, [NewReference("CarePlan", "id", b"first", after(10))])
    run(store, [NewReference("CarePlan", "id", b"second", after(20))])
    assert run(find_reference, "CarePlan", "id", after(19)) == b"second"
    assert run(find_reference, "CarePlan", "id", after(20)) is None
    assert run(find_reference, "Goal", "id", NOW) is None
    assert run(forget_expired, after(20)) == 1
