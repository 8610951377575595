"""docs/mappings.md, "From a sample to a working mapping", followed to the letter in an installation that has nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.cli.command import Installation, Run

DOCS: Final = Path(__file__).parents[2] / "docs" / "mappings.md"


def block(language: str) -> str:
    """The first block of a language in the section."""
    section = DOCS.read_text(encoding="utf-8").partition("## From a sample")[2]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def folder(installation: Installation) -> Path:
    """The folder of steps 1 and 2."""
    made = installation.config / "mappings" / "systems" / "kommun_ny"
    (made / "examples").mkdir(parents=True)
    (made / "examples" / "enrolment.json").write_text(block("json"), encoding="utf-8")
    (made / "enrolment.yaml").write_text(block("yaml"), encoding="utf-8")
    return made


def test_the_sample_becomes_a_valid_record_and_an_example_that_is_run(
    run: Run, installation: Installation, folder: Path, tmp_path: Path
) -> None:
    sample = folder / "examples" / "enrolment.json"
    ran = run(*installation.options, "map", sample, "--mapping", "kommun-ny-enrolment", "--trace")
    assert (ran.code, "unmapped" in ran.err) == (0, False)
    assert "trace: ärende.läge -> EpisodeOfCare.status (läge[pågår])" in ran.err.splitlines()
    out = tmp_path / "out.json"
    out.write_text(ran.out, encoding="utf-8")
    assert run(*installation.options, "validate", out).code == 0
    assert run(*installation.options, "mappings", "test").code == 1
    out.rename(folder / "examples" / "enrolment.expected.json")
    tested = run(*installation.options, "mappings", "test")
    assert tested.code == 0
    assert "ok: systems/kommun_ny/examples/enrolment.json by kommun-ny-enrolment" in tested.out.splitlines()
    assert "   no example has the row: läge[avslutat]" in tested.out.splitlines()


def test_a_fault_in_it_names_its_line(run: Run, installation: Installation, folder: Path) -> None:
    text = (folder / "enrolment.yaml").read_text(encoding="utf-8")
    (folder / "enrolment.yaml").write_text(text.replace("ärende.öppnat", "ärende.oppnat"), encoding="utf-8")
    ran = run(
        *installation.options,
        "map",
        folder / "examples" / "enrolment.json",
        "--mapping",
        "kommun-ny-enrolment",
    )
    assert ran.code == 1
    assert re.search(
        r"systems/kommun_ny/enrolment\.yaml:\d+: ärende\.oppnat: required \(the source has no", ran.err
    )
