"""Documents in a folder that hold several records: each is a message, a fault in one harms no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from adapter.domain.instants import utc_now
from adapter.exchange.own_form import DocumentReader
from adapter.exchange.ports import Arrival
from adapter.mapping.catalog import load_catalog
from adapter.mapping.flat_csv import Limits
from connectors.file_drop.drop import FileDrop, Pace
from connectors.file_drop.folder import DropFolder
from connectors.file_drop.reader import RowReader
from tests.connectors.file_drop.drops import PERSONS, Clock, Taken, digest, lying, never

MAPPING: Final = """
mapping: utskrivna-{form}
version: "1"
source: {form}
target: push
event: [person]
record_types: [person]
envelope:
  each: export.ärende
  person: "{{export.ärende.pnr}}"
  record: "{{export.ärende.nr}}"
  unit: "{{export.enhet}}"
body: {{x: "{{export.ärende.nr}}"}}
"""
CATALOG: Final = load_catalog(
    {f"systems/{form}/m.yaml": MAPPING.format(form=form) for form in ("json", "xml")}
)


def record(number: int, person: str = PERSONS[0], **more: Any) -> dict[str, Any]:
    return {"nr": f"N-{number}", "pnr": person} | more


def export(*records: dict[str, Any]) -> bytes:
    tree = {"export": {"enhet": "SE2120001553-1001", "ärende": list(records)}}
    return json.dumps(tree, ensure_ascii=False).encode()


def drop_at(path: Path, taken: Taken, form: str = "json", limits: Limits | None = None) -> FileDrop:
    return FileDrop(
        "kommun-filer",
        DropFolder(path, digest, 0.0, None, Clock(), endings=frozenset({f".{form}"})),
        RowReader(CATALOG, form, utc_now, limits or Limits()),
        taken,
        taken.refuse,
        Pace(poll=0.01, retry=0.0),
        DocumentReader(CATALOG, form, utc_now, digest, 1_000_000),
        is_paused=never,
    )


def failed(path: Path) -> Any:
    [report] = (path / "failed").glob("*.errors.json")
    return json.loads(report.read_bytes())


async def test_each_record_is_a_message_with_an_id_of_its_own(tmp_path: Path) -> None:
    taken = Taken()
    (tmp_path / "a.json").write_bytes(export(record(1), record(2, PERSONS[1]), record(3)))
    await drop_at(tmp_path, taken).look()
    assert taken.records == ["N-1", "N-2", "N-3"]
    assert len(taken.rows) == 3
    bodies = [json.loads(body) for body, _ in taken.rows.values()]
    assert [body["export"]["ärende"] for body in bodies] == [
        [record(1)],
        [record(2, PERSONS[1])],
        [record(3)],
    ]
    assert {arrival.unit.value for _, arrival in taken.rows.values() if arrival.unit} == {"SE2120001553-1001"}
    [done] = (tmp_path / "done").iterdir()
    assert json.loads(done.read_bytes())["rows"] == {"accepted": 3}


async def test_each_record_of_xml_is_a_message(tmp_path: Path) -> None:
    taken = Taken()
    rows = "".join(f"<ärende><nr>N-{n}</nr><pnr>{PERSONS[0]}</pnr></ärende>" for n in (1, 2))
    (tmp_path / "a.xml").write_bytes(f"<export>{rows}</export>".encode())
    await drop_at(tmp_path, taken, "xml").look()
    assert taken.records == ["N-1", "N-2"]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"nr": "N-2", "pnr": "191212121213"}, "identity-check-digit"),
        ({"nr": "N-2"}, "required"),
        ({"nr": "N-2", "pnr": PERSONS[0], "text": "a\u0001"}, "control-character"),
        ({"nr": "N-2", "pnr": PERSONS[0], "191212121212": "x"}, "field-name-malformed"),
        ("text", "required"),
    ],
)
async def test_a_fault_in_one_harms_no_other(tmp_path: Path, broken: Any, code: str) -> None:
    taken = Taken()
    (tmp_path / "a.json").write_bytes(export(record(1), broken, record(3)))
    await drop_at(tmp_path, taken).look()
    assert taken.records == ["N-1", "N-3"]
    report = failed(tmp_path)
    assert report["rows"] == {"accepted": 2, "refused": 1}
    assert (report["issues"][0]["record"], report["issues"][0]["code"]) == (2, code)


async def test_what_is_refused_stays_alone_to_be_corrected_and_handed_in_again(tmp_path: Path) -> None:
    taken, path = Taken(), tmp_path / "a.json"
    path.write_bytes(export(record(1), {"nr": "N-2"}, record(3), {"nr": "N-4"}))
    drop = drop_at(tmp_path, taken)
    await drop.look()
    [left] = [found for found in (tmp_path / "failed").iterdir() if ".errors" not in found.name]
    tree = json.loads(left.read_bytes())
    assert tree["export"] == {"enhet": "SE2120001553-1001", "ärende": [{"nr": "N-2"}, {"nr": "N-4"}]}
    for one in tree["export"]["ärende"]:
        one["pnr"] = PERSONS[0]
    (tmp_path / "b.json").write_text(json.dumps(tree))
    await drop.look()
    assert taken.records == ["N-1", "N-3", "N-2", "N-4"]


async def test_the_same_file_again_is_taken_as_repeated(tmp_path: Path) -> None:
    taken = Taken()
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(export(record(1), record(2)))
        await drop_at(tmp_path, taken).look()
    assert taken.records == ["N-1", "N-2"]
    assert [json.loads(done.read_bytes())["rows"] for done in (tmp_path / "done").iterdir()].count(
        {"repeated": 2}
    ) == 1


class DownOnce(Taken):
    """Cannot store the record ``N-2`` the first time; ``asked`` are all that it was to take."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str | None] = []

    async def __call__(self, body: bytes, arrival: Arrival) -> str:
        self.asked.append(arrival.record_key)
        self.is_down = self.asked.count("N-2") == 1 and arrival.record_key == "N-2"
        return await super().__call__(body, arrival)


async def test_records_before_one_that_cannot_be_stored_are_not_taken_again(tmp_path: Path) -> None:
    taken = DownOnce()
    (tmp_path / "a.json").write_bytes(export({"nr": "N-0"}, record(1), record(2), record(3)))
    drop = drop_at(tmp_path, taken)
    for _ in range(2):
        await drop.look()
    assert taken.asked == ["N-1", "N-2", "N-2", "N-3"]
    assert len(taken.refusals) == 1
    assert failed(tmp_path)["rows"] == {"refused": 1, "accepted": 3}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"export": {}}', "records-missing"),
        (export(), "records-missing"),
        (b'{"export": [', "not-json"),
        (export(record(1), record(2), record(3)), "too-many-records"),
    ],
)
async def test_a_file_whose_records_cannot_be_told_apart_fails_whole(
    tmp_path: Path, body: bytes, code: str
) -> None:
    taken = Taken()
    (tmp_path / "a.json").write_bytes(body)
    await drop_at(tmp_path, taken, limits=Limits(rows=2)).look()
    assert taken.records == []
    assert [issue["code"] for issue in failed(tmp_path)["issues"]] == [code]
    assert len([name for name in lying(tmp_path) if name.startswith("failed/")]) == 2
