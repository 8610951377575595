"""After the last delivery nothing of a record is left: in no file of the installation, no page of the console, no metric.

gate.md, "Nothing at rest": run as shipped, and with content stored unsealed, where a missing wipe would show.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.acceptance import console
from tests.acceptance.adapter_process import AdapterProcess
from tests.acceptance.demonstration import Demonstration, eventually
from tests.acceptance.messages import adt_a31, audit, control_id, oru, sip
from tests.acceptance.mllp import exchange, framed
from tests.acceptance.scan import found, found_in_files

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


def unsealed(adapter: AdapterProcess, data: Path) -> list[str]:
    """The command that serves a data directory with a vault that seals nothing."""
    interpreter, config = adapter.serve[0], adapter.demo.info["config_dir"]
    return [interpreter, "-m", "tests.acceptance.unsealed", "--config", config, "--data", str(data), "serve"]


@pytest.fixture
def copied(adapter: AdapterProcess, tmp_path: Path) -> Iterator[Path]:
    """A copy of the installation's data, for runs that leave content unsealed; the adapter is stopped before and after."""
    adapter.stop()
    # The copy goes on with the same checkpoints, which must end where the installation's own database does.
    audit = Path(adapter.demo.info["config_dir"]).parent / "audit"
    kept = shutil.copytree(audit, tmp_path / "audit")
    yield shutil.copytree(adapter.demo.info["data_dir"], tmp_path / "data")
    adapter.stop()
    shutil.copytree(kept, audit, dirs_exist_ok=True)


def new_mark() -> str:
    """A text that stands nowhere but in this run's records."""
    return f"OrangeGiraffe{uuid4().hex}"


def sought(demo: Demonstration, mark: str) -> dict[str, str]:
    """What must not be found: the mark, and the end of each number, with and without its hyphen, whatever century it had."""
    numbers = demo.info["persons"]
    short = {f"{name}'s number": number[2:] for name, number in numbers.items()}
    hyphenated = {
        f"{name}'s hyphenated number": f"{number[2:8]}-{number[8:]}" for name, number in numbers.items()
    }
    return {"mark": mark, **short, **hyphenated}


def carry(demo: Demonstration, mark: str) -> None:
    """Marked records of every kind cross the bridge in both directions, and some that it does not take."""
    person, refused = demo.info["persons"]["consented"], demo.info["persons"]["refused"]
    plan = sip(person, f"SIP-{mark}", mark)
    for body in (plan, audit(person, f"SCR-{mark}", mark), sip(refused, f"SIP-{mark}", mark)):
        assert demo.push(body).status_code == 202
    assert demo.push(plan | {"sip": plan["sip"] | {"problem": f"other {mark}"}}).status_code == 409
    faulty = sip(person, f"SIP-{mark}", mark)
    assert demo.push(faulty | {"sip": faulty["sip"] | {"status": mark, mark: mark}}).status_code == 422
    messages = [oru(person, control_id(), mark), adt_a31(person, control_id(), mark)]
    broken = oru(mark, control_id(), mark)
    acks = exchange(demo, [framed(message) for message in (*messages, broken)], 3)
    assert [ack.partition(b"MSA|")[2][:2] for ack in acks] == [b"AA", b"AA", b"AE"]
    eventually("the journal lacks something", lambda: len(demo.received_with("ehr", mark)) == 2)
    eventually("the kommun lacks something", lambda: len(demo.received_with("kommun", mark)) == 2)


def shown(demo: Demonstration) -> bytes:
    """Everything that an admin and an operator are shown."""
    metrics = demo.http.get(f"{demo.base}/metrics").raise_for_status().content
    return b"\n".join([*console.pages(demo), metrics])


def assert_nothing_is_left(adapter: AdapterProcess, *folders: Path) -> None:
    """Let marked records cross, stop the adapter, and look for them in what it showed and in the folders."""
    demo, mark = adapter.demo, new_mark()
    carry(demo, mark)
    demo.collect(demo.info["persons"]["consented"])
    eventually("content is left", lambda: demo.content_held() == 0)
    assert not found(sought(demo, mark), shown(demo))
    adapter.stop()
    for folder in folders:
        assert not found_in_files(sought(demo, mark), folder)


def test_nothing_is_left_when_all_is_delivered(adapter: AdapterProcess) -> None:
    assert_nothing_is_left(adapter, Path(adapter.demo.info["data_dir"]))


def test_nothing_was_left_beneath_the_seal_either(adapter: AdapterProcess, copied: Path) -> None:
    adapter.start(unsealed(adapter, copied))
    assert_nothing_is_left(adapter, copied, Path(adapter.demo.info["logs"]))


def test_when_nothing_is_wiped_the_scan_finds_it(adapter: AdapterProcess, copied: Path) -> None:
    demo, mark = adapter.demo, new_mark()
    adapter.start(unsealed(adapter, copied), SKIP_WIPE="1")
    carry(demo, mark)
    assert not found(sought(demo, mark), shown(demo))
    adapter.stop()
    left = found_in_files(sought(demo, mark), copied)
    assert {"sambro.db: mark plain", "sambro.db: consented's number plain"} <= left


def test_while_it_waits_content_is_sealed(adapter: AdapterProcess) -> None:
    demo, mark = adapter.demo, new_mark()
    person = demo.info["persons"]["consented"]
    demo.fail("ehr", 503)
    assert demo.push(sip(person, f"SIP-{mark}", mark)).status_code == 202
    assert demo.content_held() > 0
    adapter.kill()
    assert not found_in_files(sought(demo, mark), Path(demo.info["data_dir"]))
    demo.fail("ehr", None)
    adapter.start()
    eventually("the plan did not arrive", lambda: demo.received_with("ehr", mark))
    demo.collect(person)
