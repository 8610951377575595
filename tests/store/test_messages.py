"""Acceptance: repeats, messages that end at once, positions."""

from __future__ import annotations

import pytest

from adapter.domain.errors import IllegalTransition
from adapter.domain.states import State
from adapter.store.inbound import claim_inbound
from adapter.store.messages import accept, find_message
from tests.store.conftest import Run
from tests.store.samples import LEASE, NOW, RAW, new_message


def test_a_new_id_is_unknown(run: Run) -> None:
    run(accept, new_message(), RAW)
    assert run(find_message, "kommun-push", "", "unheard-of") == []


def test_a_repeat_finds_every_message_under_its_id_newest_first(run: Run) -> None:
    first = new_message(control_id="same", body_digest="a")
    second = new_message(control_id="same", body_digest="b", codes=("control-id-reused",))
    for new in (first, second, new_message(control_id="same", channel="other-channel")):
        run(accept, new, RAW)
    found = run(find_message, "kommun-push", "", "same")
    assert [(prior.id, prior.body_digest, prior.codes) for prior in found] == [
        (second.id, "b", ("control-id-reused",)),
        (first.id, "a", ()),
    ]


@pytest.mark.parametrize(
    ("state", "may_rerun"),
    [(State.INVALID, True), (State.WITHHELD, True), (State.TRANSLATED, False), (State.ACCEPTED, False)],
)
def test_only_what_ended_with_nothing_delivered_may_be_sent_again(
    run: Run, state: State, may_rerun: bool
) -> None:
    new = new_message(state=state)
    run(accept, new)
    [prior] = run(find_message, new.channel, "", new.control_id)
    assert prior.may_rerun is may_rerun
    assert prior.idempotency_seed == new.idempotency_seed


def test_a_message_that_ends_at_once_takes_no_turn(run: Run) -> None:
    run(accept, new_message(state=State.TRANSLATED, subject_key=None))
    assert run(claim_inbound, "a", NOW, LEASE, 10) == []


def test_a_message_cannot_arrive_in_an_impossible_state(run: Run) -> None:
    with pytest.raises(IllegalTransition):
        run(accept, new_message(state=State.SENDING))


def test_an_accepted_message_needs_a_person(run: Run) -> None:
    with pytest.raises(ValueError, match="subject key"):
        run(accept, new_message(subject_key=None))
