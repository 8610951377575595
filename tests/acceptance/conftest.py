"""The demonstrations that tests share: one stays as it is, the other's adapter is killed and started again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.adapter_process import AdapterProcess
from tests.acceptance.demonstration import Demonstration, demonstration


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """A demonstration whose adapter nobody stops; Ctrl-C ends it well."""
    with demonstration(tmp_path_factory.mktemp("demo")) as up:
        yield up
    assert up.process.returncode == 0


@pytest.fixture(scope="session")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterProcess]:
    with demonstration(tmp_path_factory.mktemp("restarted")) as up, AdapterProcess(up) as adapter:
        adapter.stop()
        with (Path(up.info["config_dir"]) / "sambro.yaml").open("a", encoding="utf-8") as settings:
            settings.write("upkeep_seconds: 2\n")
        adapter.start()
        yield adapter


@pytest.fixture
def adapter(restarted: AdapterProcess) -> AdapterProcess:
    """An adapter that a test may kill, stop and start; it runs when the test begins, and both systems answer."""
    for side in ("ehr", "kommun"):
        restarted.demo.fail(side, None)
    if not restarted.demo.is_ready():
        restarted.start()
    return restarted
