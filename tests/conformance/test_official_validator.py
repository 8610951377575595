"""The official HL7 validator finds no error in what we ship, map and write, and finds every fault that is planted.

One run of it judges everything. Without Java, Maven or a network the tests are skipped, and the reason is shown.
"""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.official import Finding, ValidatorUnavailable
from tests.conformance.planted import PLANTED
from tests.conformance.planted_in_r4 import OURS_ALONE
from tests.conformance.planting import Planted
from tests.conformance.samples import good
from tests.tools import TOOLS, official_validator

pytestmark = pytest.mark.timeout(600)

Verdicts = dict[str, tuple[Finding, ...]]

_OTHERS: Final = Path(__file__).parent / "packages" / "hl7se.fhir.base"
_GOOD: Final = good()
_PLANTED: Final = {fault.name: fault for fault in PLANTED}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """What the validator says of everything, by name; also kept as a report."""
    folder = tmp_path_factory.mktemp("resources")
    resources = {
        **_GOOD,
        **{f"planted {name}": (fault.resource(), ()) for name, fault in _PLANTED.items()},
    }
    named: dict[Path, str] = {}
    profiles: dict[Path, tuple[str, ...]] = {}
    for number, (name, (resource, held_to)) in enumerate(resources.items()):
        file = folder / f"{number}.json"
        file.write_text(json.dumps(resource), encoding="utf-8")
        named[file] = name
        profiles[file] = held_to
    try:
        with as_file(files("fhir_profiles") / "definitions") as definitions:
            findings = official_validator().validate(profiles, [definitions, _OTHERS])
    except ValidatorUnavailable as error:
        pytest.skip(f"the official HL7 validator cannot be had: {error}")
    judged = {named[file]: found for file, found in findings.items()}
    _report(judged)
    return judged


@pytest.mark.parametrize("name", _GOOD)
def test_what_we_make_has_no_error(verdicts: Verdicts, name: str) -> None:
    assert [finding for finding in verdicts[name] if finding.is_error] == []


@pytest.mark.parametrize("fault", PLANTED, ids=_PLANTED)
def test_a_planted_fault_is_an_error_or_a_disagreement(verdicts: Verdicts, fault: Planted) -> None:
    errors = [it for it in verdicts[f"planted {fault.name}"] if it.is_error]

    if fault.name in OURS_ALONE:
        assert errors == []
    else:
        assert any(fault.finding in f"{it.code} {it.message}" for it in errors), errors


def _report(judged: Verdicts) -> None:
    lines = [
        {
            "name": name,
            "severity": it.severity,
            "code": it.code,
            "location": it.location,
            "message": it.message,
        }
        for name, findings in judged.items()
        for it in findings
    ]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (TOOLS / "conformance.jsonl").write_text(text, encoding="utf-8")
