"""The follow-up list and the releases without consent, as rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapter.store import follow_up, lawful_grounds, persons
from adapter.store.database import NoSuchRow
from adapter.store.follow_up import FollowUp, FollowUpKind
from adapter.store.lawful_grounds import GroundRow
from tests.store.conftest import Run
from tests.store.samples import AGREEMENT, NOW, OTHER, PERSON, after

GROUND = GroundRow(
    id="r1",
    person_key=PERSON,
    agreement=AGREEMENT,
    sender_unit="SE2120001553-1001",
    recipient_unit="SE2321000131-E0101",
    record_types=("AUDIT",),
    ground="26:9-pregnancy",
    filed_at=NOW,
    ends_at=after(3600),
)


def entry(entry_id: str, **changes: Any) -> FollowUp:
    plain = FollowUp(
        id=entry_id,
        at=NOW,
        kind=FollowUpKind.LIFTING,
        agreement=AGREEMENT,
        party="kommun",
        person_key=PERSON,
        reference="Consent/1/_history/2",
        recipients=("SE2321000131-E0101",),
        codes=(),
        ends_at=after(3600),
        sealed=b"sealed",
    )
    return replace(plain, **changes)


def ids(entries: Any) -> list[str]:
    return [one.id for one in entries]


def test_a_release_is_filed_found_and_raises_the_epoch(run: Run) -> None:
    run(lawful_grounds.file_ground, GROUND)
    assert run(lawful_grounds.grounds_of, {PERSON}) == [GROUND]
    assert run(lawful_grounds.grounds_of, {OTHER}) == []
    assert [run(persons.epochs, key).person for key in (PERSON, OTHER)] == [1, 0]


@pytest.mark.parametrize(("seconds", "lapsed"), [(3599, 1), (3600, 0)])
def test_what_is_in_force_lapses_and_raises_the_epoch(run: Run, seconds: float, lapsed: int) -> None:
    run(lawful_grounds.file_ground, GROUND)
    run(lawful_grounds.lapse, {PERSON, OTHER}, after(seconds))
    [row] = run(lawful_grounds.grounds_of, {PERSON})
    assert row.ends_at == after(min(seconds, 3600))
    assert [run(persons.epochs, key).person for key in (PERSON, OTHER)] == [1 + lapsed, 0]


def test_the_list_is_what_nobody_has_seen_to_oldest_first(run: Run) -> None:
    for name in ("a", "b", "c"):
        run(follow_up.add, entry(name))
    run(follow_up.acknowledge, "b", "eva", after(1))
    assert ids(run(follow_up.entries)) == ["a", "c"]
    assert ids(run(lambda c: follow_up.entries(c, done=True))) == ["a", "b", "c"]
    assert ids(run(lambda c: follow_up.entries(c, limit=1))) == ["a"]


def test_an_entry_comes_back_as_it_was_put(run: Run) -> None:
    run(follow_up.add, entry("a"))
    assert run(follow_up.entry, "a") == entry("a")


def test_who_saw_to_an_entry_first_stays(run: Run) -> None:
    run(follow_up.add, entry("a"))
    first = run(follow_up.acknowledge, "a", "eva", after(1))
    second = run(follow_up.acknowledge, "a", "ali", after(2))
    assert (first.done_by, first.done_at) == (second.done_by, second.done_at) == ("eva", after(1))


MINE = frozenset({(AGREEMENT, "kommun")})


@pytest.mark.parametrize(
    "theirs",
    [{"party": "region"}, {"agreement": "https://example.org/agreement/other"}, {"agreement": None, "party": None}],
)  # fmt: skip
def test_a_party_sees_and_sees_to_its_own_entries_alone(run: Run, theirs: dict[str, Any]) -> None:
    run(follow_up.add, entry("mine"))
    run(follow_up.add, entry("theirs", **theirs))
    assert ids(run(follow_up.entries, MINE)) == ["mine"]
    assert ids(run(follow_up.entries, frozenset[Any]())) == []
    with pytest.raises(NoSuchRow):
        run(follow_up.acknowledge, "theirs", "eva", NOW, MINE)
    assert run(follow_up.entry, "theirs").done_at is None
    assert run(follow_up.acknowledge, "mine", "eva", NOW, MINE).done_by == "eva"


def test_an_entry_that_there_is_not_is_named_so(run: Run) -> None:
    with pytest.raises(NoSuchRow):
        run(follow_up.entry, "none")
