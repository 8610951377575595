"""What stops a delivery: revocation, a newer version, an admin."""

from __future__ import annotations

from adapter.domain.states import State
from adapter.store.cancellation import cancel, pending
from adapter.store.inbound import claim_inbound
from adapter.store.intervention import cancel_message, replay, retry_now
from adapter.store.outbound import fail_delivery
from tests.store.conftest import Run
from tests.store.samples import LEASE, NOW, OTHER, PERSON, after, new_delivery, new_hold
from tests.store.steps import accept, bury, claim, codes, contents, deliver, push, send, state_of, states


def test_a_revocation_cancels_and_wipes_what_waits_and_names_what_is_under_way(run: Run) -> None:
    push(run, new_delivery(id="under-way"), new_hold(id="held"))
    waiting = push(run, new_delivery(id="queued"))
    push(run, new_delivery(id="of-another", person_key=OTHER))
    [held, _] = claim(run)
    send(run, held)
    done = run(cancel, [one.id for one in run(pending, [PERSON])], "consent-revoked", NOW)
    assert (done.cancelled, done.sending) == (2, ("under-way",))
    assert states(run) == {
        "under-way": State.SENDING,
        "held": State.CANCELLED,
        "queued": State.CANCELLED,
        "of-another": State.QUEUED,
    }
    assert codes(run, "queued") == ("consent-revoked",)
    assert state_of(run, waiting) is State.CANCELLED
    assert run(contents) == 4


def test_a_lane_goes_on_after_its_head_was_cancelled_under_a_worker(run: Run) -> None:
    message_id = push(run, new_delivery())
    push(run, new_delivery(id="next"))
    [held] = claim(run)
    run(cancel_message, message_id, NOW)
    assert [one.id for one in claim(run)] == ["next"]
    assert state_of(run, held.message_id) is State.CANCELLED


def test_a_newer_version_supersedes_what_waits_for_the_same_recipient(run: Run) -> None:
    old = push(run, new_delivery(id="old", record_key="plan"), new_hold(id="old-hold", record_key="plan"))
    push(run, new_delivery(id="other-plan", record_key="other"))
    push(run, new_delivery(id="new", record_key="plan"), new_hold(id="new-hold", record_key="plan"))
    assert states(run) == {
        "old": State.CANCELLED,
        "old-hold": State.CANCELLED,
        "other-plan": State.QUEUED,
        "new": State.QUEUED,
        "new-hold": State.QUEUED,
    }
    assert codes(run, "old") == ("superseded",)
    assert state_of(run, old) is State.CANCELLED


def test_a_withheld_newer_version_supersedes_nothing(run: Run) -> None:
    push(run, new_delivery(id="old", record_key="plan"))
    push(run, new_delivery(id="new", record_key="plan", state=State.WITHHELD))
    assert states(run)["old"] is State.QUEUED


def test_an_admin_cancels_a_message_that_waits_for_a_worker(run: Run) -> None:
    first, second = accept(run, 2)
    assert run(cancel_message, first, NOW).cancelled == 1
    assert state_of(run, first) is State.CANCELLED
    assert run(contents) == 1
    [held] = run(claim_inbound, "a", NOW, LEASE, 10)
    assert held.id == second


def test_retry_now_does_not_wait_for_the_backoff(run: Run) -> None:
    message_id = push(run, new_delivery())
    [held] = claim(run)
    send(run, held)
    run(fail_delivery, held, after(3600), "timeout", NOW)
    assert run(retry_now, message_id, after(1)) == 1
    [again] = claim(run, after(1))
    assert again.id == held.id


def test_a_replayed_dead_letter_goes_before_what_it_held(run: Run) -> None:
    message_id = push(run, new_delivery(id="dead"))
    push(run, new_delivery(id="later"))
    bury(run, claim(run)[0])
    assert run(replay, message_id, NOW) == 1
    assert state_of(run, message_id) is State.QUEUED
    [again] = claim(run)
    assert again.id == "dead"
    deliver(run, again)
    assert [one.id for one in claim(run)] == ["later"]


def test_a_replayed_dead_letter_of_a_lane_that_went_on_goes_last(run: Run) -> None:
    message_id = push(run, new_delivery(id="dead", holds_lane=False))
    push(run, new_delivery(id="later"))
    bury(run, claim(run)[0])
    run(replay, message_id, NOW)
    order = []
    while ready := claim(run):
        order.append(ready[0].id)
        deliver(run, ready[0])
    assert order == ["later", "dead"]


def test_a_replay_never_puts_an_older_version_over_a_newer_one(run: Run) -> None:
    message_id = push(run, new_delivery(id="old", record_key="plan", holds_lane=False))
    bury(run, claim(run)[0])
    push(run, new_delivery(id="new", record_key="plan"))
    deliver(run, claim(run)[0])
    assert run(replay, message_id, NOW) == 0
    assert (states(run)["old"], codes(run, "old")) == (State.CANCELLED, ("rejected", "superseded"))
