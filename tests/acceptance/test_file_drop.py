"""A file drop of a served installation: killed again and again in the middle of a file, each row is taken once and the file is done."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from functools import partial
from itertools import cycle, islice
from typing import Final

import pytest

from adapter.demo.installation import Installation
from tests.acceptance.demonstration import eventually
from tests.acceptance.dropping import drop_folder, install_drop, serving

pytestmark = pytest.mark.acceptance

ROWS: Final = 400
KILLS: Final = 3
PERSONS: Final = ("191212121212", "199002222397", "200302022389")
HEADER: Final = "Inskrivnings-ID;Personnr;Händelse;Datum;Inskriven;Mottagning HSA-ID;Mottagning"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with a file drop."""
    channel = (
        "  alingsas-filer: {party: kommun, unit: ifo-utforare, connector: file_drop, mapping: kommun_csv}\n"
    )
    return install_drop(tmp_path_factory.mktemp("drop"), channel)


def taken(installation: Installation) -> list[str]:
    """The control id of every row that is in the log, in order of receipt."""
    database = installation.data_dir / "sambro.db"
    if not database.exists():
        return []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        try:
            rows = connection.execute(
                "SELECT control_id FROM message WHERE channel = 'alingsas-filer' ORDER BY sequence"
            ).fetchall()
        except sqlite3.OperationalError:
            return []
    return [control_id for (control_id,) in rows]


def has_taken(installation: Installation, least: int) -> bool:
    return len(taken(installation)) >= least


def test_a_sound_drop_has_no_faults_and_a_missing_folder_is_one(installation: Installation) -> None:
    assert "no faults" in installation.run("check")
    drop_folder(installation).rename(drop_folder(installation).with_name("elsewhere"))
    with pytest.raises(subprocess.CalledProcessError) as caught:
        installation.run("check")
    drop_folder(installation).with_name("elsewhere").rename(drop_folder(installation))
    assert "folder: no such folder" in caught.value.stdout


def test_kills_in_the_middle_of_a_file_neither_lose_nor_double_a_row(installation: Installation) -> None:
    rows = [
        f"INS-{number};{person};Inskriven;2026-11-16;;;"
        for number, person in enumerate(islice(cycle(PERSONS), ROWS))
    ]
    name = f"export {PERSONS[0]}.csv"
    (drop_folder(installation) / name).write_bytes("\r\n".join([HEADER, *rows, ""]).encode("iso-8859-1"))
    (drop_folder(installation) / f"{name}.ok").touch()
    for kill in range(1, KILLS + 1):
        with serving(installation) as process:
            eventually(
                "the rows do not come in", partial(has_taken, installation, kill * ROWS // (KILLS + 2))
            )
            process.kill()
            process.wait(30)
    assert not list((drop_folder(installation) / "done").iterdir())
    with serving(installation):
        eventually("the file is not done", lambda: list((drop_folder(installation) / "done").iterdir()))
    found = taken(installation)
    assert len(found) == len(set(found)) == ROWS
    [receipt] = (drop_folder(installation) / "done").iterdir()
    report = json.loads(receipt.read_bytes())["rows"]
    assert set(report) == {"repeated", "in-force"}
    assert sum(report.values()) == ROWS
    assert not list((drop_folder(installation) / "work").glob("*.csv"))
    assert [path.name for path in drop_folder(installation).iterdir() if path.is_file()] == []
    log = (installation.logs / "adapter.log").read_text(encoding="utf-8")
    assert "file-read" in log
    assert not any(person in log for person in PERSONS)
