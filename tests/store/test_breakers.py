"""Circuit breakers: counted in a row, open for a pause, then one probe; each system for itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from adapter.domain.perseverance import LONGEST_PAUSE, Tolerance
from adapter.store import breakers
from adapter.store.breakers import Position, standing
from adapter.store.outbound import claim_outbound, fail_delivery, void_leases
from tests.store.conftest import Run
from tests.store.samples import LEASE, NOW, after, new_delivery
from tests.store.steps import accept, claim, process, send

TOLERANCE: Final = Tolerance(failures=3, pause=timedelta(seconds=30))


def fail(run: Run, times: int, system: str = "ehr", at: float = 0) -> list[bool]:
    return [run(breakers.failed, system, after(at), TOLERANCE) for _ in range(times)]


def wait_for(run: Run, *systems: str) -> None:
    """A delivery of a person of its own for each."""
    for number, system in enumerate(systems):
        person = f"person-{number}"
        accept(run, subject_key=person)
        process(run, new_delivery(recipient_system=system, person_key=person))


def test_it_opens_once_at_so_many_failures_in_a_row(run: Run) -> None:
    assert fail(run, 2) == [False, False]
    assert run(standing, NOW) == {}
    assert run(breakers.answered, "ehr") is False
    assert fail(run, 4) == [False, False, True, False]
    assert run(standing, NOW) == {"ehr": Position.OPEN}
    assert run(standing, after(30)) == {"ehr": Position.HALF_OPEN}
    assert run(breakers.answered, "ehr") is True
    assert run(standing, NOW) == {}


def test_an_open_one_gives_nothing_out_and_others_go_on(run: Run) -> None:
    wait_for(run, "ehr", "ehr", "other")
    fail(run, 3)
    assert run(claim_outbound, "ehr", "worker", after(29), LEASE, 10) == []
    assert len(run(claim_outbound, "other", "worker", after(29), LEASE, 10)) == 1


def test_a_half_open_one_gives_out_one_probe_until_it_has_ended(run: Run) -> None:
    wait_for(run, "ehr", "ehr", "ehr")
    fail(run, 3)
    [probe] = run(claim_outbound, "ehr", "one", after(30), LEASE, 10)
    assert run(claim_outbound, "ehr", "other", after(31), LEASE, 10) == []
    send(run, probe, after(31))
    run(fail_delivery, probe, after(32), "http-503", after(31))
    fail(run, 1, at=31)
    assert run(claim_outbound, "ehr", "one", after(60), LEASE, 10) == []
    [second] = run(claim_outbound, "ehr", "one", after(61), LEASE, 10)
    assert second.id != probe.id
    run(breakers.answered, "ehr")
    assert len(run(claim_outbound, "ehr", "one", after(62), LEASE, 10)) == 2


def test_without_anything_due_the_probe_is_kept(run: Run) -> None:
    fail(run, 3)
    assert run(claim_outbound, "ehr", "one", after(30), LEASE, 10) == []
    wait_for(run, "ehr")
    assert len(run(claim_outbound, "ehr", "one", after(31), LEASE, 10)) == 1


def test_a_probe_that_was_lost_is_followed_by_another(run: Run) -> None:
    wait_for(run, "ehr", "ehr")
    fail(run, 3)
    run(claim_outbound, "ehr", "killed", after(30), LEASE, 10)
    assert len(run(claim_outbound, "ehr", "other", after(30) + LEASE, LEASE, 10)) == 1


def test_after_a_restart_it_is_still_open_and_probes_at_once(run: Run) -> None:
    wait_for(run, "ehr", "ehr")
    fail(run, 3)
    run(void_leases, after(1))
    assert run(standing, after(1)) == {"ehr": Position.HALF_OPEN}
    assert len(claim(run, after(1))) == 1


def test_a_clock_that_was_set_back_does_not_keep_it_open(run: Run) -> None:
    fail(run, 3)
    assert run(standing, NOW - LONGEST_PAUSE) == {"ehr": Position.HALF_OPEN}
