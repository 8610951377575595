"""Ways to break a mapping: each is one error that names the file, the line and the place, and says what to do."""

from __future__ import annotations

from typing import Any, Final

import pytest

from adapter.domain.errors import ConfigurationError, MappingError
from adapter.domain.located import locate
from adapter.fhir.profiles.packaged import packaged_shapes
from adapter.mapping.advice import told
from adapter.mapping.mapping import compile_mapping
from adapter.mapping.source import Source
from tests.mapping.compiled import CONTEXT, TERMINOLOGY, apply, fhir_mapping, push_mapping

FILE: Final = "systems/kommun_ny/enrolment.yaml"
GOOD: Final = """mapping: kommun-ny-enrolment
version: "1"
source: json
target: fhir
event: [enrolment]
record_types: [enrolment]
envelope:
  person: "{klient.nr}"
  record: "{id}"
  ends_enrolment: {if: läge, equals: ut, then: true, else: false}
tables:
  läge: {rows: {in: active, ut: finished}}
resources:
  - name: episode
    id: ["{id}"]
    resource:
      resourceType: EpisodeOfCare
      meta: {profile: ["https://w3id.org/sambro/fhir/StructureDefinition/enrolment"]}
      identifier: [{system: "https://w3id.org/sambro/fhir/record-id", value: {using: record_id}}]
      status: {from: läge, table: läge, required: true}
      patient: {using: subject}
      period: {start: {from: datum, using: date, required: true}}
      managingOrganization: {display: "{enhet.namn}"}
      diagnosis: [{for: rader, do: {condition: {display: "{namn}"}}}]
"""
SOURCE: Final[dict[str, Any]] = {
    "id": "7",
    "klient": {"nr": "191212121212"},
    "läge": "in",
    "datum": "20261116",
    "enhet": {"namn": "Mottagningen"},
    "ort": "Alingsås",
    "rader": [{"namn": "ett"}],
}


def said(text: str, source: dict[str, Any]) -> list[str]:
    """What an admin is told of a mapping, at load or, when that succeeds, of a record."""
    try:
        mapping = compile_mapping(locate(text, FILE), TERMINOLOGY, packaged_shapes)
    except ConfigurationError as error:
        return [str(fault) for fault in error.faults]
    try:
        mapping.apply(Source("json", source), CONTEXT)
    except MappingError as error:
        return [told(mapping, issue) for issue in error.issues]
    return []


def test_the_mapping_that_is_broken_below_is_whole() -> None:
    assert said(GOOD, SOURCE) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "says"),
    [
        ("StructureDefinition/enrolment", "StructureDefinition/enrolmnet", 18, "no profile of ours for EpisodeOfCare is https://w3id.org/sambro/fhir/StructureDefinition/enrolmnet; docs"),
        ("record_types: [enrolment]", "record_types: [inskrivning]", 6, "there is no record type inskrivning; there are SIP, AUDIT"),
        ('"{enhet.namn}"', '"{enhet.namn"', 23, "a brace that is text is written twice; a path stands between { and }"),
        ('"{enhet.namn}"', '"{$namn}"', 23, "let sets no variable $namn before this place; it sets none"),
        ("      patient:", "\tpatient:", 21, "YAML: found character '\\t' that cannot start any token; indent with blanks, not tabs"),
        ("      resourceType: E", "      text: a: b\n      resourceType: E", 17, "YAML: mapping values are not allowed here; a text with a colon in it stands"),
        ("from: datum,", "from: dag,", 22, "dag: required (the source has no value there: correct the path"),
        ("from: datum,", "from: datum..dag,", 22, "the path datum..dag cannot be read; write names with dots"),
        ("in: active, ", "", 20, "läge: code-unknown (the table has no row for what the source says: add one"),
        ("using: date,", "using: datum,", 22, "there is no function datum; known are agreement, date,"),
        ("      period:", "      periode:", 22, "EpisodeOfCare has no element periode; did you mean period?"),
        ("managingOrganization: {display:", "managingOrganization: {dispaly:", 23, "EpisodeOfCare.managingOrganization has no element dispaly; did you mean display?"),
        ("      status: {from: läge, table: läge, required: true}\n", "", 17, "EpisodeOfCare needs status, which nothing here feeds; add it"),
        ("table: läge,", "table: lagen,", 20, "there is no table lagen; write it under tables, or take one of colours,"),
        ("equals: ut,", "in: ut,", 10, "equals wants a constant, in a list of constants: {if:"),
        ("then: true, else: false}", "or: true}", 10, "a conditional needs then or else: {if:"),
        ("status: {from: läge, table", "status: {from: läge table", 20, "YAML: expected ',' or '}'"),
        ("for: rader,", "for: ort,", 24, "ort: not-an-object (the loop meets a plain value"),
        ('"{enhet.namn}"', '"{enhet}"', 23, "enhet: not-a-value (an object or a list stands there: name the field in it, or"),
        ("patient: {using: subject}", "patient: subject", 21, "EpisodeOfCare.patient is an object: write its elements (display,"),
        ("EpisodeOfCare\n", "Episode\n", 17, "there is no resource type Episode in FHIR R4"),
        ('  record: "{id}"\n', "", 8, "the envelope needs record"),
    ],
)  # fmt: skip
def test_a_break_is_told_with_its_place_and_what_to_do(right: str, wrong: str, line: int, says: str) -> None:
    assert GOOD.count(right) == 1
    found = said(GOOD.replace(right, wrong), SOURCE)
    assert [one for one in found if one.startswith(f"{FILE}:{line}: {says}")], found


@pytest.mark.parametrize("date", ["16/11-26", "2026-13-01", "igår"])
def test_a_date_that_cannot_be_read_is_told_without_its_value(date: str) -> None:
    [line] = said(GOOD, SOURCE | {"datum": date})
    assert line.startswith(f"{FILE}:22: datum: date-malformed (no date that we read")
    assert date not in line


def test_an_answer_that_is_wrong_is_told_at_the_rule_that_counts_it() -> None:
    mapping = push_mapping(
        "{using: screening_total, instrument: AUDIT, total: '{sum}', items: [{for: a, do: {item: '{n}', score: '{s}'}}]}"
    )
    answers = [{"n": number, "s": 0} for number in range(1, 11)]
    for changed, says in (
        ({"sum": 1}, "out.total: total-not-the-sum (the answers have another sum"),
        ({"a": [*answers, {"n": 3, "s": 0}]}, "out.items.3: item-repeated (a question is answered twice"),
    ):
        with pytest.raises(MappingError) as caught:
            apply(mapping, {"sum": 0, "a": answers} | changed)
        (issue,) = caught.value.issues
        assert told(mapping, issue).startswith(f"m.yaml:8: {says}")


def test_the_trace_of_an_id_names_it() -> None:
    mapping = fhir_mapping("  - {name: a, id: ['{x}'], resource: {resourceType: Basic}}\n")
    assert [(row.source, row.target) for row in apply(mapping, {"x": "1"}).trace] == [("x", "Basic.id")]
