"""``kill -9`` at any instant: what was acknowledged is delivered, in order, and a repeat bears the same idempotency key."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count, groupby
from pathlib import Path
from threading import Event
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
import yaml

from tests.acceptance.adapter_process import AdapterProcess
from tests.acceptance.demonstration import Demonstration, eventually
from tests.acceptance.messages import audit, let_in, revocation, sip
from tests.acceptance.silent_journal import silent_journal

pytestmark = pytest.mark.acceptance

PERSONS = ("191212121212", "199002222397", "200302022389")
REVOKING = "195009072553"
ROUNDS = 4
PAUSE_SECONDS = 0.1
"""Between two pushes for one person."""

RELEASE: Final = ["Observation", "Provenance"]
"""The types of what a result's delivery holds."""


@pytest.fixture(scope="module")
def run_id() -> str:
    """What this run's messages bear, so that they can be told from others."""
    return f"run{uuid4().hex}"


@pytest.fixture(scope="module")
def consented(restarted: AdapterProcess) -> None:
    if not restarted.demo.is_ready():
        restarted.start()
    for person in PERSONS:
        let_in(restarted.demo, person)


def mark(run: str, person: str, number: int) -> str:
    """A text that tells whose and which message it is, without a number of anybody's."""
    return f"{run} person {PERSONS.index(person)} message {number}."


def arrived(demo: Demonstration, run: str) -> dict[int, list[tuple[int, str]]]:
    """By person, the number and idempotency key of everything that the journal received, in order."""
    seen: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for row in demo.received("ehr"):
        if found := re.search(rf"{run} person (\d+) message (\d+)\.", row["body"]):
            seen[int(found[1])].append((int(found[2]), row["idempotencyKey"]))
    return seen


def assert_held_once_in_order(
    seen: dict[int, list[tuple[int, str]]], pushed: Sequence[int], persons: Sequence[str]
) -> None:
    """Each message once but for repeats that directly follow, which bear its key; no other message bears it."""
    for person in persons:
        rows = seen[PERSONS.index(person)]
        assert [number for number, _ in groupby(number for number, _ in rows)] == list(pushed)
        assert len(set(rows)) == len({key for _, key in rows}) == len(pushed)


@pytest.mark.usefixtures("consented")
def test_what_waits_when_it_is_killed_is_delivered_once_and_in_order(
    adapter: AdapterProcess, run_id: str
) -> None:
    run, numbers = f"waiting{run_id}", range(4)
    adapter.demo.fail("ehr", 503)
    for number in numbers:
        for person in PERSONS[:2]:
            body = sip(person, f"SIP-{uuid4().hex}", mark(run, person, number))
            assert adapter.demo.push(body).status_code == 202
    adapter.kill()
    assert not arrived(adapter.demo, run)
    adapter.demo.fail("ehr", None)
    adapter.start()
    eventually("not everything arrived", lambda: _count(adapter.demo, run) >= 2 * len(numbers))
    assert_held_once_in_order(arrived(adapter.demo, run), numbers, PERSONS[:2])
    for person in PERSONS[:2]:
        adapter.demo.collect(person)


def _count(demo: Demonstration, run: str) -> int:
    return sum(len({number for number, _ in rows}) for rows in arrived(demo, run).values())


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("consented")
def test_killed_at_random_instants_it_delivers_all_that_it_acknowledged(
    adapter: AdapterProcess, run_id: str
) -> None:
    run, chance, enough = f"random{run_id}", secrets.SystemRandom(), Event()
    with ThreadPoolExecutor(len(PERSONS)) as pushers:
        pushing = [pushers.submit(_push_until, enough, adapter.demo, run, person) for person in PERSONS]
        try:
            for _ in range(ROUNDS):
                adapter.demo.fail("ehr", chance.choice([None, 503]))
                time.sleep(chance.uniform(0.05, 1.5))
                adapter.kill()
                adapter.demo.fail("ehr", None)
                adapter.start()
        finally:
            enough.set()
        pushed = [future.result() for future in pushing]
    eventually("not everything arrived", lambda: _count(adapter.demo, run) >= sum(pushed), seconds=90)
    for person, total in zip(PERSONS, pushed, strict=True):
        assert total > ROUNDS
        assert_held_once_in_order(arrived(adapter.demo, run), range(total), [person])


def _push_until(enough: Event, demo: Demonstration, run: str, person: str) -> int:
    """Push message after message, each until it is acknowledged; returns how many there were."""
    with httpx.Client(timeout=20) as http:
        for number in count():
            body = audit(person, f"SCR-{uuid4().hex}", mark(run, person, number))
            eventually("a push is never acknowledged", partial(_is_taken, http, demo, body), seconds=60)
            if enough.wait(PAUSE_SECONDS):
                return number + 1
    raise AssertionError("count ends")


def _is_taken(http: httpx.Client, demo: Demonstration, body: dict[str, Any]) -> bool:
    """Whether a push was acknowledged: 202, or 200 where the first acknowledgement was lost."""
    [url] = demo.info["channels"].values()
    try:
        answer = http.post(url, json=body, headers=demo.bearer("kommun"))
    except httpx.TransportError:
        return False
    assert answer.status_code in (202, 200), answer.text
    return True


@contextmanager
def redirected(adapter: AdapterProcess, folder: Path, url: str) -> Iterator[list[str]]:
    """The adapter restarted with another address for the region's journal; gives the command that does so."""
    own: str = adapter.demo.info["config_dir"]
    config = shutil.copytree(own, folder / "config")
    settings = yaml.safe_load((config / "sambro.yaml").read_text(encoding="utf-8"))
    settings["endpoints"]["vgr-journal"]["url"] = url
    (config / "sambro.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = [str(config) if word == own else word for word in adapter.serve]
    adapter.stop()
    adapter.start(command)
    try:
        yield command
    finally:
        adapter.stop()


@pytest.mark.usefixtures("consented")
def test_a_request_cut_off_by_the_kill_is_repeated_under_the_same_key(
    adapter: AdapterProcess, tmp_path: Path
) -> None:
    with silent_journal() as journal, redirected(adapter, tmp_path, journal.url) as command:
        pushed = adapter.demo.push(audit(PERSONS[0], f"SCR-{uuid4().hex}", "Gjord på mottagningen"))
        assert pushed.status_code == 202
        eventually("no request came", lambda: len(journal.keys) == 1)
        assert adapter.demo.state(pushed) == "sending"
        adapter.kill()
        journal.answers.set()
        adapter.start(command)
        eventually("it is not delivered", lambda: adapter.demo.state(pushed) == "delivered")
    assert len(journal.keys) == 2
    assert len(set(journal.keys)) == 1


def test_a_revocation_whose_answer_waits_is_in_force_whatever_happens_to_it(
    adapter: AdapterProcess, tmp_path: Path
) -> None:
    body = revocation(REVOKING, let_in(adapter.demo, REVOKING))
    with silent_journal() as journal, redirected(adapter, tmp_path, journal.url) as command:
        pushed = adapter.demo.push(audit(REVOKING, f"SCR-{uuid4().hex}", "Gjord på mottagningen"))
        eventually("no request came", lambda: len(journal.keys) == 1)
        with ThreadPoolExecutor(1) as waiting:
            answer = waiting.submit(adapter.demo.push, body)
            eventually("it is not in force", partial(_is_withheld, adapter.demo))
            assert not answer.done()
            adapter.kill()
            assert isinstance(answer.exception(), httpx.TransportError)
        journal.answers.set()
        adapter.start(command)
        repeated = adapter.demo.push(body)
        assert (repeated.status_code, repeated.json()["revocation"]["inFlight"]) == (200, 1)
        eventually("it is not given up", lambda: adapter.demo.state(pushed) == "withheld")
        # What the kill cut off may have arrived: its recipient is told that the consent has ended.
        eventually("no notice came", lambda: journal.types == [RELEASE, ["Communication"]])
    assert len(set(journal.keys)) == 2


def test_a_notice_that_is_cut_off_by_the_kill_is_repeated_under_the_same_key(
    adapter: AdapterProcess, tmp_path: Path
) -> None:
    body = revocation(REVOKING, let_in(adapter.demo, REVOKING))
    with silent_journal() as journal, redirected(adapter, tmp_path, journal.url) as command:
        journal.answers.set()
        pushed = adapter.demo.push(audit(REVOKING, f"SCR-{uuid4().hex}", "Gjord på mottagningen"))
        eventually("it is not delivered", lambda: adapter.demo.state(pushed) == "delivered")
        journal.answers.clear()
        assert adapter.demo.push(body).status_code == 201
        eventually("no notice came", lambda: journal.types == [RELEASE, ["Communication"]])
        adapter.kill()
        journal.answers.set()
        adapter.start(command)
        eventually("it is not repeated", lambda: len(journal.keys) == 3)
    assert journal.types[1] == journal.types[2]
    assert (journal.keys[1] == journal.keys[2], journal.keys[0] == journal.keys[1]) == (True, False)


def _is_withheld(demo: Demonstration) -> bool:
    """Whether a new message about the person is."""
    return demo.state(demo.push(audit(REVOKING, f"SCR-{uuid4().hex}", "Senare"))) == "withheld"
