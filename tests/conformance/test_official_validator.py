"""The official HL7 validator finds no error in what we ship, map, write, answer and send, and finds every fault that is planted; of the
standard's own examples it judges as our checker does, in JSON and in XML.

One run of it judges everything. Without Java, Maven or a network the tests are skipped, and the reason is shown.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import pytest

from adapter.domain.errors import InputError
from adapter.fhir.json_reading import read_json
from adapter.fhir.profiles.packaged import profile_checker
from tests.api.bridge import FORMS
from tests.conformance.answers import answers, sent
from tests.conformance.official import Finding, ValidatorUnavailable
from tests.conformance.planted import PLANTED
from tests.conformance.planted_in_r4 import OURS_ALONE
from tests.conformance.planting import Planted
from tests.conformance.r4_differences import DIFFERENCES
from tests.conformance.r4_examples import ExamplesUnavailable
from tests.conformance.report import report, summary
from tests.conformance.samples import good
from tests.tools import TOOLS, official_validator, r4_examples

pytestmark = pytest.mark.timeout(600)

Verdicts = dict[str, tuple[Finding, ...]]

_OTHERS: Final = Path(__file__).parent / "packages" / "hl7se.fhir.base"
_SUMMARY: Final = Path(__file__).parents[2] / "docs" / "fhir" / "conformance.md"
_PLANTED: Final = {fault.name: fault for fault in PLANTED}
_MOST_BYTES: Final = 1_000_000


@dataclass(slots=True)
class Subjects:
    """Files by name, with the profiles that each is held to besides those that it claims, and those to be written in XML."""

    folder: Path
    named: dict[str, Path] = field(default_factory=dict)
    profiles: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    xml_forms: dict[Path, Path] = field(default_factory=dict)

    def add(self, name: str, body: bytes, profiles: tuple[str, ...] = ()) -> None:
        """A resource in JSON or XML."""
        ending = "json" if body.startswith(b"{") else "xml"
        file = self.folder / f"{len(self.named)}.{ending}"
        file.write_bytes(body)
        self.named[name] = file
        self.profiles[file] = profiles

    def add_with_xml(self, name: str, file: Path) -> None:
        """A file of JSON, and its XML form."""
        xml = self.folder / f"{file.stem}.xml"
        self.named |= {name: file, f"{name}, xml": xml}
        self.profiles |= {file: (), xml: ()}
        self.xml_forms[file] = xml


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> Subjects:
    """Everything that is judged."""
    made = Subjects(tmp_path_factory.mktemp("resources"))
    for name, (resource, profiles) in good().items():
        made.add(name, json.dumps(resource).encode(), profiles)
    for name, fault in _PLANTED.items():
        made.add(f"planted {name}", json.dumps(fault.resource()).encode())
    for name, body in {**asyncio.run(answers(made.folder / "house")), **sent()}.items():
        made.add(name, body)
    try:
        for name, file in r4_examples().files().items():
            made.add_with_xml(f"r4 {name}", file)
    except ExamplesUnavailable as error:
        print(f"the examples of R4 cannot be had: {error}")
    return made


@pytest.fixture(scope="module")
def verdicts(subjects: Subjects) -> Verdicts:
    """What the validator says of everything, by name; also kept as a report."""
    try:
        with as_file(files("fhir_profiles") / "definitions") as definitions:
            findings = official_validator().validate(
                subjects.profiles, [definitions, _OTHERS], subjects.xml_forms
            )
    except ValidatorUnavailable as error:
        pytest.skip(f"the official HL7 validator cannot be had: {error}")
    judged = {name: findings[file] for name, file in subjects.named.items()}
    (TOOLS / "conformance.jsonl").write_text(report(judged), encoding="utf-8")
    (TOOLS / "conformance.md").write_text(summary(judged), encoding="utf-8")
    return judged


@pytest.mark.parametrize("kind", ["example", "mapped", "audit row", "answer", "sent"])
def test_what_we_make_has_no_error(verdicts: Verdicts, kind: str) -> None:
    judged = {name: found for name, found in verdicts.items() if name.startswith(f"{kind} ")}
    faulty = {
        name: [it for it in found if it.is_error]
        for name, found in judged.items()
        if any(it.is_error for it in found)
    }
    assert judged
    assert faulty == {}


@pytest.mark.parametrize("fault", PLANTED, ids=_PLANTED)
def test_a_planted_fault_is_an_error_or_a_disagreement(verdicts: Verdicts, fault: Planted) -> None:
    errors = [it for it in verdicts[f"planted {fault.name}"] if it.is_error]

    if fault.name in OURS_ALONE:
        assert errors == []
    else:
        assert any(fault.finding in f"{it.code} {it.message}" for it in errors), errors


@pytest.mark.parametrize("form", ["json", "xml"])
def test_each_example_of_the_standard_is_judged_as_by_the_official_validator(
    verdicts: Verdicts, subjects: Subjects, form: str
) -> None:
    suffix = ", xml" if form == "xml" else ""
    examples = {
        name.removeprefix("r4 ").removesuffix(suffix): name
        for name, file in subjects.named.items()
        if name.startswith("r4 ") and file.suffix == f".{form}"
    }
    if not examples:
        pytest.skip("the examples of R4 cannot be had")
    assert len(examples) == 112
    refused_by_it = {name for name, judged in examples.items() if any(it.is_error for it in verdicts[judged])}
    refused_by_us = {name for name, judged in examples.items() if _is_refused(subjects.named[judged])}
    assert refused_by_us ^ refused_by_it == DIFFERENCES.keys()


def test_the_kept_report_says_what_was_found(verdicts: Verdicts) -> None:
    """docs/fhir/conformance.md, copied from .tools/conformance.md when what is judged changes."""
    if "r4 Patient-example" not in verdicts:
        pytest.skip("the examples of R4, which are part of it, cannot be had")
    assert _SUMMARY.read_text(encoding="utf-8") == summary(verdicts)


def _is_refused(file: Path) -> bool:
    body = file.read_bytes()
    try:
        resource = read_json(FORMS.reader.read(body) if file.suffix == ".xml" else body, most=_MOST_BYTES)
    except InputError:
        return True
    return bool(profile_checker().check(resource))
