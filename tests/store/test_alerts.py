"""Alerts, their notices and replays, as both databases keep them."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Final

import pytest

from adapter.domain.errors import IllegalTransition
from adapter.domain.perseverance import Tolerance
from adapter.store import alert_notices, alerts, breakers, replays
from adapter.store.alert_causes import DEAD_LETTER, RECIPIENT_DOWN, SENDER_SILENT, Burst, Cause, causes
from adapter.store.alert_notices import NewNotice
from adapter.store.database import NoSuchRow
from adapter.store.messages import accept
from adapter.store.outbound import claim_outbound, fail_delivery
from adapter.store.replays import ItemTaken, Replay, ReplayItem, ReplayState
from tests.store.conftest import Run
from tests.store.samples import NOW, new_delivery, new_message
from tests.store.steps import accept as accept_one
from tests.store.steps import process, send

LEASE: Final = timedelta(minutes=2)
DEAD: Final = Cause(DEAD_LETTER, "agreement", "kommun", "journal", 2)
SILENT: Final = Cause(SENDER_SILENT, "agreement", "kommun", "channel", opens=False)
_numbers = count(1)


def new_id() -> str:
    return f"id-{next(_numbers)}"


def test_an_alert_is_one_while_its_cause_lasts_and_another_after_that(run: Run) -> None:
    for _ in range(2):
        opened, resolved = run(alerts.settle, [DEAD, SILENT], NOW, new_id)
    assert (list(opened), list(resolved)) == ([], [])
    [first] = run(alerts.alerts)
    assert (first.count, run(alerts.lasting_by_code)) == (2, {DEAD_LETTER: 1})
    _, [over] = run(alerts.settle, [], NOW + LEASE, new_id)
    assert (over.id, over.resolved_at) == (first.id, NOW + LEASE)
    [again], _ = run(alerts.settle, [DEAD], NOW + LEASE, new_id)
    assert again.id != first.id
    assert [one.id for one in run(alerts.alerts, None, resolved=True)] == [again.id, first.id]


def test_who_acknowledges_first_stays_and_only_the_own_partys(run: Run) -> None:
    [alert], _ = run(alerts.settle, [DEAD], NOW, new_id)
    mine, others = frozenset({("agreement", "kommun")}), frozenset({("agreement", "region")})
    for views in (others, frozenset[tuple[str, str]]()):
        with pytest.raises(NoSuchRow):
            run(alerts.acknowledge, alert.id, "other", b"", NOW, views)
    assert run(alerts.unacknowledged, mine) == 1
    run(alerts.acknowledge, alert.id, "first", b"sealed", NOW, mine)
    assert run(alerts.unacknowledged, mine) == 0
    with pytest.raises(IllegalTransition):
        run(alerts.acknowledge, alert.id, "second", b"", NOW, mine)
    assert [one.acknowledged_by for one in run(alerts.alerts, mine)] == ["first"]


def test_a_notice_is_in_one_hand_at_a_time_and_waits_for_the_one_before_it(run: Run) -> None:
    [alert], _ = run(alerts.settle, [DEAD], NOW, new_id)
    notices = [
        NewNotice(f"notice-{event}", alert.id, "drift", event, NOW) for event in ("opened", "resolved")
    ]
    run(alert_notices.add, notices)
    [due] = run(alert_notices.claim, NOW, LEASE, 10)
    assert (due.id, due.attempts, due.alert.code) == ("notice-opened", 1, DEAD_LETTER)
    assert list(run(alert_notices.claim, NOW, LEASE, 10)) == []
    run(alert_notices.postpone, due.id, NOW + LEASE / 2, "http-503")
    [due] = run(alert_notices.claim, NOW + LEASE / 2, LEASE, 10)
    assert (due.id, due.attempts) == ("notice-opened", 2)
    run(alert_notices.end, due.id)
    assert [one.id for one in run(alert_notices.claim, NOW, LEASE, 10)] == ["notice-resolved"]


def test_the_causes_can_be_asked_of_an_empty_log(run: Run) -> None:
    found = run(lambda c: list(causes(c, NOW, (), Burst(3, LEASE), NOW)))
    assert found == []


def test_a_system_that_is_left_alone_is_down_however_few_attempts_each_delivery_had(run: Run) -> None:
    for number in range(3):
        accept_one(run, subject_key=f"person-{number}")
        process(run, new_delivery(recipient_system="ehr", person_key=f"person-{number}"))
    for held in run(claim_outbound, "ehr", "worker", NOW, LEASE, 3):
        send(run, held, NOW)
        run(fail_delivery, held, NOW + LEASE, "http-503", NOW)
        run(breakers.failed, "ehr", NOW, Tolerance(failures=3))
    [down] = run(lambda connection: list(causes(connection, NOW, (), Burst(10, LEASE), NOW)))
    assert (down.code, down.about, down.count, down.opens) == (RECIPIENT_DOWN, "ehr", 3, True)


def test_an_item_of_a_replay_is_taken_once_and_only_while_it_runs(run: Run) -> None:
    ids = ["message-a", "message-b"]
    for one in ids:
        run(accept, new_message(id=one, control_id=one))
    made = Replay("replay", NOW, "admin", {"views": "*"}, {"state": "dead"}, 2, ReplayState.PAUSED.value, 10)
    run(replays.prepare, made, ids)
    first, second = run(replays.waiting, "replay", 10)
    with pytest.raises(ItemTaken):
        run(replays.note, first, "queued-1")
    run(replays.start, "replay", 1, b"sealed", {})
    with pytest.raises(IllegalTransition):
        run(replays.start, "replay", 1, b"sealed", {})
    run(replays.note, first, "queued-1")
    with pytest.raises(ItemTaken):
        run(replays.note, first, "queued-0")
    run(replays.finish, "replay")
    assert [one.state for one in run(replays.running)] == ["running"]
    assert run(replays.waiting, "replay", 10) == [second]
    run(replays.note, second, "state")
    run(replays.finish, "replay")
    assert run(replays.find, "replay", "admin").state == ReplayState.DONE
    assert dict(run(replays.outcomes, "replay")) == {"queued-1": 1, "state": 1}
    assert run(replays.items, "replay", 1) == [ReplayItem("replay", 0, "message-a", "queued-1")]
    with pytest.raises(NoSuchRow):
        run(replays.find, "replay", "another")


def test_what_is_over_is_forgotten_in_its_time_with_all_that_hangs_on_it(run: Run) -> None:
    [over], _ = run(alerts.settle, [DEAD], NOW, new_id)
    run(alert_notices.add, [NewNotice("notice", over.id, "drift", "opened", NOW)])
    run(alerts.settle, [], NOW + LEASE, new_id)
    [lasting], _ = run(alerts.settle, [DEAD], NOW + LEASE, new_id)
    run(accept, new_message(id="message-a", control_id="message-a"))
    for name, made_at in (("old", NOW), ("new", NOW + LEASE)):
        made = Replay(name, made_at, "admin", {}, {}, 1, ReplayState.PAUSED.value, 10)
        run(replays.prepare, made, ["message-a"])
    for forget in (alerts.forget, replays.forget):
        run(forget, NOW + LEASE / 2)
    assert len(run(alerts.alerts, None, resolved=True)) == 2
    assert run(replays.waiting, "new", 1) == [ReplayItem("new", 0, "message-a")]
    with pytest.raises(NoSuchRow):
        run(replays.find, "old", "admin")
    run(alerts.forget, NOW + LEASE)
    assert [one.id for one in run(alerts.alerts, None, resolved=True)] == [lasting.id]
    assert list(run(alert_notices.claim, NOW + LEASE, LEASE, 10)) == []
