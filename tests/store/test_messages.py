"""Acceptance: repeats, messages that end at once, positions."""

from __future__ import annotations

import pytest

from adapter.domain.errors import IllegalTransition
from adapter.domain.states import State
from adapter.store.inbound import claim_inbound
from adapter.store.messages import accept, is_id_known, same_message
from tests.store.conftest import Run
from tests.store.samples import LEASE, NOW, RAW, new_message


@pytest.mark.parametrize(
    ("changes", "is_known", "finds"),
    [
        ({}, True, "newest"),
        ({"body_digest": "b"}, True, "other-body"),
        ({"body_digest": "unheard-of"}, True, None),
        ({"control_id": "unheard-of"}, False, None),
        ({"channel": "other-channel"}, False, None),
        ({"source_application": "other"}, False, None),
    ],
)
def test_the_same_message_is_the_newest_of_its_id_and_body(
    run: Run, changes: dict[str, str], is_known: bool, finds: str | None
) -> None:
    first = {"control_id": "same", "body_digest": "a"}
    earlier = [{"id": "oldest"}, {"id": "newest"}, {"id": "other-body", "body_digest": "b"}]
    for one in [*earlier, *({"body_digest": f"more-{number}"} for number in range(60))]:
        run(accept, new_message(**first | one), RAW)
    asked = new_message(**first | changes)
    same = run(same_message, asked)
    assert (run(is_id_known, asked), same and same.id) == (is_known, finds)


@pytest.mark.parametrize(
    ("state", "may_rerun"),
    [(State.INVALID, True), (State.WITHHELD, True), (State.TRANSLATED, False), (State.ACCEPTED, False)],
)
def test_only_what_ended_with_nothing_delivered_may_be_sent_again(
    run: Run, state: State, may_rerun: bool
) -> None:
    new = new_message(state=state)
    run(accept, new)
    prior = run(same_message, new)
    assert prior is not None
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
