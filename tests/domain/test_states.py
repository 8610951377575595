"""The table of transitions, and the state of a message by its deliveries."""

from __future__ import annotations

from itertools import product

import pytest

from adapter.domain.errors import IllegalTransition
from adapter.domain.states import FINAL, TRANSITIONS, State, check_transition, message_state


@pytest.mark.parametrize(("old", "new"), list(product(State, State)))
def test_only_the_table_allows_a_transition(old: State, new: State) -> None:
    if new in TRANSITIONS[old]:
        check_transition(old, new)
    else:
        with pytest.raises(IllegalTransition, match=f"{old} -> {new}"):
            check_transition(old, new)


def test_final_states_are_those_that_lead_nowhere() -> None:
    assert {state for state in State if not TRANSITIONS[state]} == FINAL


def test_every_state_but_accepted_can_be_reached() -> None:
    assert set().union(*TRANSITIONS.values()) == set(State) - {State.ACCEPTED}


@pytest.mark.parametrize("state", [State.ACCEPTED, State.QUEUED, State.RETRYING, State.DEAD])
def test_what_waits_can_be_cancelled(state: State) -> None:
    check_transition(state, State.CANCELLED)


def test_an_attempt_under_way_is_not_cancelled() -> None:
    with pytest.raises(IllegalTransition):
        check_transition(State.SENDING, State.CANCELLED)


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        (["delivered"], "delivered"),
        (["delivered", "sending"], "sending"),
        (["queued", "retrying"], "retrying"),
        (["dead", "queued"], "queued"),
        (["delivered", "dead"], "dead"),
        (["cancelled", "delivered"], "delivered"),
        (["withheld", "cancelled"], "cancelled"),
        (["purged", "withheld"], "withheld"),
        (["purged"], "purged"),
    ],
)
def test_a_message_shows_the_delivery_that_matters_most(deliveries: list[str], expected: str) -> None:
    assert message_state(map(State, deliveries)) == expected
    assert message_state(map(State, reversed(deliveries))) == expected
