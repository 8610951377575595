"""A fault names the sample's own file and line, beside the mapping's or, for what no rule reads, in its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from adapter.domain.errors import Issue
from adapter.mapping.advice import told
from adapter.mapping.catalog import load_catalog
from adapter.mapping.examples import ExampleResult, run_examples
from adapter.mapping.sample import Sample
from tests.exchange.parties import alingsas
from tests.mapping.compiled import push_mapping

JSON = """{
\t"plan": {
    "nr": "A-1",
    "mål": [
      {"text": "ett"},
      {"text": "två",
       "slut": "x"}
    ],
    "enhet": [
      {"hsa": "y"}]
  }
}
"""
XML = """<?xml version="1.0"?>
<a:Plan xmlns:a="urn:a">
  <a:Nr>1</a:Nr>
  <a:Mal slut="x"/>
  <a:Mal/>
</a:Plan>
"""


@pytest.mark.parametrize(
    ("name", "text", "path", "line"),
    [
        ("s.json", JSON, "plan.nr", 3),
        ("s.json", JSON, "plan.nr, plan.mål", 3),
        ("s.json", JSON, "plan.enhet.hsa", 10),
        ("s.json", JSON, "plan.mål.slut", 4),
        ("s.json", JSON, "plan.mål[1].slut", 7),
        ("s.json", JSON, "plan.mål[7].slut", 4),
        ("s.json", JSON, "plan.saknas", 2),
        ("s.json", JSON, "saknas", None),
        ("s.json", JSON.replace('"A-1",', '"A-1"'), "", 4),
        ("s.json", '{"a": 1,\n"b": 2,\n"a": 3}', "", 3),
        ("s.json", "", "", None),
        ("s.xml", XML, "b:Plan.b:Nr", 3),
        ("s.xml", XML, "Nr", 3),
        ("s.xml", XML, "Plan.Mal.@slut", 2),
        ("s.xml", XML, "Saknas", None),
        ("s.xml", XML.replace("</a:Nr>", "</a:Nummer>"), "", 3),
        ("s.csv", "A;B\n1;2\n", "B", 2),
        ("s.csv", "A;B\n1;2\n", "C", 1),
        ("s.csv", "A;B\n1\n", "row 2", 2),
        ("s.hl7", "MSH|^~\\&\rPID|1\rOBX|1\rOBX|2\r", "PID-3.1", 2),
        ("s.hl7", "MSH|^~\\&\rPID|1\rOBX|1\rOBX|2\r", "OBX-5", None),
        ("s.txt", "x", "", None),
    ],
)
def test_where_a_field_stands(name: str, text: str, path: str, line: int | None) -> None:
    assert Sample(name, text.encode()).line(path) == line


def test_what_a_rule_reads_is_told_by_the_mapping_and_the_sample() -> None:
    mapping = push_mapping('"{plan.nr}"')
    sample = Sample("examples/s.json", JSON.encode())
    issue = Issue("plan.nr", "date-malformed")
    alone = told(mapping, issue)
    assert alone.startswith("m.yaml:8: plan.nr: date-malformed (")
    assert told(mapping, issue, sample) == f"{alone}, in examples/s.json:3"


def test_what_no_rule_reads_is_told_by_the_sample() -> None:
    mapping = push_mapping('"{plan.nr}"')
    broken = Sample("examples/s.json", JSON.replace('"A-1",', '"A-1"').encode())
    assert told(mapping, Issue("", "not-json"), broken).startswith(
        "examples/s.json:4: the document: not-json ("
    )
    assert told(mapping, Issue("", "not-json")).startswith("m.yaml:1: ")


MAPPING = """
mapping: m
version: "1"
source: json
target: push
event: [person]
record_types: [person]
envelope: {person: "{pnr}", record: "{nr}"}
body: {nr: {from: nr, using: integer}}
"""


def tried(folder: Path, sample: str, expected: str = '{"nr": 7}') -> ExampleResult:
    examples = folder / "systems" / "s" / "examples"
    examples.mkdir(parents=True)
    (examples / "m.json").write_text(sample)
    (examples / "m.expected.json").write_text(expected)
    [result] = run_examples(load_catalog({"systems/s/m.yaml": MAPPING}), {}, alingsas(), [folder])
    return result


@pytest.mark.parametrize(
    ("sample", "expected", "difference", "says"),
    [
        ('{"pnr": "191212121212", "nr": 7}', '{"nr": 7}', None, []),
        (
            '{"pnr":\n 19',
            '{"nr": 7}',
            "sample-refused",
            ["systems/s/examples/m.json:2: the document: not-json"],
        ),
        (
            '{"nr": 7,\n"pnr": "191212121213"}',
            '{"nr": 7}',
            "sample-refused",
            ["systems/s/m.yaml:8: pnr: identity-check-digit, in systems/s/examples/m.json:2"],
        ),
        (
            '{"pnr": "191212121212",\n"nr": "x"}',
            '{"nr": 7}',
            "mapping-refused",
            ["systems/s/m.yaml:9: nr: not-an-integer, in systems/s/examples/m.json:2"],
        ),
        (
            '{"pnr": "191212121212", "nr": 7}',
            '{"nr":\n 7,}',
            "expected-output-unreadable",
            ["systems/s/examples/m.expected.json:2: the document: not-json"],
        ),
    ],
)
def test_an_example_that_is_broken_says_where_and_ends_no_run(
    tmp_path: Path, sample: str, expected: str, difference: str | None, says: list[str]
) -> None:
    result = tried(tmp_path, sample, expected)
    mapping = load_catalog({"systems/s/m.yaml": MAPPING}).named("m")
    assert result.difference == difference
    told_of = [told(mapping, issue, result.sample) for issue in result.issues]
    assert [re.sub(r" \(.*\)", "", one) for one in told_of] == says
