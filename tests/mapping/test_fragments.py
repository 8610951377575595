"""Fragments: what they give at each place that includes them, and whose file and line is told when they are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from adapter.domain.errors import ConfigurationError, MappingError
from adapter.fhir.profiles.packaged import packaged_shapes
from adapter.mapping.advice import told
from adapter.mapping.catalog import load_catalog, packaged_files
from adapter.mapping.mapping import Mapped
from adapter.mapping.mapping import Mapping as RecordMapping
from tests.mapping.compiled import PROTECTED, apply

FILE: Final = "systems/x/m.yaml"
PERIOD: Final = """fragment: period
with: [start, end]
value:
  start: {from: start, using: date, required: true}
  end: {from: end, using: date}
"""
MAPPING: Final = """mapping: m
version: "1"
source: json
target: fhir
event: [e]
record_types: []
envelope: {person: "{p}", record: "{r}"}
%sresources:
  - name: plan
    id: ["{r}"]
    resource:
      resourceType: CarePlan
      status: active
      intent: plan
      subject: {using: subject}
%s"""
INCLUDED: Final = '      period:\n        include: period\n        with: {start: "{from.day}", end: "{to}"}\n'


def loaded(template: str = INCLUDED, header: str = "", **fragments: str) -> RecordMapping:
    """A mapping with ``template`` beneath its CarePlan (from line 16 on), and the fragment ``period``."""
    files = {f"fragments/{name}.yaml": text for name, text in {"period": PERIOD, **fragments}.items()}
    texts = files | {FILE: MAPPING % (header, template)}
    return load_catalog(texts, packaged_shapes).named("m")


def made(template: str, tree: dict[str, Any], **fragments: str) -> dict[str, Any]:
    """The CarePlan of a record."""
    plan: dict[str, Any] = mapped(template, tree, **fragments).body["entry"][0]["resource"]
    return plan


def mapped(template: str, tree: dict[str, Any], **fragments: str) -> Mapped:
    """What a record gives."""
    return apply(loaded(template, **fragments), {"p": "191212121212", "r": "7"} | tree)


def faults(template: str = INCLUDED, **fragments: str) -> list[str]:
    """What is told at load."""
    with pytest.raises(ConfigurationError) as caught:
        loaded(template, **fragments)
    return [str(fault) for fault in caught.value.faults]


def test_a_fragment_is_filled_with_what_the_place_gives_it() -> None:
    tree = {"from": {"day": "20261116"}, "to": "2026-11-17", "other": 1}
    done = mapped(INCLUDED, tree)
    assert done.body["entry"][0]["resource"]["period"] == {"start": "2026-11-16", "end": "2026-11-17"}
    assert done.unmapped == ("other",)


def test_it_goes_over_lists_that_it_is_given_and_includes_others() -> None:
    notes = (
        "fragment: notes\nwith: [rows]\nvalue:\n  - for: rows\n    do: {include: note, with: {text: '{t}'}}\n"
    )
    note = "fragment: note\nwith: [text]\nvalue: {text: '{text}', authorString: '{text}'}\n"
    template = "      note: {include: notes, with: {rows: [{for: lines, do: {t: '{.}'}}]}}\n"
    plan = made(template, {"lines": ["one", "two"]}, notes=notes, note=note)
    assert plan["note"] == [{"text": text, "authorString": text} for text in ("one", "two")]


def test_it_is_left_out_when_only_constants_are_given_to_it() -> None:
    kind = "fragment: kind\nwith: [a, b]\nvalue: {text: '{a}', coding: [{display: '{b}'}]}\n"
    template = "      category: [{include: kind, with: {a: fixed, b: '{code}'}}]\n"
    assert "category" not in made(template, {}, kind=kind)
    assert made(template, {"code": "x"}, kind=kind)["category"] == [
        {"text": "fixed", "coding": [{"display": "x"}]}
    ]
    alone = "      category: [{include: kind, with: {a: fixed}}]\n"
    assert made(alone, {}, kind=kind)["category"] == [{"text": "fixed"}]


def test_its_own_tables_are_looked_up_and_no_others() -> None:
    own = "fragment: kind\nwith: [a]\ntables: {t: {rows: {x: y}}}\nvalue: {text: {from: a, table: t}}\n"
    template = "      category: [{include: kind, with: {a: '{code}'}}]\n"
    assert made(template, {"code": "x"}, kind=own)["category"] == [{"text": "y"}]
    (fault,) = faults(template, kind=own.replace("tables: {t: ", "tables: {u: "))
    assert fault.startswith("fragments/kind.yaml:4: there is no table t;")


def test_a_fault_of_a_record_names_source_path_inclusion_and_fragment() -> None:
    mapping = loaded()
    with pytest.raises(MappingError) as caught:
        apply(mapping, {"p": "191212121212", "r": "7", "from": {"day": "x"}})
    (issue,) = caught.value.issues
    assert told(mapping, issue).startswith(
        f"{FILE}:18: from.day: date-malformed, read in fragments/period.yaml:4 (no date"
    )
    with pytest.raises(MappingError) as caught:
        apply(mapping, {"p": "191212121212", "r": "7", "to": "2026"})
    (issue,) = caught.value.issues
    assert told(mapping, issue).startswith(
        f"{FILE}:18: from.day: required, read in fragments/period.yaml:4 ("
    )


def test_a_trace_names_the_line_of_the_fragment() -> None:
    rows = mapped(INCLUDED, {"from": {"day": "20261116"}}).trace
    assert [(row.source, row.target, row.within) for row in rows if row.source == "from.day"] == [
        ("from.day", "CarePlan.period.(period.start)", ""),
        ("from.day", "CarePlan.period.start", "fragments/period.yaml:4"),
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("include: period", "include: time", f"{FILE}:17: there is no fragment time; there are period"),
        ("end: ", "ende: ", f"{FILE}:18: period takes no ende; it takes end, start"),
        ('{start: "{from.day}", end: "{to}"}', "start", f"{FILE}:18: with is an object: name: value"),
        ("with: ", "then: x\n        with: ", f"{FILE}:18: the key then is unknown here"),
        ("{to}", "{to..x}", f"{FILE}:18: the path to..x cannot be read"),
    ],
)
def test_a_wrong_inclusion_is_told_at_its_line(right: str, wrong: str, says: str) -> None:
    assert right in INCLUDED
    assert any(fault.startswith(says) for fault in faults(INCLUDED.replace(right, wrong)))


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("from: end", "from: ende", "5: period is given no ende; it takes end, start"),
        ("using: date}", "using: dates}", "5: there is no function dates"),
        ("  end: {", "  ende: {", "5: CarePlan.period has no element ende; did you mean end?"),
        ("with: [start, end]", "with: start", "1: a fragment needs fragment, its name; with, the names"),
        ("value:", "values:", "4: the key values is unknown here"),
        ("fragment: period", "tables: x\nfragment: period", "1: tables is an object"),
        ("  end: {from: end, using: date}\n", "  end: [\n", "6: YAML: "),
        ("from: end, using: date", "using: reference, to: plan", "5: there is no function reference"),
    ],
)
def test_a_wrong_fragment_is_told_by_its_own_file_and_line(right: str, wrong: str, says: str) -> None:
    assert right in PERIOD
    text = PERIOD[::-1].replace(right[::-1], wrong[::-1], 1)[::-1]
    assert any(fault.startswith(f"fragments/period.yaml:{says}") for fault in faults(period=text))


def test_fragments_that_include_each_other_are_refused() -> None:
    a = "fragment: a\nwith: [x]\nvalue: {include: b, with: {x: '{x}'}}\n"
    template = "      period: {include: a, with: {x: '{y}'}}\n"
    (fault,) = faults(
        template, a=a, b=a.replace("fragment: a", "fragment: b").replace("include: b", "include: a")
    )
    assert fault == "fragments/b.yaml:3: fragments include each other: a > b > a"


def test_two_fragments_of_one_name_are_refused() -> None:
    assert faults(z=PERIOD) == ["fragments/z.yaml:1: the fragment period is defined twice"]


def test_where_a_person_is_stays_protected_within_a_fragment() -> None:
    template = (
        "  - name: who\n    id: ['{r}']\n    resource:\n      resourceType: RelatedPerson\n"
        "      patient: {using: subject}\n      address: [{include: town, with: {x: '{y}'}}]\n"
    )
    town = "fragment: town\nwith: [x]\nvalue: {city: '{x}'}\n"
    assert any("has to do with where a person is" in fault for fault in faults(template, town=town))
    mapping = loaded(template, "protected: [RelatedPerson.address]\n", town=town)
    record = {"p": "191212121212", "r": "7", "y": "Alingsås"}
    assert apply(mapping, record).body["entry"][1]["resource"]["address"] == [{"city": "Alingsås"}]
    assert "address" not in apply(mapping, record, PROTECTED).body["entry"][1]["resource"]


def test_a_sites_own_fragment_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "fragments").mkdir()
    (tmp_path / "fragments" / "unit.yaml").write_text(PERIOD.replace("period", "unit"), encoding="utf-8")
    assert packaged_files(tmp_path)["fragments/unit.yaml"].startswith("fragment: unit\nwith: [start")
    with pytest.raises(ConfigurationError, match="unit takes no hsa"):
        load_catalog(packaged_files(tmp_path))
