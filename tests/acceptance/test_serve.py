"""What keeps the service from starting is named at once; what it has in hand does not keep it from stopping."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.acceptance.adapter_process import AdapterProcess
from tests.acceptance.console import signed_in
from tests.acceptance.demonstration import Demonstration, run, sambro
from tests.acceptance.messages import control_id, oru
from tests.acceptance.mllp import framed

pytestmark = pytest.mark.acceptance

STOP_SECONDS = 8.0


@pytest.fixture
def config(demo: Demonstration, tmp_path: Path) -> Path:
    """A copy of the demonstration's configuration."""
    return shutil.copytree(demo.info["config_dir"], tmp_path / "config")


def edited(file: Path, *changes: tuple[str, str]) -> list[int]:
    """Replace a text by another in a file, each once; returns the lines where that was."""
    text, lines = file.read_text(encoding="utf-8"), []
    for old, new in changes:
        before, found, after = text.partition(old)
        assert found, old
        lines.append(before.count("\n") + 1)
        text = before + new + after
    file.write_text(text, encoding="utf-8")
    return lines


def test_check_names_three_faults_of_an_agreement_with_file_and_line(config: Path, tmp_path: Path) -> None:
    command = sambro("--config", config, "--data", tmp_path / "data")
    [agreement] = (config / "agreements").iterdir()
    sound = run([*command, "check"], tmp_path)
    assert sound.returncode == 0, sound.stdout
    lines = edited(
        agreement,
        ("212000-1553", "212000-1554"),
        ("modes: [forward, hold]", "modes: [forward, carry]"),
        ("to: kommun", "to: landsting"),
    )
    checked = run([*command, "check"], tmp_path)
    assert checked.returncode == 1
    for line in lines:
        assert f"{agreement.name}:{line}: " in checked.stdout
    assert run([*command, "serve"], tmp_path).returncode == 2


@pytest.mark.parametrize("key", ["missing", "another", "readable by others", "under the data directory"])
def test_with_a_wrong_or_missing_key_it_does_not_start(
    demo: Demonstration, config: Path, tmp_path: Path, key: str
) -> None:
    """``another`` is a sound key, but not the one of the database."""
    data = tmp_path / "data"
    file = (data if key == "under the data directory" else tmp_path) / "master.key"
    shutil.copytree(demo.info["data_dir"], data)
    if key == "another":
        file.write_bytes(bytes(range(32)).hex().encode())
    elif key != "missing":
        shutil.copyfile(demo.info["key_file"], file)
    if key != "missing":
        file.chmod(0o640 if key == "readable by others" else 0o600)
    edited(config / "sambro.yaml", (demo.info["key_file"], str(file)))
    served = run(sambro("--config", config, "--data", data, "serve"), tmp_path)
    assert served.returncode == 2, served.stderr
    assert "key" in served.stderr
    assert "Traceback" not in served.stderr


def test_a_second_serve_on_the_same_data_does_not_start(demo: Demonstration, tmp_path: Path) -> None:
    for command in ("serve", "worker"):
        second = run([*demo.info["serve"][:-1], command], tmp_path)
        assert second.returncode == 2
        assert "another serve or worker uses this data directory" in second.stderr
    assert demo.is_ready()


def test_it_stops_within_seconds_with_a_live_tail_and_an_mllp_connection_open(
    adapter: AdapterProcess,
) -> None:
    adapter.stop()
    adapter.start()
    with live_tail(adapter.demo) as tail, mllp_connection(adapter.demo) as wire:
        assert next(tail).startswith("retry: ")
        wire.sendall(framed(oru(adapter.demo.info["persons"]["consented"], control_id(), "Åter")))
        assert b"MSA|AA|" in wire.recv(65_536)
        assert adapter.stop() < STOP_SECONDS
        assert wire.recv(1) == b""
    assert adapter.exit_code == 0


@contextmanager
def live_tail(demo: Demonstration) -> Iterator[Iterator[str]]:
    """The lines of an open stream of the console."""
    with signed_in(demo) as browser, browser.stream("GET", "live/events", timeout=30) as stream:
        assert stream.status_code == httpx.codes.OK
        yield stream.iter_lines()


@contextmanager
def mllp_connection(demo: Demonstration) -> Iterator[socket.socket]:
    address = (demo.info["mllp"]["host"], demo.info["mllp"]["port"])
    with socket.create_connection(address, timeout=30) as wire:
        yield wire
