"""Verifying: what was changed, removed or put in shows, its last row included; what was purged or acknowledged does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from adapter.store import chain
from adapter.store.audit import AuditRow, append, head, rows_about
from adapter.store.boundaries import LOST, Boundary, put
from adapter.store.chain import ChainFault, ChainWalk, writers
from adapter.store.checkpoints import Checkpoint, CheckpointAltered, CheckpointFile
from adapter.store.keys import Keyring
from adapter.store.purging import ChainBroken, purge
from tests.store.conftest import Run
from tests.store.full_disk import no_file_beyond
from tests.store.samples import KEYRING, NOW, OTHER, PERSON, after


def walked(run: Run, checkpoints: Iterable[Checkpoint] = (), keyring: Keyring = KEYRING) -> list[ChainFault]:
    """The faults of all chains; ``checkpoints`` are those of ``main``."""
    faults: list[ChainFault] = []
    for writer in run(writers):
        walk = ChainWalk(keyring, writer, checkpoints if writer == "main" else ())
        while not walk.is_done:
            faults += run(walk.page)
    return faults


def named(faults: Iterable[ChainFault]) -> set[tuple[int, int, str]]:
    return {(fault.number, fault.until, fault.code) for fault in faults}


@dataclass
class Chained:
    """Two chains in a database, the first with checkpoints."""

    run: Run
    file: CheckpointFile
    written: list[Checkpoint] = field(default_factory=list)

    def grow(self, count: int) -> None:
        number, _ = self.run(head, "main")
        for step in range(count):
            person = (PERSON, OTHER, None)[step % 3]
            row = AuditRow(after(number + step), person, "read", b'{"number": %d}' % (number + step))
            self.run(append, KEYRING, "main", [row])

    def mark(self) -> None:
        number, mac = self.run(head, "main")
        self.file.append(number, mac, after(number))
        last = self.file.last()
        assert last is not None
        self.written.append(last)

    def faults(self) -> list[ChainFault]:
        return walked(self.run, self.written)

    def tamper(self, statement: str) -> None:
        def change(connection: Connection) -> None:
            connection.execute(text(statement.replace("at row", "where writer = 'main' and number =")))

        self.run(change)


@pytest.fixture
def chained(run: Run, tmp_path: Path) -> Chained:
    made = Chained(run, CheckpointFile(tmp_path / "beside" / "checkpoints.jsonl", KEYRING, "main"))
    made.grow(3)
    made.mark()
    made.grow(3)
    made.mark()
    run(append, KEYRING, "another", [AuditRow(after(9), OTHER, "read", b"{}")])
    return made


def test_untouched_chains_have_no_faults(chained: Chained) -> None:
    assert chained.faults() == []


def test_a_walk_in_small_pages_sees_the_same(chained: Chained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "PAGE", 2)
    monkeypatch.setattr(chain.links, "__defaults__", (2,))
    assert chained.faults() == []
    chained.tamper("delete from audit where number in (4, 6)")
    assert named(chained.faults()) == {(4, 4, "missing"), (5, 5, "seal-unproven"), (6, 6, "missing")}


@pytest.mark.parametrize(
    ("tampering", "expected"),
    [
        ("update audit set event = mac at row 2", {(2, 2, "seal-broken")}),
        ("update audit set person_key = null at row 1", {(1, 1, "seal-broken")}),
        ("update audit set person_key = '' at row 3", {(3, 3, "row-malformed")}),
        ("update audit set recorded_at = recorded_at + 1 at row 3", {(3, 3, "seal-broken")}),
        ("update audit set kind = 'search' at row 4", {(4, 4, "seal-broken")}),
        (r"update audit set kind = '\x00\' at row 4", {(4, 4, "seal-broken")}),
        (
            "update audit set mac = event at row 2",
            {(2, 2, "seal-broken"), (3, 3, "seal-broken")},
        ),
        ("update audit set number = 9 at row 6", {(6, 8, "missing"), (9, 9, "seal-unproven")}),
        ("update audit set number = 0 at row 6", {(0, 0, "row-uncovered"), (6, 6, "missing")}),
        ("delete from audit at row 2", {(2, 2, "missing"), (3, 3, "seal-unproven")}),
        ("delete from audit at row 1", {(1, 1, "missing"), (2, 2, "seal-unproven")}),
        ("delete from audit at row 6", {(6, 6, "missing")}),
        ("delete from audit where writer = 'main' and number > 2", {(3, 6, "missing")}),
        (
            "insert into audit select writer, 7, recorded_at, person_key, kind, event, mac from audit where number = 6",
            {(7, 7, "seal-broken")},
        ),
        ("update audit set writer = 'forged' where writer = 'another'", {(1, 1, "seal-broken")}),
        (
            "update audit set writer = 'forged' at row 6",
            {(6, 6, "missing"), (1, 5, "missing"), (6, 6, "seal-unproven")},
        ),
        (
            "insert into audit_boundary select writer, 0, 2, mac, 0, 'purged', 1, mac from audit at row 2",
            {(0, 2, "boundary-broken")},
        ),
    ],
)
def test_tampering_is_named_with_its_row(
    chained: Chained, tampering: str, expected: set[tuple[int, int, str]]
) -> None:
    chained.tamper(tampering)
    assert named(chained.faults()) == expected


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    ("tampering", "expected"),
    [
        ("update audit set event = 'text' at row 2", {(2, 2, "row-malformed")}),
        ("update audit set person_key = cast(person_key as blob) at row 1", {(1, 1, "row-malformed")}),
        ("update audit set person_key = cast(x'ff' as text) at row 1", {(1, 1, "seal-broken")}),
        ("update audit set recorded_at = 'then' at row 3", {(3, 3, "row-malformed")}),
        ("update audit set recorded_at = recorded_at + 0.5 at row 3", {(3, 3, "row-malformed")}),
        ("update audit set kind = cast(x'ff' as text) at row 4", {(4, 4, "seal-broken")}),
        ("update audit set number = 'six' at row 6", {(0, 0, "row-uncovered"), (6, 6, "missing")}),
    ],
)
def test_what_sqlite_lets_a_column_hold_is_named_with_its_row(
    chained: Chained, tampering: str, expected: set[tuple[int, int, str]]
) -> None:
    chained.tamper(tampering)
    assert named(chained.faults()) == expected


def test_a_chain_that_is_gone_is_missed_by_its_checkpoints(chained: Chained) -> None:
    chained.tamper("delete from audit")
    walk = ChainWalk(KEYRING, "main", chained.written)
    assert named(chained.run(walk.page)) == {(1, 6, "missing")}


def test_without_checkpoints_an_end_that_was_cut_off_is_not_seen(chained: Chained) -> None:
    chained.tamper("delete from audit where number = 6")
    assert walked(chained.run) == []


def test_a_history_rewritten_under_the_key_differs_from_its_checkpoints(chained: Chained) -> None:
    chained.tamper("delete from audit where writer = 'main'")
    for number in range(7):
        chained.run(append, KEYRING, "main", [AuditRow(after(number), None, "read", b"{}")])
    assert named(chained.faults()) == {(3, 3, "checkpoint-differs"), (6, 6, "checkpoint-differs")}


def test_another_key_verifies_nothing(chained: Chained) -> None:
    assert len(walked(chained.run, keyring=Keyring(b"x" * 32))) == 7


class TestPurging:
    def test_what_is_old_goes_in_batches_and_the_rest_verifies(self, chained: Chained) -> None:
        assert chained.run(purge, KEYRING, "main", after(4), NOW, most=3) == 3
        assert chained.faults() == []
        assert chained.run(purge, KEYRING, "main", after(4), NOW, most=3) == 1
        assert chained.run(purge, KEYRING, "main", after(4), NOW, most=3) == 0
        assert chained.faults() == []
        assert [found.number for found in chained.run(lambda c: list(rows_about(c, [PERSON, OTHER])))] == [
            5,
            1,
        ]

    def test_a_chain_that_is_purged_whole_goes_on_where_it_was(self, chained: Chained) -> None:
        chained.run(purge, KEYRING, "main", NOW + timedelta(days=1), NOW)
        assert chained.run(head, "main")[0] == 6
        chained.grow(1)
        chained.mark()
        assert chained.faults() == []
        assert chained.run(head, "main")[0] == 7

    @pytest.mark.parametrize(
        ("tampering", "expected"),
        [
            (
                "delete from audit where writer = 'main' and number = 4",
                {(4, 4, "missing"), (5, 5, "seal-unproven")},
            ),
            ("delete from audit_boundary", {(1, 3, "missing"), (4, 4, "seal-unproven")}),
            (
                "update audit_boundary set number = 4",
                {(0, 4, "boundary-broken"), (1, 3, "missing"), (4, 4, "seal-unproven")},
            ),
            (
                "insert into audit select writer, 1, recorded_at, person_key, kind, event, mac from audit "
                "where writer = 'main' and number = 4",
                {(1, 1, "row-uncovered")},
            ),
        ],
    )
    def test_what_is_done_at_the_boundary_shows(
        self, chained: Chained, tampering: str, expected: set[tuple[int, int, str]]
    ) -> None:
        chained.run(purge, KEYRING, "main", after(3), NOW)
        chained.tamper(tampering)
        assert named(chained.faults()) == expected

    def test_a_broken_row_is_not_purged_away(self, chained: Chained) -> None:
        chained.tamper("update audit set kind = 'other' where writer = 'main' and number = 2")
        with pytest.raises(ChainBroken):
            chained.run(purge, KEYRING, "main", after(4), NOW)
        assert (2, 2, "seal-broken") in named(chained.faults())

    def test_a_purge_while_a_walk_is_under_way_breaks_nothing(
        self, chained: Chained, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chain, "PAGE", 2)
        monkeypatch.setattr(chain.links, "__defaults__", (2,))
        walk = ChainWalk(KEYRING, "main", chained.written)
        faults = [*chained.run(walk.page)]
        chained.run(purge, KEYRING, "main", after(5), NOW)
        while not walk.is_done:
            faults += chained.run(walk.page)
        assert faults == []


class TestLoss:
    """A backup of four rows was restored where six had been."""

    @pytest.fixture
    def restored(self, chained: Chained) -> Chained:
        chained.tamper("delete from audit where writer = 'main' and number > 4")
        return chained

    def test_a_lost_range_that_was_acknowledged_is_told_and_is_no_fault(self, restored: Chained) -> None:
        assert named(restored.faults()) == {(5, 6, "missing")}
        last = restored.written[-1]
        restored.run(put, KEYRING, Boundary("main", 4, 6, last.head, NOW, LOST, 1))
        restored.grow(2)
        restored.mark()
        walk = ChainWalk(KEYRING, "main", restored.written)
        assert restored.run(walk.page) == ()
        assert [(gap.after, gap.number) for gap in walk.lost] == [(4, 6)]
        assert restored.run(head, "main")[0] == 8

    def test_a_row_within_it_is_named(self, restored: Chained) -> None:
        last = restored.written[-1]
        restored.run(put, KEYRING, Boundary("main", 4, 6, last.head, NOW, LOST, 1))
        restored.tamper(
            "insert into audit select writer, 5, recorded_at, person_key, kind, event, mac from audit where number = 2"
        )
        assert named(restored.faults()) == {(5, 5, "row-uncovered")}

    def test_a_purge_passes_over_it(self, restored: Chained) -> None:
        last = restored.written[-1]
        restored.run(put, KEYRING, Boundary("main", 4, 6, last.head, NOW, LOST, 1))
        restored.grow(2)
        assert restored.run(purge, KEYRING, "main", NOW + timedelta(days=1), NOW, most=4) == 4
        assert restored.faults() == []
        assert restored.run(purge, KEYRING, "main", NOW + timedelta(days=1), NOW, most=4) == 2
        assert restored.faults() == []
        assert restored.run(head, "main")[0] == 8


class TestCheckpointFile:
    def test_only_its_owner_reads_it(self, chained: Chained) -> None:
        assert chained.file.path.stat().st_mode & 0o777 == 0o600

    def test_it_gives_back_what_was_written(self, chained: Chained) -> None:
        assert list(chained.file.read()) == chained.written
        assert chained.file.last() == chained.written[-1]
        assert [found.number for found in chained.written] == [3, 6]

    def test_a_line_that_a_loss_of_power_tore_is_dropped(self, chained: Chained) -> None:
        with chained.file.path.open("ab") as file:
            file.write(b'{"writer": "ma')
        assert chained.file.last() == chained.written[-1]
        assert list(chained.file.read()) == chained.written
        chained.grow(1)
        chained.mark()
        assert list(chained.file.read()) == chained.written

    def test_a_line_that_is_written_in_part_is_refused_and_dropped(self, chained: Chained) -> None:
        chained.grow(1)
        size = chained.file.path.stat().st_size
        with no_file_beyond(size + 20), pytest.raises(OSError, match="File too large"):
            chained.file.append(7, b"head", after(9))
        chained.mark()
        assert list(chained.file.read()) == chained.written

    @pytest.mark.parametrize("line", [0, 1])
    def test_every_byte_of_it_counts(self, chained: Chained, line: int) -> None:
        whole = chained.file.path.read_bytes()
        lines = whole.splitlines(keepends=True)
        start = sum(map(len, lines[:line]))
        for place in range(start, start + len(lines[line]) - 1):
            changed = bytearray(whole)
            changed[place] ^= 1
            chained.file.path.write_bytes(bytes(changed))
            assert line + 1 in list(chained.file.read()), place

    def test_a_line_that_was_taken_out_shows(self, chained: Chained) -> None:
        _, second = chained.file.path.read_bytes().splitlines(keepends=True)
        chained.file.path.write_bytes(second)
        with pytest.raises(CheckpointAltered):
            chained.file.last()

    def test_another_keys_file_is_not_sound(self, chained: Chained) -> None:
        with pytest.raises(CheckpointAltered):
            CheckpointFile(chained.file.path, Keyring(b"x" * 32), "main").last()
