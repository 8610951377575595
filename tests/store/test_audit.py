"""The chain: what was changed, removed or put in shows."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from adapter.store.audit import AuditRow, ChainFault, append, audit_rows, verify
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


def test_a_persons_rows_are_told_in_order(chained: Run) -> None:
    assert [row.event for row in chained(audit_rows, [PERSON])] == [b'{"number": 0}', b'{"number": 3}']
    assert len(chained(audit_rows, [PERSON, OTHER])) == 4


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
