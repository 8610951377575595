"""A database that is locked, or gone: nothing is released, every refusal is kept, and comes into the audit once when it is back."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml

from tests.acceptance.adapter_process import AdapterProcess
from tests.acceptance.demonstration import Demonstration, eventually, run
from tests.acceptance.messages import audit

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

IMPORT_SECONDS = 60.0
"""Upkeep brings the spool in; the adapter of these tests does so every other second."""


def database(demo: Demonstration) -> Path:
    return Path(demo.info["data_dir"]) / "sambro.db"


def keeping(demo: Demonstration) -> dict[str, Path]:
    """Where checkpoints and spool lie."""
    settings = yaml.safe_load((Path(demo.info["config_dir"]) / "sambro.yaml").read_text(encoding="utf-8"))
    return {name: Path(path) for name, path in settings["audit"].items()}


def spooled(demo: Demonstration) -> str:
    """What is kept beside the database, the file that upkeep has set aside as well; nobody else may read it."""
    files = sorted(keeping(demo)["spool"].parent.glob("spool*"))
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    return "".join(file.read_text(encoding="utf-8") for file in files)


def rows(demo: Demonstration, kind: str) -> list[tuple[str | None, dict[str, Any]]]:
    """Person key and AuditEvent of each row of a kind."""
    with closing(sqlite3.connect(database(demo), timeout=20)) as connection:
        found = connection.execute(
            "SELECT person_key, event FROM audit WHERE kind = ? ORDER BY number", [kind]
        ).fetchall()
    return [(key, json.loads(event)) for key, event in found]


def request_ids(found: list[tuple[str | None, dict[str, Any]]]) -> list[str]:
    return [event["entity"][-1]["what"]["identifier"]["value"] for _, event in found]


@contextmanager
def locked(demo: Demonstration) -> Iterator[None]:
    """Another connection holds the database."""
    with closing(sqlite3.connect(database(demo), timeout=20, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def gone(demo: Demonstration) -> Iterator[None]:
    """The database's files are not where they were."""
    files = [file for suffix in ("", "-wal", "-shm") if (file := Path(f"{database(demo)}{suffix}")).exists()]
    for file in files:
        file.rename(file.with_name(f"away-{file.name}"))
    yield
    for file in files:
        file.with_name(f"away-{file.name}").rename(file)


def refused(demo: Demonstration) -> list[str]:
    """Ask for somebody's plans and push a screening, at once; both get 503 and nothing else. Their request ids."""
    person = demo.info["persons"]["consented"]
    [channel] = demo.info["channels"].values()
    ids = [f"down-{uuid4()}" for _ in range(2)]
    with httpx.Client(timeout=90) as http, ThreadPoolExecutor(2) as both:
        asked = both.submit(
            http.post,
            f"{demo.info['fhir']}/CarePlan/_search",
            data={"patient.identifier": f"http://electronichealth.se/identifier/personnummer|{person}"},
            headers=demo.bearer("region") | {"X-Request-Id": ids[0]},
        )
        pushed = both.submit(
            http.post,
            channel,
            json=audit(person, f"SCR-{uuid4().hex}", "Gjord på mottagningen"),
            headers=demo.bearer("kommun") | {"X-Request-Id": ids[1]},
        )
        answers = [asked.result(), pushed.result()]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert all(answer.headers["Retry-After"] for answer in answers)
    assert "entry" not in answers[0].json()
    return ids


@pytest.mark.parametrize("down", [locked, gone])
def test_nothing_is_released_and_every_refusal_is_in_the_audit_afterwards(
    adapter: AdapterProcess, down: Callable[[Demonstration], Any]
) -> None:
    demo = adapter.demo
    log = Path(demo.info["logs"]) / "adapter.log"
    accesses, size = len(rows(demo, "access")), log.stat().st_size
    with down(demo):
        ids = refused(demo)
        content = spooled(demo)
        assert all(one in content for one in ids)
        assert demo.info["persons"]["consented"] not in content
    assert '"audit-unreachable"' in log.read_bytes()[size:].decode()
    eventually(
        "the spool is not brought in",
        lambda: set(ids) <= set(request_ids(rows(demo, "unaudited"))),
        IMPORT_SECONDS,
    )
    assert len(rows(demo, "access")) == accesses
    found = [row for row in rows(demo, "unaudited") if request_ids([row])[0] in ids]
    keys = {key for key, _ in rows(demo, "access")}
    assert len(found) == 2
    assert all(key in keys and event["outcome"] == "8" for key, event in found)
    verified = run([*demo.info["serve"][:-1], "audit", "verify"], database(demo).parent)
    assert (verified.returncode, verified.stdout) == (0, "no break in any chain\n")


def test_what_was_spooled_outlives_a_kill_and_comes_in_once(adapter: AdapterProcess) -> None:
    demo = adapter.demo
    with locked(demo):
        ids = refused(demo)
        adapter.kill()
    adapter.start()
    eventually(
        "the spool is not brought in",
        lambda: set(ids) <= set(request_ids(rows(demo, "unaudited"))),
        IMPORT_SECONDS,
    )
    adapter.kill()
    adapter.start()
    eventually("the spool is not removed", lambda: not list(keeping(demo)["spool"].parent.glob("spool*")))
    counted = Counter(request_ids(rows(demo, "unaudited")))
    assert [counted[one] for one in ids] == [1, 1]


def test_a_backup_that_is_put_back_is_seen(adapter: AdapterProcess, tmp_path: Path) -> None:
    """An older database under newer checkpoints: no start until it is acknowledged."""
    demo, command = adapter.demo, adapter.demo.info["serve"][:-1]
    adapter.stop()
    with closing(sqlite3.connect(database(demo))) as source, closing(sqlite3.connect(tmp_path / "b")) as copy:
        source.backup(copy)
    adapter.start()
    demo.search("region", "CarePlan", demo.info["persons"]["consented"]).raise_for_status()
    adapter.stop()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database(demo)}{suffix}").unlink(missing_ok=True)
    database(demo).write_bytes((tmp_path / "b").read_bytes())
    served = run(adapter.serve, tmp_path)
    assert served.returncode == 2
    assert "ends before the last checkpoint" in served.stderr
    verified = run([*command, "audit", "verify"], tmp_path)
    assert verified.returncode == 1
    assert ": missing" in verified.stdout
    assert run([*command, "audit", "acknowledge"], tmp_path).stdout == "acknowledged: rows-missing\n"
    adapter.start()
    verified = run([*command, "audit", "verify"], tmp_path)
    assert verified.returncode == 0
    assert "lost, acknowledged" in verified.stdout
