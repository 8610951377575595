"""What was recorded about a person, told in order; test_chain.py has the verification."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.store.audit import AuditRow, Recorded, append, rows_about
from tests.store.conftest import Run
from tests.store.samples import KEYRING, OTHER, PERSON, after


@pytest.fixture
def chained(run: Run) -> Run:
    for number, person in enumerate((PERSON, OTHER, None, PERSON)):
        row = AuditRow(after(number), person, "read", b'{"number": %d}' % number)
        run(append, KEYRING, "main", [row])
    run(append, KEYRING, "another", [AuditRow(after(9), OTHER, "read", b"{}")])
    return run


def about(run: Run, *person_keys: str, **chosen: Any) -> list[Recorded]:
    return run(lambda connection: list(rows_about(connection, person_keys, **chosen)))


def test_a_persons_rows_are_told_in_order_across_keys_and_chains(chained: Run) -> None:
    assert [(found.writer, found.number) for found in about(chained, PERSON)] == [("main", 1), ("main", 4)]
    everything = about(chained, OTHER, PERSON, PERSON)
    assert [(found.writer, found.number) for found in everything] == [
        ("main", 1),
        ("main", 2),
        ("main", 4),
        ("another", 1),
    ]
    assert everything[1].row == AuditRow(after(1), OTHER, "read", b'{"number": 1}')


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        ({"since": after(1)}, [4]),
        ({"until": after(3)}, [1]),
        ({"since": after(0), "until": after(4)}, [1, 4]),
        ({"kinds": ["read"]}, [1, 4]),
        ({"kinds": ["search"]}, []),
    ],
)
def test_a_persons_rows_are_chosen_by_time_and_kind(
    chained: Run, chosen: dict[str, Any], numbers: list[int]
) -> None:
    assert [found.number for found in about(chained, PERSON, **chosen)] == numbers
