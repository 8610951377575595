"""The chain: what was changed, removed or put in shows."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from adapter.store.audit import AuditRow, ChainFault, Recorded, append, rows_about, verify
from adapter.store.keys import Keyring
from tests.store.conftest import Run
from tests.store.samples import KEYRING, OTHER, PERSON, after


def faults(run: Run, keyring: Keyring = KEYRING) -> list[ChainFault]:
    return run(lambda connection: list(verify(connection, keyring)))


@pytest.fixture
def chained(run: Run) -> Run:
    for number, person in enumerate((PERSON, OTHER, None, PERSON)):
        row = AuditRow(after(number), person, "read", b'{"number": %d}' % number)
        run(append, KEYRING, "main", [row])
    run(append, KEYRING, "another", [AuditRow(after(9), OTHER, "read", b"{}")])
    return run


def test_untouched_chains_have_no_faults(chained: Run) -> None:
    assert faults(chained) == []


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


@pytest.mark.parametrize(
    ("tampering", "expected"),
    [
        ("update audit set event = x'7b7d' where writer = 'main' and number = 2", {(2, "seal-broken")}),
        ("update audit set person_key = null where writer = 'main' and number = 1", {(1, "seal-broken")}),
        ("update audit set recorded_at = recorded_at + 1 where number = 3", {(3, "seal-broken")}),
        ("update audit set kind = 'search' where writer = 'main' and number = 4", {(4, "seal-broken")}),
        (
            "delete from audit where writer = 'main' and number = 2",
            {(3, "number-missing"), (3, "seal-broken")},
        ),
        (
            "delete from audit where writer = 'main' and number = 1",
            {(2, "number-missing"), (2, "seal-broken")},
        ),
        (
            "insert into audit select writer, 5, recorded_at, person_key, kind, event, mac from audit where number = 4",
            {(5, "seal-broken")},
        ),
        ("update audit set writer = 'forged' where writer = 'another'", {(1, "seal-broken")}),
    ],
)
def test_tampering_is_found_at_its_row(chained: Run, tampering: str, expected: set[tuple[int, str]]) -> None:
    chained(lambda connection: connection.execute(text(tampering)))
    assert {(fault.number, fault.code) for fault in faults(chained)} == expected


def test_another_key_verifies_nothing(chained: Run) -> None:
    assert len(faults(chained, Keyring(b"x" * 32))) == 5
