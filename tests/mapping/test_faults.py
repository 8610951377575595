"""Faulty mapping and terminology files: each fault with its file and line, all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapter.domain.errors import ConfigurationError, MappingError
from adapter.mapping.catalog import load_catalog, packaged_files
from adapter.mapping.source import Form
from adapter.mapping.tables import load_terminology
from tests.mapping.compiled import compiled, fhir_mapping, push_mapping


def faults(load: Callable[[], object]) -> list[str]:
    """What is wrong with what ``load`` loads, as ``line: message``."""
    with pytest.raises(ConfigurationError) as caught:
        load()
    return [f"{fault.line}: {fault.message}" for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("template", "source", "message"),
    [
        ('"{a..b}"', "push", "the path a..b cannot be read"),
        ('"{a[b].c}"', "push", "the path a[b].c cannot be read"),
        ('"{}"', "push", "a path is wanted"),
        ('"{a} }"', "push", "a brace that is text is written twice"),
        ('"{PID.5}"', "hl7v2", "the path PID.5 cannot be read"),
        ('"{PID-0}"', "hl7v2", "the path PID-0 cannot be read"),
        ('"{.1}"', "hl7v2", "the path .1 stands in no loop over repetitions"),
        ('"{^.a}"', "push", "^ goes beyond the outermost loop"),
        ('"{$x}"', "push", "let sets no variable $x before this place; it sets none"),
        ("null", "push", "null is no value"),
        ("{from: a, using: nonsense}", "push", "there is no function nonsense"),
        ("{from: a, using: subject}", "push", "subject takes no from"),
        ("{using: date}", "push", "date needs from"),
        (
            "{from: a, using: interpretation, instrument: A, at: x}",
            "push",
            "interpretation needs cut_offs",
        ),
        (
            "{from: a, using: interpretation, instrument: A, at: x, cut_offs: y}",
            "push",
            "there are no cut-offs y",
        ),
        ("{from: a, sytem: x}", "push", "the key sytem is unknown here"),
        ("{from: a, using: date, system: x}", "push", "the key system is unknown here"),
        ("{from: a, table: nowhere}", "push", "there is no table nowhere"),
        ("{from: a, table: items, column: colour}", "push", "the table has no column colour"),
        ("{from: a, table: sizes, column: x}", "push", "the table has no column x"),
        ("{from: a, column: x}", "push", "column needs a table"),
        ("{from: a, required: maybe}", "push", "required is true or false"),
        ("{from: [a, b]}", "push", "a path is wanted"),
        ("{if: a}", "push", "a conditional needs then or else"),
        ("{if: a, equals: 1, in: [1], then: x}", "push", "a condition has equals or in, not both"),
        ("{if: a, in: 1, then: x}", "push", "equals wants a constant, in a list of constants"),
        ("{if: a, equals: [1], then: x}", "push", "equals wants a constant, in a list of constants"),
        ("{if: a, then: x, otherwise: y}", "push", "the key otherwise is unknown here"),
        ("{for: a, do: x, while: y}", "push", "the key while is unknown here"),
        (
            '"{Patient.address.city}"',
            "fhir",
            "out has to do with where a person is: list it under protected",
        ),
    ],
)
def test_a_faulty_template_is_refused_at_its_line(template: str, source: Form, message: str) -> None:
    (fault,) = faults(lambda: push_mapping(template, source=source))
    assert fault.startswith(f"8: {message}")


@pytest.mark.parametrize(
    ("resources", "extra", "message"),
    [
        ("  - {name: a, resource: {resourceType: Basic}}\n", "", "8: a resource needs id"),
        (
            "  - {name: a, id: [x], resource: {code: 1}}\n",
            "",
            "8: resource is an object with a constant resourceType",
        ),
        ("  - {name: a, id: x, resource: {resourceType: Basic}}\n", "", "8: id is a list of values"),
        (
            "  - {name: a, id: [x], equals: 1, resource: {resourceType: Basic}}\n",
            "",
            "8: equals needs if",
        ),
        (
            "  - {name: a, id: [x], resource: {resourceType: Basic}}\n"
            "  - {name: a, id: [y], resource: {resourceType: Basic}}\n",
            "",
            "9: the resource a stands twice",
        ),
        (
            "  - {name: a, id: [x], resource: {resourceType: Basic, subject: {using: reference, to: b}}}\n",
            "",
            "8: reference needs to: the name of a resource of this mapping",
        ),
        (
            "  - {name: a, id: [x], resource: {resourceType: Basic, subject: {using: reference, to: b}}}\n"
            "  - {name: b, for: l, id: [x], resource: {resourceType: Basic}}\n",
            "",
            "8: b has a loop: stand in a loop over the same path, or give id",
        ),
        (
            "  - name: a\n    id: [x]\n    resource:\n      resourceType: Patient\n      telecom: [{value: x}]\n",
            "",
            "12: Patient.telecom has to do with where a person is: list it under protected",
        ),
        (
            "  - name: a\n    id: [x]\n    resource:\n      resourceType: Basic\n      a: {b: {address: x}}\n",
            "protected: [Basic.c]\n",
            "13: Basic.a.b.address has to do with where a person is: list it under protected",
        ),
        (
            "  - {name: a, id: [x], resource: {resourceType: Patient}}\n",
            "protected: [Patient.address]\n",
            "7: Patient.address is protected, but the template never fills it",
        ),
    ],
)
def test_a_faulty_resource_is_refused_at_its_line(resources: str, extra: str, message: str) -> None:
    assert message in faults(lambda: fhir_mapping(resources, extra=extra))


def test_a_faulty_header_is_refused_with_all_its_faults() -> None:
    text = (
        "mapping: [m]\nversion: 1\nsource: edifact\ntarget: fhir\nevent: e\nrecord_types: [SIP, sip]\n"
        "colour: red\nbody: {a: b}\ntables: {t: {row: {}}}\n"
    )
    assert faults(lambda: compiled(text)) == [
        "1: mapping is text",
        "1: the key resources is missing",
        "2: version is text",
        "3: source is one of push, hl7v2, fhir, csv, json, xml",
        "5: event is a list of texts",
        "6: there is no record type sip; there are SIP, AUDIT, DUDIT, enrolment, person",
        "7: the key colour is unknown here",
        "8: the key body is unknown here",
        "9: a table needs rows",
        "9: the key row is unknown",
    ]


CUT_OFFS = 'cut_offs: c\nversion: "1"\nsystem: s\nbands: {low: L, high: H}\nrows:\n'
ROW = "  - {instrument: AUDIT, sex: male, ages: [16, 65], starts: {low: 0, high: 8}}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "table: t\nrows: {a: b}\n",
            "1: a terminology file needs table (or cut_offs) with its name, and version",
        ),
        ('table: t\nversion: "1"\n', "1: a table needs rows"),
        ('table: t\nversion: "1"\nrows: [{item: 1}]\n', "3: a row needs codes, a list"),
        (
            'table: t\nversion: "1"\nrows:\n  - {codes: [a]}\n  - {codes: [b, a]}\n',
            "5: the code a stands twice",
        ),
        (
            'cut_offs: c\nversion: "1"\nrows: []\n',
            "1: cut-offs need system, bands (code: text) and rows, a list",
        ),
        (CUT_OFFS + ROW.replace("AUDIT", "CAGE"), "6: a row needs instrument"),
        (CUT_OFFS + ROW.replace("[16, 65]", "[12, 65]"), "6: ages is [youngest, oldest], from 16"),
        (CUT_OFFS + ROW.replace("low: 0", "low: 1"), "6: starts is band: lowest total"),
        (CUT_OFFS + ROW.replace("high: 8", "risk: 8"), "6: starts is band: lowest total"),
        (CUT_OFFS + ROW + ROW.replace("[16, 65]", "[65, 70]"), "7: the row's ages overlap"),
    ],
)
def test_faulty_terminology_is_refused_at_its_line(text: str, message: str) -> None:
    (fault,) = faults(lambda: load_terminology({"t.yaml": text}))
    assert fault.startswith(message)


MAPPING = "mapping: {name}\nversion: '1'\nsource: push\ntarget: {target}\nevent: [sip]\nrecord_types: [SIP]\n{part}\n"
TO_PUSH = {"target": "push", "part": "body: {a: b}"}
TO_FHIR = {"target": "fhir", "part": "resources: [{name: a, id: [x], resource: {resourceType: Basic}}]"}


def test_a_catalog_is_refused_with_the_faults_of_all_files() -> None:
    texts = {
        "systems/x/a.yaml": MAPPING.format(name="one", **TO_PUSH),
        "systems/x/b.yaml": MAPPING.format(name="one", **TO_PUSH),
        "systems/x/c.yaml": "mapping: [",
    }
    with pytest.raises(ConfigurationError) as caught:
        load_catalog(texts)
    assert [str(fault).split(": ", 1) for fault in caught.value.faults] == [
        ["systems/x/b.yaml:1", "sip is mapped by systems/x/a.yaml already"],
        ["systems/x/b.yaml:1", "the name one is taken by systems/x/a.yaml"],
        ["systems/x/c.yaml:1", "YAML: expected the node content, but found '<stream end>'"],
    ]


def test_a_catalog_finds_mappings_by_folder_event_and_target() -> None:
    catalog = load_catalog(
        {
            "systems/x/a.yaml": MAPPING.format(name="one", **TO_PUSH),
            "systems/x/b.yaml": MAPPING.format(name="two", **TO_FHIR),
            "systems/y/a.yaml": MAPPING.format(name="three", **TO_FHIR),
        }
    )
    assert catalog.select("x", "sip", "push").name == "one"
    assert catalog.select("x", "sip").name == "two"
    assert catalog.select("y", "sip").name == "three"
    assert [mapping.name for mapping in catalog.all()] == ["one", "three", "two"]
    assert catalog.named("two").events == {"sip"}
    with pytest.raises(MappingError, match="no-mapping"):
        catalog.select("y", "sip", "push")
    with pytest.raises(MappingError, match="no-mapping"):
        catalog.named("four")


def test_a_sites_own_file_takes_the_place_of_its_namesake(tmp_path: Path) -> None:
    own = tmp_path / "systems" / "region_hl7v2"
    own.mkdir(parents=True)
    (own / "oru_r01.yaml").write_text("own", encoding="utf-8")
    (tmp_path / "agreements").mkdir()
    (tmp_path / "agreements" / "a.yaml").write_text("not a mapping", encoding="utf-8")
    packaged, merged = packaged_files(), packaged_files(tmp_path)
    assert merged == packaged | {"systems/region_hl7v2/oru_r01.yaml": "own"}
