"""The demonstration tells its story, fails where the gate does, and stays up to be tried."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.demonstration import Demonstration, eventually, run, sambro
from tests.acceptance.packages import installed_wheel, source_tree

pytestmark = pytest.mark.acceptance

ALWAYS_PERMIT = """

def decide(request: AccessRequest, consents: Iterable[Registered]) -> Decision:
    return _verdict(request, Verdict.PERMIT, Reason.CONSENT)
"""


def test_with_a_gate_that_always_permits_the_story_fails_and_names_the_step(tmp_path: Path) -> None:
    tree = source_tree(tmp_path / "tree")
    with (tree / "adapter" / "gate" / "decision.py").open("a", encoding="utf-8") as decision:
        decision.write(ALWAYS_PERMIT)
    told = run(sambro("--data", tmp_path / "data", "demo", "--once"), tmp_path, PYTHONPATH=str(tree))
    assert told.returncode == 1, told.stdout + told.stderr
    assert "step failed: without-consent" in told.stdout
    assert "Alla steg höll" not in told.stdout


def test_the_installed_wheel_tells_the_story_outside_the_clone(tmp_path: Path) -> None:
    site = installed_wheel(tmp_path)
    told = run(sambro("--data", tmp_path / "data", "demo", "--once"), tmp_path, PYTHONPATH=str(site))
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Alla steg höll" in told.stdout


def test_it_stays_up_with_an_address_and_curl_lines_that_work(demo: Demonstration, tmp_path: Path) -> None:
    eventually("nobody is invited", lambda: "Ctrl-C" in demo.printed())
    assert demo.info["console"]["url"] in demo.printed()
    assert demo.http.get(demo.info["console"]["url"], follow_redirects=True).status_code == 200
    lines = [line for line in demo.printed().splitlines() if line.startswith("curl ")]
    push, search, received = (_curl(line, tmp_path) for line in lines)
    assert "messageId" in json.loads(push)
    assert json.loads(search)["resourceType"] == "Bundle"
    assert json.loads(received)


def _curl(line: str, folder: Path) -> str:
    """Run a printed line as it stands, in a folder that has nothing to do with it."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(  # noqa: S603  a line that our own command printed
        shlex.split(line), cwd=folder, capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout
