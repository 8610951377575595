"""Who held a lane and died is counted; the message that may be to blame is claimed with nothing beside it."""

from __future__ import annotations

from collections.abc import Sequence

from adapter.domain.states import State
from adapter.store import lanes
from adapter.store.inbound import ClaimedMessage, Processed, claim_inbound, finish_inbound, release_inbound
from adapter.store.intervention import cancel_message
from adapter.store.outbound import void_leases
from tests.store.conftest import Run
from tests.store.samples import LEASE, NOW, OTHER, PERSON
from tests.store.steps import accept

_INVALID = Processed(state=State.INVALID, keep_raw=True)


def claim(run: Run, *, idle: bool = True) -> Sequence[ClaimedMessage]:
    return run(claim_inbound, "worker", NOW, LEASE, 8, idle)


def die(run: Run) -> list[tuple[str, int]]:
    """Claim what there is and die with it: whose it was, and how often it had been cut off before."""
    claimed = claim(run)
    run(void_leases, NOW)
    return [(held.subject_key, held.claim.cut_off) for held in claimed]


def test_what_was_cut_off_is_claimed_alone_and_only_by_who_is_idle(run: Run) -> None:
    accept(run)
    accept(run, subject_key=OTHER)
    assert [count for _, count in die(run)] == [0, 0]
    [late] = accept(run, subject_key="late")
    assert claim(run, idle=False) == []
    assert [len(claim(run)), len(claim(run))] == [1, 1]
    assert [held.id for held in claim(run, idle=False)] == [late]


def test_the_least_often_cut_off_comes_first(run: Run) -> None:
    accept(run)
    accept(run, subject_key=OTHER)
    assert die(run) == [(PERSON, 0), (OTHER, 0)]
    first, second = die(run), die(run)
    assert [first[0][1], second[0][1], first[0][0] == second[0][0]] == [1, 1, False]
    assert die(run)[0][1] == 2


def test_what_came_to_an_end_of_its_own_was_not_cut_off(run: Run) -> None:
    accept(run, 2)
    die(run)
    [held] = claim(run)
    run(lanes.extend, held.claim, LEASE)
    run(release_inbound, held, NOW, "fault", NOW)
    [held] = claim(run)
    assert held.claim.cut_off == 0
    run(void_leases, NOW)
    [held] = claim(run)
    run(finish_inbound, held, _INVALID, NOW)
    [behind] = claim(run)
    assert (held.claim.cut_off, behind.claim.cut_off) == (1, 0)


def test_what_happens_behind_it_in_its_lane_does_not_clear_it(run: Run) -> None:
    _, behind = accept(run, 2)
    die(run)
    run(cancel_message, behind, NOW)
    assert die(run) == [(PERSON, 1)]
