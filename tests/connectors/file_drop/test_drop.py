"""A channel's folder: what is picked up and when, what becomes of each row, and that nothing is lost or doubled by a kill."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapter.domain.errors import ConfigurationError, Unreachable
from adapter.domain.records import RecordType
from adapter.exchange.ports import Act
from adapter.mapping.flat_csv import Limits
from tests.connectors.file_drop.drops import (
    PERSONS,
    Clock,
    Taken,
    drop_at,
    example,
    export,
    folder_at,
    lying,
    row,
)

NAME = f"export {PERSONS[0]}.csv"


def report(path: Path) -> Any:
    [found] = [*path.glob("failed/*.errors.json"), *path.glob("done/*.json")]
    return json.loads(found.read_bytes())


async def test_every_row_is_a_message_of_its_own_and_the_file_is_done(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(export(*(row(at, person) for at, person in enumerate(PERSONS))))
    taken = Taken()
    await drop_at(folder_at(tmp_path), taken).look()
    assert taken.records == ["INS-0", "INS-1", "INS-2"]
    assert [arrival.person.value for _, arrival in taken.rows.values()] == list(PERSONS)
    assert {arrival.act for _, arrival in taken.rows.values()} == {Act.ENROLMENT}
    assert report(tmp_path)["rows"] == {"accepted": 3}
    [receipt] = lying(tmp_path)
    assert receipt.startswith("done/")
    assert all(PERSONS[0] not in name for name in [*lying(tmp_path), *taken.rows])


async def test_while_its_channel_is_paused_files_lie_where_they_are(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(export(row(0, PERSONS[0])))
    taken, paused = Taken(), [True, True, False]

    async def is_paused() -> bool:
        return paused.pop(0)

    drop = drop_at(folder_at(tmp_path), taken, is_paused=is_paused)
    for _ in range(2):
        await drop.look()
        assert (lying(tmp_path), taken.records) == ([NAME], [])
    await drop.look()
    assert taken.records == ["INS-0"]


async def test_a_database_that_does_not_say_whether_it_is_paused_leaves_files_too(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(export(row(0, PERSONS[0])))

    async def is_paused() -> bool:
        raise Unreachable("database-locked")

    with capture_logs() as logs:
        await drop_at(folder_at(tmp_path), Taken(), is_paused=is_paused).look()
    assert lying(tmp_path) == [NAME]
    assert [line["code"] for line in logs] == ["database-locked"]


async def test_files_of_several_kinds_are_told_apart(tmp_path: Path) -> None:
    for name in ("audit.csv", "enrolment.closed.csv"):
        (tmp_path / name).write_bytes(example(name))
    taken = Taken()
    await drop_at(folder_at(tmp_path), taken).look()
    found = {arrival.record_key: arrival for _, arrival in taken.rows.values()}
    assert found["SCR-2026-0099"].record_types == {RecordType.AUDIT}
    assert found["INS-2026-0008"].ends_enrolment


async def test_a_refused_row_stays_to_be_corrected_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(export(row(1), row(2, "191212121213"), row(3), row(4)))
    taken = Taken()
    taken.refused = {"INS-3"}
    await drop_at(folder_at(tmp_path), taken).look()
    assert taken.records == ["INS-1", "INS-4"]
    assert report(tmp_path)["issues"] == [
        {"row": 3, "path": "Personnr", "code": "identity-check-digit"},
        {"row": 4, "path": "Datum", "code": "not-now"},
    ]
    assert taken.refusals == [("identity-check-digit", []), ("not-now", [PERSONS[0]])]
    [left] = (tmp_path / "failed").glob("*.csv")
    assert left.read_bytes() == export(row(2, "191212121213"), row(3)).decode("iso-8859-1").encode()
    assert not lying(tmp_path / "done")
    assert not lying(tmp_path / "work")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"\x00", "charset-unknown"),
        (b"a;b\n1;2\n", "kind-unknown"),
        (f"{PERSONS[0]};AUDIT\n".encode(), "column-name-malformed"),
        (export(row(1)).replace(b"Datum", b"Dag"), "column-missing"),
        (export(row(1), *(["x" * 100] * 20)), "too-large"),
    ],
)
async def test_a_file_that_cannot_be_read_fails_whole_and_the_next_is_read(
    tmp_path: Path, body: bytes, code: str
) -> None:
    (tmp_path / "a.csv").write_bytes(body)
    (tmp_path / "b.csv").write_bytes(export(row(7)))
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv.ok").touch()
    taken = Taken()
    with capture_logs() as logs:
        await drop_at(folder_at(tmp_path, marker=".ok"), taken, limits=Limits(bytes=1000)).look()
    assert taken.records == ["INS-7"]
    [left] = (tmp_path / "failed").glob("*.csv")
    assert left.read_bytes() == body
    [error] = (tmp_path / "failed").glob("*.errors.json")
    assert [issue["code"] for issue in json.loads(error.read_bytes())["issues"]] == [code]
    assert taken.refusals == [(code, [])]
    assert [line["codes"] for line in logs if line["event"] == "file-read"].count([code]) == 1


@pytest.mark.parametrize("broken", ["5;6", '"open', "1;2;3;4;5;6;7;8"])
async def test_a_file_with_a_row_that_cannot_be_told_apart_stays_whole(tmp_path: Path, broken: str) -> None:
    body = export(row(1), broken)
    (tmp_path / NAME).write_bytes(body)
    taken = Taken()
    await drop_at(folder_at(tmp_path), taken).look()
    assert taken.records == ["INS-1"]
    [left] = (tmp_path / "failed").glob("*.csv")
    assert left.read_bytes() == body
    assert [issue["row"] for issue in report(tmp_path)["issues"]] == [3]


async def test_logs_and_reports_hold_no_value(tmp_path: Path) -> None:
    secret = "INS-hemlig"
    (tmp_path / NAME).write_bytes(export(row(1).replace("INS-1", secret), row(2).replace("2026", secret)))
    taken = Taken()
    taken.refused = {secret}
    with capture_logs() as logs:
        await drop_at(folder_at(tmp_path), taken).look()
    said = json.dumps([logs, report(tmp_path)])
    assert logs
    assert secret not in said
    assert PERSONS[0] not in said


async def test_the_same_file_again_is_taken_as_repeated(tmp_path: Path) -> None:
    taken, folder = Taken(), folder_at(tmp_path)
    for _ in range(2):
        (tmp_path / NAME).write_bytes(export(row(1), row(2)))
        await drop_at(folder, taken).look()
    assert taken.records == ["INS-1", "INS-2"]
    assert report(tmp_path)["rows"] == {"repeated": 2}


async def test_another_content_under_the_same_name_is_another_file(tmp_path: Path) -> None:
    taken, folder = Taken(), folder_at(tmp_path)
    for number in (1, 2):
        (tmp_path / NAME).write_bytes(export(row(number)))
        await drop_at(folder, taken).look()
    assert taken.records == ["INS-1", "INS-2"]
    assert len(lying(tmp_path / "done")) == 2


async def test_a_file_waits_until_it_has_settled(tmp_path: Path) -> None:
    clock, taken = Clock(), Taken()
    drop = drop_at(folder_at(tmp_path, settle_seconds=10, clock=clock), taken)
    (tmp_path / NAME).write_bytes(export(row(1)))
    await drop.look()
    clock.now = 9
    with (tmp_path / NAME).open("ab") as file:
        file.write(f"{row(2)}\r\n".encode())
    await drop.look()
    clock.now = 18
    await drop.look()
    assert taken.records == []
    clock.now = 19
    await drop.look()
    assert taken.records == ["INS-1", "INS-2"]


@pytest.mark.parametrize("body", [b"", export(row(1))[:-9], export(row(1))[:-2]])
async def test_without_a_marker_a_file_that_ends_within_a_line_waits_and_is_told_of_once(
    tmp_path: Path, body: bytes
) -> None:
    (tmp_path / NAME).write_bytes(body)
    taken = Taken()
    drop = drop_at(folder_at(tmp_path), taken)
    with capture_logs() as logs:
        for _ in range(3):
            await drop.look()
    assert ([line["code"] for line in logs], taken.records) == (["last-line-broken-off"], [])
    (tmp_path / NAME).write_bytes(export(row(1)))
    await drop.look()
    assert taken.records == ["INS-1"]


async def test_with_a_marker_a_file_waits_for_it_and_both_go(tmp_path: Path) -> None:
    taken, folder = Taken(), folder_at(tmp_path, marker=".ok")
    (tmp_path / NAME).write_bytes(export(row(1)))
    await drop_at(folder, taken).look()
    assert taken.records == []
    (tmp_path / f"{NAME}.ok").touch()
    await drop_at(folder, taken).look()
    assert taken.records == ["INS-1"]
    assert len(lying(tmp_path)) == 1


@pytest.mark.parametrize("name", [".export.csv", "export.csv.part", "export.txt"])
async def test_other_names_are_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(export(row(1)))
    taken = Taken()
    await drop_at(folder_at(tmp_path), taken).look()
    assert taken.records == []
    assert lying(tmp_path) == [name]


async def test_links_and_folders_are_no_files(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(export(row(1)))
    drop = tmp_path / "drop"
    (drop / "folder.csv").mkdir(parents=True)
    (drop / "link.csv").symlink_to(outside)
    taken = Taken()
    await drop_at(folder_at(drop), taken).look()
    assert taken.records == []
    assert outside.exists()


async def test_a_file_stays_picked_up_while_nothing_can_be_stored(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(export(row(1)))
    taken, folder = Taken(), folder_at(tmp_path)
    drop = drop_at(folder, taken)
    taken.is_down = True
    with capture_logs() as logs:
        await drop.look()
    assert [(line["event"], line["code"]) for line in logs] == [("drop-fault", "database-locked")]
    assert [name.split("/")[0] for name in lying(tmp_path)] == ["work"]
    taken.is_down = False
    await drop.look()
    assert taken.records == ["INS-1"]


async def test_a_file_that_cannot_be_ended_is_taken_and_refused_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / NAME).write_bytes(export(row(1), row(2, "191212121213"), row(3)))
    taken = Taken()
    drop = drop_at(folder_at(tmp_path), taken)

    def fail(*_: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        for _ in range(3):
            await drop.look()
    await drop.look()
    assert taken.refusals == [("identity-check-digit", [])]
    assert report(tmp_path)["rows"] == {"accepted": 2, "refused": 1}
    assert not lying(tmp_path / "work")


async def test_rows_before_one_that_fails_are_not_taken_again(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(export(row(1), row(2, "191212121213"), row(3)))

    class Stuck(Taken):
        async def __call__(self, body: bytes, arrival: Any) -> str:
            if arrival.record_key == "INS-3" and self.is_stuck:
                raise RuntimeError
            return await super().__call__(body, arrival)

        is_stuck = True

    taken = Stuck()
    drop = drop_at(folder_at(tmp_path), taken)
    for _ in range(2):
        await drop.look()
    taken.is_stuck = False
    await drop.look()
    assert taken.refusals == [("identity-check-digit", [])]
    assert report(tmp_path)["rows"] == {"accepted": 2, "refused": 1}


async def test_another_file_of_the_name_of_one_that_could_not_be_ended_is_read(tmp_path: Path) -> None:
    taken = Taken()
    drop = drop_at(folder_at(tmp_path), taken)
    (tmp_path / NAME).write_bytes(export(row(1)))
    taken.is_down = True
    await drop.look()
    [work] = (tmp_path / "work").glob("*.csv")
    work.write_bytes(export(row(2)))
    taken.is_down = False
    await drop.look()
    assert taken.records == ["INS-2"]


async def test_a_file_that_is_written_to_while_it_is_read_fails_whole(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(export(row(1)))

    class Writing(Taken):
        async def __call__(self, body: bytes, arrival: Any) -> str:
            [work] = (tmp_path / "work").glob("*.csv")
            with work.open("ab") as file:
                file.write(b"x")
            return await super().__call__(body, arrival)

    await drop_at(folder_at(tmp_path), Writing()).look()
    assert report(tmp_path)["issues"] == [{"path": "", "code": "changed-while-read"}]


async def test_refused_rows_are_removed_after_their_time_and_their_report_stays(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"a\n1\n")
    await drop_at(folder_at(tmp_path), Taken()).look()
    (tmp_path / "failed" / "half.part").write_bytes(export(row(1)))
    await drop_at(folder_at(tmp_path), Taken(), keep=-60.0).look()
    assert [Path(name).suffixes for name in lying(tmp_path)] == [[".errors", ".json"]]


async def test_a_corrected_file_takes_its_failure_away(tmp_path: Path) -> None:
    taken, folder = Taken(), folder_at(tmp_path)
    taken.refused = {"INS-1"}
    for _ in range(2):
        (tmp_path / NAME).write_bytes(export(row(1)))
        await drop_at(folder, taken).look()
        taken.refused = set()
    assert not lying(tmp_path / "failed")
    assert len(lying(tmp_path / "done")) == 1


async def test_of_two_processes_one_works_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(export(row(1)))
    taken, other = Taken(), folder_at(tmp_path)
    other.prepare()
    with other.held() as is_ours:
        assert is_ours
        await drop_at(folder_at(tmp_path), taken).look()
    assert taken.records == []
    await drop_at(folder_at(tmp_path), taken).look()
    assert taken.records == ["INS-1"]


async def test_a_folder_that_is_gone_is_looked_for_again(tmp_path: Path) -> None:
    path, taken = tmp_path / "mount", Taken()
    drop = drop_at(folder_at(path), taken)
    with capture_logs() as logs:
        await drop.look()
    assert [line["fault"] for line in logs] == ["FileNotFoundError"]
    path.mkdir()
    (path / NAME).write_bytes(export(row(1)))
    await drop.look()
    assert taken.records == ["INS-1"]


async def test_it_stops_between_rows_and_goes_on_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(export(*(row(number) for number in range(50))))
    folder, taken = folder_at(tmp_path), Taken()
    stopping: list[Any] = []

    class Stopped(Taken):
        async def __call__(self, body: bytes, arrival: Any) -> str:
            if len(taken.rows) == 5:
                stopping[0]._stopping.set()
            return await taken(body, arrival)

    drop = drop_at(folder, Stopped())
    stopping.append(drop)
    await drop.start()
    await drop._task  # type: ignore[misc]  # it ends by itself: it was told to stop
    assert len(taken.rows) == 6
    again = drop_at(folder, taken)
    await again.look()
    assert taken.records == [f"INS-{number}" for number in range(50)]
    assert report(tmp_path)["rows"] == {"repeated": 6, "accepted": 44}


class Killed(BaseException):
    """Stands for ``kill -9``: nothing catches it."""


def killing(monkeypatch: pytest.MonkeyPatch, at: int, *, after: bool) -> Callable[[], int]:
    """Kill before or after the ``at``-th step that changes the folder; gives how many steps there were."""
    steps = 0

    def step(real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == at and not after:
                raise Killed
            done = real(*arguments, **options)
            if steps == at:
                raise Killed
            return done

        return wrapped

    monkeypatch.setattr(os, "rename", step(os.rename))
    monkeypatch.setattr(os, "replace", step(os.replace))
    monkeypatch.setattr(Path, "unlink", step(Path.unlink))
    monkeypatch.setattr(os, "fsync", step(os.fsync))
    return lambda: steps


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 14))
@pytest.mark.parametrize(("marker", "refused"), [(None, set()), (".ok", set()), (".ok", {"INS-2"})])
async def test_a_kill_at_any_step_neither_loses_nor_doubles(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    after: bool,
    marker: str | None,
    refused: set[str],
) -> None:
    taken = Taken()
    taken.refused = refused
    (tmp_path / NAME).write_bytes(export(row(1), row(2), row(3)))
    if marker:
        (tmp_path / f"{NAME}{marker}").touch()
    with monkeypatch.context() as patch:
        count = killing(patch, at, after=after)
        try:
            await drop_at(folder_at(tmp_path, marker=marker), taken).look()
            assert count() < at
        except Killed:
            assert count() == at
    await drop_at(folder_at(tmp_path, marker=marker), taken).look()
    assert taken.records == [name for name in ("INS-1", "INS-2", "INS-3") if name not in refused]
    assert not lying(tmp_path / "work")
    assert sorted({name.split("/")[0] for name in lying(tmp_path)}) == (["failed"] if refused else ["done"])


async def test_a_marker_that_a_kill_left_does_not_make_the_next_file_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = Taken()
    (tmp_path / NAME).write_bytes(export(row(1)))
    (tmp_path / f"{NAME}.ok").touch()
    with monkeypatch.context() as patch:
        killing(patch, 2, after=True)
        drop = drop_at(folder_at(tmp_path, marker=".ok"), taken)
        with pytest.raises(Killed):
            await drop.look()
    (tmp_path / NAME).write_bytes(export(row(2))[:-9])
    for _ in range(3):
        await drop_at(folder_at(tmp_path, marker=".ok"), taken).look()
    assert taken.records == ["INS-1"]
    assert (tmp_path / NAME).exists()


def test_what_keeps_files_from_being_picked_up_is_told(tmp_path: Path) -> None:
    folder_at(tmp_path).check("kommun-filer")
    assert lying(tmp_path) == []
    (tmp_path / "file").touch()
    for path, what in ((tmp_path / "file", "is no folder"), (Path("/proc"), "cannot be written to")):
        with pytest.raises(ConfigurationError) as caught:
            folder_at(path).check("kommun-filer")
        assert f"kommun-filer {what}" in str(caught.value)
