"""Counts of fields that no rule used: by sender and month, and which of them are new."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapter.store import drift
from tests.store.conftest import Run
from tests.store.samples import NOW


def test_a_field_is_new_once_for_each_sender_and_counted_each_time(run: Run) -> None:
    assert run(drift.note, "a", ("x", "y"), NOW) == ("x", "y")
    assert run(drift.note, "a", ("x",), NOW) == ()
    assert run(drift.note, "b", ("x",), NOW) == ("x",)
    assert [(row.channel, row.path, row.count) for row in run(drift.unmapped_fields)] == [
        ("a", "x", 2),
        ("a", "y", 1),
        ("b", "x", 1),
    ]


def test_a_month_has_its_own_count_and_makes_no_field_new(run: Run) -> None:
    run(drift.note, "a", ("x",), NOW)
    assert run(drift.note, "a", ("x",), NOW + timedelta(days=40)) == ()
    newest, oldest = run(drift.unmapped_fields, "a")
    assert (newest.month > oldest.month, newest.count, oldest.count) == (True, 1, 1)


def test_the_fields_over_all_months_the_newest_first(run: Run) -> None:
    later = NOW + timedelta(days=40)
    run(drift.note, "a", ("x", "y"), NOW)
    run(drift.note, "a", ("x",), later)
    run(drift.note, "b", ("z",), later)
    fields = run(drift.drifting_fields)
    assert [(one.path, one.count, one.first_at, one.last_at) for one in fields] == [
        ("z", 1, later, later),
        ("x", 2, NOW, later),
        ("y", 1, NOW, NOW),
    ]
    assert [one.path for one in run(drift.drifting_fields, ("b",))] == ["z"]
    assert run(drift.drifting_fields, ()) == []
    assert len(run(drift.drifting_fields, None, 2)) == 2


def test_names_without_end_are_counted_together(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "MOST_FIELDS", 2)
    assert run(drift.note, "a", ("w", "x", "y", "z"), NOW) == ("w", "x")
    assert run(drift.note, "a", ("v", "w"), NOW) == ()
    assert {row.path: row.count for row in run(drift.unmapped_fields)} == {"w": 2, "x": 1, drift.OTHERS: 2}


def test_a_message_of_which_all_is_mapped_leaves_no_row(run: Run) -> None:
    assert run(drift.note, "a", (), NOW) == ()
    assert run(drift.unmapped_fields) == []


def test_a_message_may_have_more_names_than_a_statement_binds(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drift, "MOST_FIELDS", 1)
    assert run(drift.note, "a", tuple(f"x{number}" for number in range(40_000)), NOW) == ("x0",)
