"""Two processes serve one PostgreSQL database: what one took when it was killed, the other delivers, in order."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import yaml

from adapter.store.postgres import Server
from tests.acceptance.demonstration import Demonstration, environment, eventually, run, sambro
from tests.acceptance.messages import let_in, sip
from tests.postgres import IN_LOOP, TestServer, running

pytestmark = pytest.mark.acceptance

PERSON = "199002222397"


@pytest.fixture(scope="module")
def server() -> Iterator[TestServer]:
    """A PostgreSQL server whose commits reach the disk."""
    with running(durable=True) as own:
        yield own


@dataclass(frozen=True)
class Replica:
    """One ``serve``; ``seen`` is the demonstration's systems with this adapter in the middle."""

    seen: Demonstration
    process: subprocess.Popen[bytes]


def installed(demo: Demonstration, folder: Path, database: Server) -> list[str]:
    """The demonstration's installation over another database, on ports of its own; returns its global options."""
    config, data = folder / "config", folder / "data"
    shutil.copytree(demo.info["config_dir"], config)
    data.mkdir()
    # Replicas share the keys of tokens; in operation they have one issuer outside.
    shutil.copy(Path(demo.info["data_dir"]) / "development-issuer.pem", data)
    file = config / "sambro.yaml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    settings["database"] = {"url": database.url}
    settings["audit"] = {"writer": folder.name}
    settings["master_key_file"] = str(master_key(folder))
    settings["listen"]["port"] = free_port()
    for listener in settings["listeners"].values():
        listener["port"] = 0
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return ["--config", str(config), "--data", str(data)]


def master_key(folder: Path) -> Path:
    """The key file that all replicas share, in a folder without spare content keys."""
    return folder.parent / "keys" / "master.key"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(demo: Demonstration, options: list[str], log: Path) -> Iterator[Replica]:
    """``sambro serve``, killed at the end."""
    config = yaml.safe_load((Path(options[1]) / "sambro.yaml").read_text(encoding="utf-8"))
    base = f"http://127.0.0.1:{config['listen']['port']}"
    channels = {name: url.replace(demo.base, base) for name, url in demo.info["channels"].items()}
    seen = replace(demo, info={**demo.info, "fhir": f"{base}/fhir", "channels": channels})
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  our own command
            sambro(*options, "serve"), cwd=log.parent, env=environment(), stdout=output, stderr=output
        )
    try:
        eventually("a replica does not start", lambda: seen.is_ready() or process.poll() is not None)
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield Replica(seen, process)
    finally:
        process.kill()
        process.wait()


def delivered(demo: Demonstration, text: str) -> list[str]:
    """The marks ``text 0``, ``text 1``, ... in the order in which the journal saw them first."""
    order: list[str] = []
    for row in demo.received_with("ehr", text):
        start = row["body"].index(text)
        mark = row["body"][start : start + len(text) + 2]
        if mark not in order:
            order.append(mark)
    return order


async def end_leases(database: Server) -> None:
    """Let the minute pass for which the killed one holds its lanes: that the clock ends them is shown by tests/store/test_chaos.py."""
    connection = await database.connect()
    await connection.execute("UPDATE lane SET leased_until = 0 WHERE leased_until IS NOT NULL")
    await connection.close()


@pytest.mark.timeout(300)
def test_what_a_killed_replica_had_accepted_the_other_delivers_in_order(
    demo: Demonstration, tmp_path: Path, server: TestServer
) -> None:
    database = server.server(server.create())
    one, other = (installed(demo, tmp_path / name, database) for name in ("one", "other"))
    made = run(sambro(*one, "keys", "init"), tmp_path)
    assert made.returncode == 0, made.stderr
    text = f"run{uuid4().hex}"
    with ExitStack() as stack:
        first = stack.enter_context(serving(demo, one, tmp_path / "one.log"))
        second = stack.enter_context(serving(demo, other, tmp_path / "other.log"))
        let_in(first.seen, PERSON)
        demo.fail("ehr", 503)
        try:
            pushed = [first.seen.push(sip(PERSON, uuid4().hex, f"{text} {n}")) for n in range(4)]
            assert [answer.status_code for answer in pushed] == [httpx.codes.ACCEPTED] * 4
            assert "delivered" not in {second.seen.state(answer) for answer in pushed}
            first.process.kill()
        finally:
            demo.fail("ehr", None)
        IN_LOOP.run(end_leases(database))
        eventually(
            "the other replica does not take over", lambda: len(delivered(demo, text)) == len(pushed), 60
        )
    assert delivered(demo, text) == [f"{text} {number}" for number in range(4)]


def test_a_server_that_cannot_be_used_keeps_it_from_starting(
    demo: Demonstration, tmp_path: Path, server: TestServer
) -> None:
    options = installed(demo, tmp_path / "one", server.server("missing"))
    run(sambro(*options, "keys", "init"), tmp_path)
    checked = run(sambro(*options, "check"), tmp_path)
    assert (checked.returncode, checked.stdout.splitlines()[0]) == (
        1,
        "database:0: the server has no such database: create it",
    )
    assert run(sambro(*options, "serve"), tmp_path).returncode == 2
