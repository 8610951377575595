"""The log shows a party what it sent and what was released to it, page by page, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.domain.errors import InputError
from adapter.domain.states import State
from adapter.store.consents import file_consent
from adapter.store.log import (
    LogMessage,
    events_after,
    last_event,
    list_messages,
    message_detail,
    timeline,
)
from adapter.store.log_filter import LogFilter, Reruns
from adapter.store.messages import accept as accept_message
from adapter.store.outbound import fail_delivery
from adapter.store.reruns import Rerun, reruns
from adapter.store.sight import Hidden, Views
from tests.store.conftest import Run
from tests.store.samples import (
    AGREEMENT,
    MAPPING,
    NOW,
    OTHER,
    PERSON,
    after,
    new_consent,
    new_delivery,
    new_hold,
    new_message,
)
from tests.store.steps import accept, bury, claim, deliver, push, send

KOMMUN: Views = frozenset({(AGREEMENT, "kommun")})
REGION: Views = frozenset({(AGREEMENT, "region")})
STRANGER: Views = frozenset({(AGREEMENT, "another")})


def ids(run: Run, filters: LogFilter) -> list[str]:
    return [row.id for row in run(list_messages, filters)]


def detail(run: Run, message_id: str, views: Views | None) -> LogMessage:
    shown = run(message_detail, message_id, views)
    assert shown is not None
    return shown


def test_pages_join_without_gap_or_repeat_while_messages_arrive(run: Run) -> None:
    # Several at the same instant: the instant alone cannot be the cursor.
    expected = [accept(run, received_at=after(number // 3))[0] for number in range(10)][::-1]
    seen: list[str] = []
    cursor = None
    while page := run(list_messages, LogFilter(), cursor, 4):
        seen += [row.id for row in page]
        cursor = page[-1].cursor
        accept(run, received_at=after(100))
    assert seen == expected


@pytest.mark.parametrize("cursor", ["", "1", "a.b", "1.2.3", f"{10**30}.1", f"1.{10**30}"])
def test_a_malformed_cursor_is_an_error(run: Run, cursor: str) -> None:
    with pytest.raises(InputError) as caught:
        run(list_messages, LogFilter(), cursor)
    assert (caught.value.status, str(caught.value)) == (400, "cursor: malformed")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (LogFilter(), ["b", "a"]),
        (LogFilter(agreement="elsewhere"), []),
        (LogFilter(state=State.INVALID), ["b"]),
        (LogFilter(channel="region-mllp"), ["b"]),
        (LogFilter(record_type="AUDIT"), ["b"]),
        (LogFilter(record_type="AUD"), []),
        (LogFilter(code="charset-unknown"), ["b"]),
        (LogFilter(code="charset%"), []),
        (LogFilter(code='charset-unknown","pid'), []),
        (LogFilter(code="charset-unknown", hidden=Hidden(codes=frozenset({"charset-unknown"}))), []),
        (LogFilter(code="charset-unknown", hidden=Hidden(states=frozenset({State.INVALID}))), []),
        (LogFilter(code="charset-unknown", hidden=Hidden(states=frozenset({State.DEAD}))), ["b"]),
        (LogFilter(control_id="one"), ["a"]),
        (LogFilter(correlation_id="request-1"), ["b"]),
        (LogFilter(source=(AGREEMENT, "kommun")), ["b", "a"]),
        (LogFilter(source=(AGREEMENT, "region")), []),
        (LogFilter(recipient=(AGREEMENT, "region")), []),
        (LogFilter(since=after(5)), ["b"]),
        (LogFilter(until=after(5)), ["a"]),
        (LogFilter(person_keys=(OTHER,)), ["b"]),
        (LogFilter(person_keys=(OTHER, PERSON)), ["b", "a"]),
        (LogFilter(person_keys=()), []),
        (LogFilter(reruns=Reruns.HIDDEN), ["a"]),
        (LogFilter(reruns=Reruns.ONLY), ["b"]),
    ],
)
def test_filters(run: Run, filters: LogFilter, found: list[str]) -> None:
    run(accept_message, new_message(id="a", control_id="one"))
    other = new_message(
        id="b",
        received_at=after(5),
        channel="region-mllp",
        state=State.INVALID,
        record_types=("AUDIT", "DUDIT"),
        codes=("charset-unknown", "pid"),
        subject_key=OTHER,
        rerun_of="a",
        correlation_id="request-1",
    )
    run(accept_message, other)
    assert ids(run, filters) == found


def test_a_recipient_sees_a_message_only_when_it_was_released_to_it(run: Run) -> None:
    message_id = push(run, new_delivery())
    assert ids(run, LogFilter(views=KOMMUN)) == [message_id]
    assert ids(run, LogFilter(views=REGION)) == []
    deliver(run, claim(run)[0])
    assert ids(run, LogFilter(views=REGION)) == [message_id]
    assert ids(run, LogFilter(views=STRANGER)) == []
    assert ids(run, LogFilter(views=frozenset())) == []
    assert run(message_detail, message_id, STRANGER) is None


@pytest.fixture
def sent_twice(run: Run) -> str:
    """To the region at the second attempt, after 90 seconds; to another, given up at the first, an hour after it came."""
    message_id = push(
        run,
        new_delivery(recipient_system="ehr"),
        new_delivery(recipient_party="another", recipient_system="other-ehr"),
    )
    ours, theirs = claim(run)
    send(run, ours)
    run(fail_delivery, ours, after(90), "timeout", NOW)
    [ours] = claim(run, after(90))
    deliver(run, ours, after(90))
    bury(run, theirs, after(3600))
    return message_id


@pytest.mark.parametrize(
    ("narrowed", "seen_by"),
    [
        ({"attempts": (2, None)}, {"kommun", "region"}),
        ({"attempts": (1, 1)}, {"another"}),
        ({"attempts": (None, 1)}, {"another"}),
        ({"attempts": (3, None)}, set()),
        ({"duration": (after(3600) - NOW, None)}, {"kommun", "another"}),
        ({"duration": (after(60) - NOW, after(90) - NOW)}, {"region"}),
        ({"duration": (None, after(90) - NOW)}, {"region"}),
        ({"duration": (after(3601) - NOW, None)}, set()),
        ({"recipient": (AGREEMENT, "region")}, {"kommun", "region"}),
        ({"recipient": (AGREEMENT, "another")}, {"kommun", "another"}),
        ({"recipient": ("elsewhere", "region")}, set()),
    ],
)
def test_attempts_duration_and_recipient_are_those_of_the_deliveries_that_the_reader_sees(
    run: Run, sent_twice: str, narrowed: dict[str, Any], seen_by: set[str]
) -> None:
    found = {
        party
        for party in ("kommun", "region", "another")
        if ids(run, LogFilter(views=frozenset({(AGREEMENT, party)}), **narrowed)) == [sent_twice]
    }
    assert found == seen_by
    assert bool(ids(run, LogFilter(**narrowed))) == ("kommun" in seen_by)


def test_what_goes_on_elsewhere_has_ended_for_who_was_delivered(run: Run) -> None:
    push(run, new_delivery(recipient_system="ehr"), new_hold(recipient_party="another"))
    [ours] = claim(run)
    deliver(run, ours, after(120))
    lasted: dict[str, Any] = {"duration": (after(61) - NOW, None)}
    assert ids(run, LogFilter(views=KOMMUN, **lasted)) == []
    assert len(ids(run, LogFilter(views=REGION, **lasted))) == 1


def test_what_was_withheld_from_a_party_does_not_exist_for_it(run: Run) -> None:
    message_id = push(run, new_delivery(state=State.WITHHELD, codes=("no-consent",)))
    assert ids(run, LogFilter(views=REGION)) == []
    assert ids(run, LogFilter(views=REGION, state=State.WITHHELD)) == []
    assert run(message_detail, message_id, REGION) is None
    assert run(events_after, 0, REGION) == []
    assert ids(run, LogFilter(views=KOMMUN, code="no-consent")) == [message_id]


def test_a_recipient_learns_nothing_of_other_recipients_nor_of_reasons(run: Run) -> None:
    message_id = push(
        run,
        new_delivery(id="ours", recipient_system="ehr", decision={"verdict": "permit", "reason": "consent"}),
        new_delivery(id="theirs", recipient_party="another", recipient_system="other-ehr"),
    )
    ours, theirs = claim(run)
    deliver(run, ours)
    bury(run, theirs)
    whole, part = detail(run, message_id, KOMMUN), detail(run, message_id, REGION)
    assert (whole.state, whole.is_own, len(whole.deliveries)) == (State.DEAD, True, 2)
    assert (part.state, part.is_own) == (State.DELIVERED, False)
    assert (whole.mapping, part.mapping, part.trace) == (MAPPING, None, None)
    told = {"verdict": "permit"}
    assert [(one.id, dict(one.decision), one.codes) for one in part.deliveries] == [("ours", told, ())]
    assert part.ended_at == NOW
    assert ids(run, LogFilter(views=REGION, state=State.DEAD)) == []
    assert ids(run, LogFilter(views=REGION, state=State.DELIVERED)) == [message_id]
    assert ids(run, LogFilter(views=REGION, code="rejected")) == []
    assert {step.delivery_id for step in run(timeline, part)} == {"ours"}
    assert [step.stage for step in run(events_after, 0, REGION)] == ["queued", "sending", "delivered"]


@pytest.mark.parametrize(
    ("views", "verdict", "told"),
    [
        (None, "permit", ("consent", ["kommuns", "regions"])),
        (KOMMUN, "permit", ("consent", ["kommuns"])),
        (REGION, "permit", ("consent", ["regions"])),
        (STRANGER, "permit", None),
        (None, "deny", ("consent", ["kommuns", "regions"])),
        (KOMMUN, "deny", (None, [])),
    ],
)
def test_a_party_is_told_of_the_consents_that_it_filed_and_of_a_permit_alone(
    run: Run, views: Views | None, verdict: str, told: tuple[str | None, list[str]] | None
) -> None:
    for party in ("kommun", "region"):
        run(file_consent, new_consent(id=f"{party}s", agreement=AGREEMENT, registrar_party=party))
    consents = [{"id": f"{party}s", "version": "1"} for party in ("kommun", "region")]
    decision = {"verdict": verdict, "reason": "consent", "consents": consents, "obligations": [{}]}
    message_id = push(run, new_delivery(decision=decision))
    deliver(run, claim(run)[0])
    shown = run(message_detail, message_id, views)
    found = None
    if shown is not None:
        seen = shown.deliveries[0].decision
        assert seen["verdict"] == verdict
        assert ("obligations" in seen) == (views is None)
        found = seen.get("reason"), [one["id"] for one in seen.get("consents", ())]
    assert found == told


def test_the_last_repeat_stands_with_the_first_and_another_partys_are_no_repeats(run: Run) -> None:
    run(accept_message, new_message(id="first", state=State.WITHHELD))
    for name in ("second", "third"):
        push(run, new_delivery(), id=name, rerun_of="first")
        deliver(run, claim(run)[0])
    [shown] = run(list_messages, LogFilter(views=KOMMUN, reruns=Reruns.HIDDEN))
    assert shown.newest_rerun == Rerun("third", NOW, State.DELIVERED)
    assert [one.id for one in run(reruns, "first")] == ["third", "second"]
    of_region = LogFilter(views=REGION, reruns=Reruns.HIDDEN)
    assert ids(run, of_region) == ["third", "second"]
    assert {one.newest_rerun for one in run(list_messages, of_region)} == {None}
    assert ids(run, LogFilter(views=REGION, reruns=Reruns.ONLY)) == []


@pytest.mark.parametrize(("views", "found"), [(None, ["withheld"]), (KOMMUN, [])])
def test_who_reads_everything_finds_what_was_withheld_by_its_reason(
    run: Run, views: Views | None, found: list[str]
) -> None:
    run(accept_message, new_message(id="withheld", state=State.WITHHELD, reason="no-recipient"))
    assert ids(run, LogFilter(views=views, code="no-recipient")) == found


def test_a_delivery_that_goes_on_has_no_end_for_its_recipient(run: Run) -> None:
    message_id = push(run, new_delivery())
    [held] = claim(run)
    send(run, held)
    run(fail_delivery, held, after(60), "timeout", NOW)
    part = detail(run, message_id, REGION)
    assert (part.state, part.ended_at) == (State.RETRYING, None)
    assert [step.codes for step in run(events_after, 0, REGION)] == [(), (), ()]


def test_a_live_tail_begins_where_the_log_ends(run: Run) -> None:
    push(run, new_hold())
    end = run(last_event)
    assert run(events_after, end) == []
    message_id = push(run, new_delivery())
    steps = run(events_after, end)
    assert [(step.message_id, step.stage) for step in steps] == [
        (message_id, "received"),
        (message_id, "queued"),
    ]
    assert len(run(events_after, 0, None, 3)) == 3


@pytest.mark.parametrize("views", [None, REGION, KOMMUN | REGION])
def test_a_state_is_one_list_of_what_was_sent_and_what_was_received(run: Run, views: Views | None) -> None:
    expected: list[str] = []
    for number in range(6):
        at, sender = after(number // 2 - 9), "region" if number % 3 == 0 else "kommun"
        message_id = push(run, new_delivery(holds_lane=False), received_at=at, source_party=sender)
        [held] = claim(run)
        bury(run, held)
        expected.insert(0, message_id)
    for sender in ("region", "kommun"):
        accept(run, source_party=sender)
    seen: list[str] = []
    cursor = None
    while page := run(list_messages, LogFilter(views, state=State.DEAD), cursor, 2):
        seen += [row.id for row in page]
        cursor = page[-1].cursor
    assert seen == expected
    assert ids(run, LogFilter(STRANGER, state=State.DEAD)) == []
