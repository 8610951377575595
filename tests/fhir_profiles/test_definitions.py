"""The shipped definitions are what the sources give, say the same as the code and the mappings, and hold no person."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from adapter.domain.records import CANONICAL, ConsentCategory, RecordType
from fhir_profiles.build.pages import write_pages
from fhir_profiles.build.resources import DISTILLED, PACKAGE, made, shipped
from fhir_profiles.build.sushi import SushiUnavailable
from tests.tools import sushi

Resource = dict[str, Any]

_FILES: Final = shipped()
_DEFINITIONS: Final[list[Resource]] = [
    json.loads(text) for path, text in _FILES.items() if path.startswith("definitions/")
]
_EXAMPLES: Final[dict[str, Resource]] = {
    path: json.loads(text) for path, text in _FILES.items() if path.startswith("examples/")
}
# The public test numbers, the only ones that may stand in a file.
_NUMBERS: Final = frozenset(
    [
        "191212121212",
        "196101182803",
        "189002029800",
        "200302022389",
        "199002222397",
        "195009072553",
        "200001252386",
        "189602029812",
        "196109732393",
    ]
)


@pytest.mark.timeout(300)
def test_sushi_gives_what_is_shipped(tmp_path: Path) -> None:
    try:
        files = made(sushi().compile(PACKAGE, tmp_path), sushi().core)
    except SushiUnavailable as error:
        pytest.skip(f"the FSH sources cannot be compiled: {error}")

    assert files.keys() == _FILES.keys()
    assert [path for path in files if files[path] != _FILES[path]] == []


def test_the_pages_show_what_is_shipped(tmp_path: Path) -> None:
    write_pages(_FILES, tmp_path)

    kept = Path(__file__).parents[2] / "docs" / "fhir"
    for page in tmp_path.iterdir():
        assert (kept / page.name).read_text(encoding="utf-8") == page.read_text(encoding="utf-8"), page.name


@pytest.mark.parametrize(
    ("system", "codes"),
    [
        ("consent-category", {*ConsentCategory}),
        ("record-type", {*RecordType}),
        ("dudit", {"dudit-total", *(f"dudit-{item}" for item in range(1, 12))}),
        ("screening-band", {"low", "risk", "harmful", "problem", "probable-dependence"}),
    ],
)
def test_a_code_system_has_the_codes_of_the_code(system: str, codes: set[str]) -> None:
    concepts = _definition(f"CodeSystem/{system}")["concept"]

    assert {concept["code"] for concept in concepts} == codes


def test_bands_are_those_of_the_cut_offs() -> None:
    cut_offs = _terminology("screening")
    concepts = _definition("CodeSystem/screening-band")["concept"]

    assert {it["code"]: it["display"] for it in concepts} == cut_offs["bands"]
    assert cut_offs["system"] == f"{CANONICAL}/CodeSystem/screening-band"


@pytest.mark.parametrize(("instrument", "table"), [("audit", "audit-codes"), ("dudit", "dudit-codes")])
def test_a_form_has_the_items_of_the_mappings_table(instrument: str, table: str) -> None:
    items = _definition(f"Questionnaire/{instrument}")["item"]
    rows = [row for row in _terminology(table)["rows"] if "item" in row]

    assert [(it["linkId"], it["code"][0], it["text"]) for it in items] == [
        (str(row["item"]), row["coding"], row["text"]) for row in rows
    ]


def test_every_definition_stands_under_our_canonical_with_its_file_name() -> None:
    for definition in _DEFINITIONS:
        assert definition["url"] == f"{CANONICAL}/{definition['resourceType']}/{definition['id']}"
    for path, text in _FILES.items():
        if path != DISTILLED:
            resource = json.loads(text)
            assert path.endswith(f"/{resource['resourceType']}-{resource['id']}.json")


def test_every_profile_that_can_be_claimed_has_an_example() -> None:
    claimed = {profile for example in _EXAMPLES.values() for profile in example["meta"]["profile"]}
    profiles = {
        it["url"]
        for it in _DEFINITIONS
        if it["resourceType"] == "StructureDefinition" and it["type"] != "Extension" and not it["abstract"]
    }
    forms = {profile for it in _DEFINITIONS for profile in it.get("meta", {}).get("profile", ())}

    assert profiles - claimed - forms == set()


def test_every_invariant_speaks_swedish_and_english() -> None:
    rules = [
        rule
        for it in _DEFINITIONS
        for element in it.get("differential", {}).get("element", ())
        for rule in element.get("constraint", ())
    ]

    assert len(rules) > 20
    assert [rule["key"] for rule in rules if " / " not in rule["human"]] == []


def test_only_public_test_numbers_stand_in_examples() -> None:
    found = {
        number
        for text in _FILES.values()
        for number in re.findall(r"(?<![0-9a-zA-Z-])(?:18|19|20)\d{6}-?\d{4}(?![0-9])", text)
    }

    assert found
    assert found <= _NUMBERS


def _definition(path: str) -> Resource:
    [found] = [it for it in _DEFINITIONS if it["url"] == f"{CANONICAL}/{path}"]
    return found


def _terminology(name: str) -> Resource:
    text = (files("mappings") / "terminology" / f"{name}.yaml").read_text(encoding="utf-8")
    table: Resource = yaml.safe_load(text)
    return table
