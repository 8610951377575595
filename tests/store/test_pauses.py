"""A paused system gets nothing; what waits keeps its order, and is due at once when the pause ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from adapter.domain.errors import IllegalTransition
from adapter.domain.perseverance import Tolerance
from adapter.domain.states import State
from adapter.store import breakers, pauses
from adapter.store.alert_causes import RECIPIENT_PAUSED, Burst, causes
from adapter.store.outbound import claim_outbound, fail_delivery, finish_delivery, void_leases
from adapter.store.pauses import Pause, Paused
from tests.store.conftest import Run
from tests.store.samples import LEASE, NOW, after, new_delivery
from tests.store.steps import accept, claim, process, send, state_of

PAUSE: Final = Pause(Paused.SYSTEM, "ehr", "agreement", "region", NOW, "admin", b"sealed")


def wait_for(run: Run, *systems: str) -> list[str]:
    """A delivery of the same person for each; the messages' ids."""
    ids = []
    for system in systems:
        ids += accept(run)
        process(run, new_delivery(recipient_system=system))
    return ids


def test_nothing_is_given_out_for_it_and_others_go_on(run: Run) -> None:
    wait_for(run, "ehr", "other")
    run(pauses.begin, PAUSE)
    assert [one.recipient_system for one in claim(run)] == ["other"]
    assert run(pauses.pauses, Paused.SYSTEM) == {"ehr": PAUSE}


def test_it_outlives_a_restart(run: Run) -> None:
    wait_for(run, "ehr")
    run(pauses.begin, PAUSE)
    run(void_leases, NOW)
    assert claim(run) == []


def test_what_was_under_way_ends_and_what_waits_goes_on_in_its_order(run: Run) -> None:
    first, second, third = wait_for(run, "ehr", "ehr", "ehr")
    [held] = claim(run)
    send(run, held)
    run(pauses.begin, PAUSE)
    run(finish_delivery, held, NOW)
    assert claim(run) == []
    assert [state_of(run, one) for one in (first, second, third)] == [State.DELIVERED, *[State.QUEUED] * 2]
    run(pauses.resume_deliveries, "ehr", after(60))
    for message in (second, third):
        [held] = claim(run, after(60))
        assert held.message_id == message
        send(run, held, after(60))
        run(finish_delivery, held, after(60))


def test_what_would_be_tried_later_is_due_at_once_when_it_ends_and_the_breaker_probes(run: Run) -> None:
    wait_for(run, "ehr")
    [held] = claim(run)
    send(run, held)
    run(fail_delivery, held, after(900), "http-503", NOW)
    for system in ("ehr", "other"):
        run(breakers.failed, system, NOW, Tolerance(failures=1, pause=timedelta(seconds=90)))
    run(pauses.begin, PAUSE)
    run(pauses.resume_deliveries, "ehr", after(5))
    [again] = run(claim_outbound, "ehr", "worker", after(5), LEASE, 10)
    assert again.id == held.id
    assert run(breakers.next_probes, after(5))["other"] == after(90)


def test_it_begins_and_ends_once(run: Run) -> None:
    run(pauses.begin, PAUSE)
    with pytest.raises(IllegalTransition):
        run(pauses.begin, PAUSE)
    run(pauses.resume_deliveries, "ehr", NOW)
    with pytest.raises(IllegalTransition):
        run(pauses.resume_deliveries, "ehr", NOW)


def test_it_ends_with_the_agreements_that_had_the_system(run: Run) -> None:
    run(pauses.begin, PAUSE)
    run(pauses.end_all_but, Paused.SYSTEM, ["ehr", "other"])
    assert list(run(pauses.pauses, Paused.SYSTEM)) == ["ehr"]
    run(pauses.end_all_but, Paused.SYSTEM, [])
    assert run(pauses.pauses, Paused.SYSTEM) == {}


@pytest.mark.parametrize(("minutes", "found"), [(59, []), (60, [("region", "ehr")])])
def test_one_that_may_be_forgotten_gives_cause_for_an_alert(
    run: Run, minutes: int, found: list[tuple[str, str]]
) -> None:
    run(pauses.begin, PAUSE)
    now = NOW + timedelta(minutes=minutes)
    caused = run(lambda connection: list(causes(connection, now, (), Burst(10, LEASE), NOW)))
    assert [(one.party, one.about) for one in caused if one.code == RECIPIENT_PAUSED] == found
