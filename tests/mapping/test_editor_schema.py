"""The JSON Schema for editors says what the loader says: of every shipped mapping, and of mappings that are wrong in one place."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from adapter.domain.errors import ConfigurationError
from adapter.domain.located import locate
from adapter.mapping.catalog import packaged_files
from adapter.mapping.editor_schema import mapping_schema
from tests.mapping.compiled import compiled

SCHEMA: Final = Draft202012Validator(mapping_schema())
SHIPPED: Final = {path: text for path, text in packaged_files().items() if path.startswith("systems/")}
GOOD: Final = """mapping: m
version: "1"
source: json
target: fhir
event: [sip]
record_types: [SIP]
when: {if: kind, equals: sip}
envelope: {person: "{p}", record: "{r}", active_plan: {if: s, equals: x, then: true, else: false}}
tables: {sizes: {rows: {S: 1}, default: 2}}
resources:
  - name: plan
    id: ["{r}"]
    if: a
    in: [1, 2]
    let: {day: {from: d, using: date}}
    resource:
      resourceType: CarePlan
      created: "{$day}"
      version: {from: v, table: sizes, default: 1, required: true}
      subject: {using: subject}
      author: {include: unit, with: {hsa: "{h}"}}
      goal: [{for: g, do: {using: reference, to: plan, id: ["{r}"]}, required: true}]
"""
WRONG: Final = [
    ("source: json", "source: yaml"),
    ('version: "1"\n', ""),
    ("record_types: [SIP]", "record_types: [SUP]"),
    ("record_types: [SIP]", "record_types: SIP"),
    ("when: {if: kind, equals: sip}", "columns: [a]"),
    ("when: {if: kind, equals: sip}", "when: {equals: sip}"),
    ('envelope: {person: "{p}", ', "envelope: {"),
    ('record: "{r}",', 'record: "{r}", recrod: x,'),
    ("{rows: {S: 1}, default: 2}", "{row: {S: 1}, default: 2}"),
    ("{rows: {S: 1}, default: 2}", "{concept_map: x, rows: {S: 1}}"),
    ("{rows: {S: 1}, default: 2}", "{concept_map: x, gives: text}"),
    ("{rows: {S: 1}, default: 2}", "{rows: {S: 1}, reverse: true}"),
    ('    id: ["{r}"]\n', ""),
    ("    if: a\n", "    wenn: a\n"),
    ("using: date", "using: dates"),
    ("{from: d, using: date}", "{using: date}"),
    ("{using: subject}", "{from: a, using: subject}"),
    ("table: sizes,", "tabel: sizes,"),
    ("required: true}\n", "required: yes}\n"),
    ("      resourceType: CarePlan\n", ""),
    ("target: fhir", "target: push"),
    ("version: {from: v, table: sizes", "version: {from: v, column: sizes"),
    ('created: "{$day}"', "created: null"),
    ("with: {hsa:", "with: [hsa], wiht: {hsa:"),
    ('with: {hsa: "{h}"}', "with: text"),
    ("else: false}}", "otherwise: false}}"),
]

WRITTEN: Final = """mapping: m
version: "1"
source: fhir
target: csv
charset: utf-8
columns: [a]
event: [AUDIT]
record_types: [AUDIT]
body: {a: "{Observation.id}"}
"""
WRONGLY_WRITTEN: Final = [
    ("columns: [a]\n", ""),
    ("charset: utf-8\n", ""),
    ("charset: utf-8", "charset: utf-16"),
    ("charset: utf-8", "charset: utf-8\nmessage: ADT^A31^ADT_A05"),
    ("source: fhir", "source: push"),
    ("target: csv", "target: push"),
    ("target: csv", "target: hl7v2"),
    ("body: {", "resources: {"),
]


def says(text: str) -> bool:
    return bool(SCHEMA.is_valid(locate(text, "m.yaml").plain()))


def loads(text: str) -> bool:
    try:
        compiled(text)
    except ConfigurationError:
        return False
    return True


def test_the_committed_schema_is_the_one_that_the_loader_makes() -> None:
    committed: Any = json.loads((files("mappings") / "mapping.schema.json").read_bytes())
    assert committed == mapping_schema()
    Draft202012Validator.check_schema(committed)


@pytest.mark.parametrize("path", SHIPPED)
def test_every_shipped_mapping_holds(path: str) -> None:
    assert list(SCHEMA.iter_errors(locate(SHIPPED[path], path).plain())) == []


def test_a_good_mapping_holds_for_both() -> None:
    assert (says(GOOD), loads(GOOD)) == (True, True)
    of_concept_map = GOOD.replace("rows: {S: 1}", "concept_map: sizes, gives: coding, reverse: true")
    assert (says(of_concept_map), loads(of_concept_map)) == (True, True)
    assert (says(WRITTEN), loads(WRITTEN)) == (True, True)


@pytest.mark.parametrize(
    ("good", "right", "wrong"),
    [(GOOD, *case) for case in WRONG] + [(WRITTEN, *case) for case in WRONGLY_WRITTEN],
)
def test_what_the_loader_refuses_by_its_shape_the_schema_refuses(good: str, right: str, wrong: str) -> None:
    assert right in good
    text = good.replace(right, wrong)
    assert (says(text), loads(text)) == (False, False)
