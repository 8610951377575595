"""The spool: what it took comes into the chain in order and once, whenever the process ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.store.audit import AuditRow, rows_about
from adapter.store.spool import Spool, SpoolRefuses, bring_in
from tests.store.conftest import Run
from tests.store.full_disk import no_file_beyond
from tests.store.samples import KEYRING, PERSON, after


def row(number: int) -> AuditRow:
    return AuditRow(after(number), PERSON, "unaudited", b'{"number":%d}' % number)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "beside" / "spool.jsonl"


def spooled(file: Path, *numbers: int) -> Spool:
    spool = Spool(file, KEYRING)
    for number in numbers:
        spool.append(row(number))
    return spool


def brought_in(run: Run, spool: Spool) -> int:
    """Bring in everything and say how many rows that was; the file is not discarded."""
    taken, total = spool.take(), 0
    while taken and (count := run(bring_in, KEYRING, "main", taken)):
        total += count
    return total


def events(run: Run) -> list[bytes]:
    return [found.row.event for found in run(lambda connection: list(rows_about(connection, [PERSON])))]


def discard(spool: Spool) -> None:
    taken = spool.take()
    assert taken is not None
    spool.discard(taken)


def test_what_was_spooled_comes_in_with_its_own_instant(run: Run, file: Path) -> None:
    spool = spooled(file, 3, 4, 5)
    assert file.stat().st_mode & 0o777 == 0o600
    assert brought_in(run, spool) == 3
    found = run(lambda connection: list(rows_about(connection, [PERSON])))
    assert [entry.row for entry in found] == [row(3), row(4), row(5)]
    discard(spool)
    assert spool.take() is None
    assert list(file.parent.iterdir()) == []


def test_only_the_first_row_of_a_file_says_so(file: Path) -> None:
    spool = Spool(file, KEYRING)
    assert [spool.append(row(number)) for number in range(3)] == [True, False, False]
    spool.take()
    assert spool.append(row(3)) is True


def test_a_kill_between_the_import_and_the_removal_imports_nothing_twice(run: Run, file: Path) -> None:
    assert brought_in(run, spooled(file, 1, 2)) == 2
    after_the_kill = Spool(file, KEYRING)
    assert brought_in(run, after_the_kill) == 0
    discard(after_the_kill)
    assert brought_in(run, spooled(file, 3)) == 1
    assert events(run) == [row(number).event for number in (1, 2, 3)]


def test_a_kill_between_two_batches_goes_on_with_the_second(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapter.store.spool._BATCH", 2)
    taken = spooled(file, *range(5)).take()
    assert taken is not None
    assert run(bring_in, KEYRING, "main", taken) == 2
    assert brought_in(run, Spool(file, KEYRING)) == 3
    assert events(run) == [row(number).event for number in range(5)]


def test_what_is_spooled_during_an_import_waits_for_the_next(run: Run, file: Path) -> None:
    spool = spooled(file, 1)
    taken = spool.take()
    spool.append(row(2))
    assert taken is not None
    run(bring_in, KEYRING, "main", taken)
    spool.discard(taken)
    assert brought_in(run, spool) == 1
    assert events(run) == [row(1).event, row(2).event]


@pytest.mark.parametrize("torn", [b'{"at": 17', b""])
def test_a_process_goes_on_with_the_spool_of_one_that_was_killed(run: Run, file: Path, torn: bytes) -> None:
    spooled(file, 1)
    with file.open("ab") as written:
        written.write(torn)
    assert brought_in(run, spooled(file, 2)) == 2


@pytest.mark.parametrize("begun", [b"", b'{"spool": "1'])
def test_a_file_that_was_only_just_begun_is_begun_anew(run: Run, file: Path, begun: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(begun)
    assert brought_in(run, spooled(file, 1)) == 1


def test_what_follows_an_altered_line_is_kept_aside_and_not_believed(run: Run, file: Path) -> None:
    spool = spooled(file, 1, 2, 3)
    content = file.read_bytes()
    file.write_bytes(content.replace(b'"number":2', b'"number":7'))
    assert brought_in(run, spool) == 1
    discard(spool)
    [kept] = file.parent.iterdir()
    assert kept.name.startswith("spool.jsonl.altered-")
    assert events(run) == [row(1).event]


def test_a_process_adds_nothing_to_an_altered_spool(file: Path) -> None:
    spooled(file, 1, 2)
    file.write_bytes(file.read_bytes().replace(b'"number":2', b'"number":7'))
    with pytest.raises(SpoolRefuses, match="altered"):
        spooled(file, 3)


def test_it_is_bounded(file: Path) -> None:
    spool = Spool(file, KEYRING, most_bytes=1000)
    while file.stat().st_size < 1000 if file.exists() else True:
        spool.append(row(1))
    with pytest.raises(SpoolRefuses, match="full"):
        spool.append(row(2))


def test_a_row_that_is_written_in_part_is_refused_and_the_next_ones_are_sound(run: Run, file: Path) -> None:
    spool = spooled(file, 1)
    with no_file_beyond(file.stat().st_size + 20), pytest.raises(OSError, match="File too large"):
        spool.append(row(2))
    assert spool.append(row(3)) is False
    taken = spool.take()
    assert taken is not None
    assert (taken.is_whole, [found.event for found in taken.rows]) == (True, [row(1).event, row(3).event])


def altered_head(file: Path, number: int) -> Spool:
    """A spool whose own id cannot be read."""
    spool = spooled(file, number)
    file.write_bytes(b'{"spool": "none"}\n' + file.read_bytes().split(b"\n", 1)[1])
    return spool


def test_spools_without_an_id_come_in_with_nothing_and_each_is_kept(run: Run, file: Path) -> None:
    for number in (1, 2):
        spool = altered_head(file, number)
        assert brought_in(run, spool) == 0
        discard(spool)
    kept = [aside.read_bytes() for aside in file.parent.iterdir()]
    assert sorted(b'"number":1' in content for content in kept) == [False, True]
    assert events(run) == []
