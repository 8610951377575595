"""What the official validator has said, whole as lines of JSON, and in short as a page that says the same as long as nothing changes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from tests.conformance.official import Finding
from tests.conformance.planted import DISAGREEMENTS, PLANTED
from tests.conformance.planted_in_r4 import OURS_ALONE
from tests.conformance.r4_differences import DIFFERENCES

_KINDS: Final = {
    "example": "shipped examples",
    "mapped": "outputs of the mappings' own examples",
    "audit row": "AuditEvents as they are written",
    "answer": "answers of the endpoint, in JSON and XML",
    "sent": "transactions sent to a recipient",
    "planted": "planted faults",
    "r4": "the standard's own examples of the types exchanged, in JSON and XML",
}
_HEAD: Final = """# Conformance

What the official HL7 validator (org.hl7.fhir.validation as HAPI FHIR carries it, offline, versions in `tests/conformance/validator/pom.xml`) says with
our profiles. Made by `make conformance`, which fails where this page no longer holds and writes it anew to `.tools/conformance.md`; every single
finding stands in `.tools/conformance.jsonl`.

| Judged | Resources | With errors |
|---|---|---|
"""
_DIFFERING: Final = """
Every planted fault is an error of it, and of our checker, but for the disagreements below; the standard's examples our checker judges as it does, but
for those.

| Disagreement | Refused by | Why |
|---|---|---|
"""


def report(judged: Mapping[str, Sequence[Finding]]) -> str:
    """A line of JSON for each finding."""
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
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def summary(judged: Mapping[str, Sequence[Finding]]) -> str:
    """The page docs/fhir/conformance.md."""
    number: Counter[str] = Counter()
    faulty: Counter[str] = Counter()
    for name, findings in judged.items():
        kind = next(kind for kind in _KINDS if name.startswith(f"{kind} "))
        number[kind] += 1
        faulty[kind] += any(it.is_error for it in findings)
    rows = [f"| {said} | {number[kind]} | {faulty[kind]} |\n" for kind, said in _KINDS.items()]
    return _HEAD + "".join(rows) + _DIFFERING + "".join(_disagreements())


def _disagreements() -> list[str]:
    planted = {fault.name: fault for fault in PLANTED}
    return [
        *(f"| {name} | it alone | {why} |\n" for name, why in sorted(DISAGREEMENTS.items())),
        *(f"| {name} | us alone | {why} |\n" for name, why in sorted(OURS_ALONE.items()) if name in planted),
        *(f"| `{name}` | us alone | {why} |\n" for name, why in sorted(DIFFERENCES.items())),
    ]
