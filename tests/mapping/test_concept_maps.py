"""Tables out of FHIR ConceptMaps: what is taken, and which row of which file is told when it is not safe to take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from adapter.domain.errors import ConfigurationError, MappingError
from adapter.mapping.catalog import load_catalog, packaged_files
from adapter.mapping.tables import load_terminology
from tests.mapping.compiled import apply

FILE: Final = "systems/x/m.yaml"
MAP_FILE: Final = "systems/x/sex.json"
MAPPING: Final = """mapping: m
version: "1"
source: push
target: push
event: [e]
record_types: []
tables:
  sex: {concept_map: sex.json%s}
body: {out: {from: in, table: sex}}
"""
ROW: Final = (
    '{"code": "%s", "display": "here", "target": [{"code": "%s", "display": "there", "equivalence": "%s"}]}'
)
TEXT: Final = """{
  "resourceType": "ConceptMap", "status": "active",
  "group": [{"source": "urn:here", "target": "urn:there", "targetVersion": "2", "element": [
%s
  ]%s}]
}"""


def rows(*found: tuple[str, str, str], unmapped: str = "") -> str:
    """A ConceptMap: its first row stands in line 4."""
    return TEXT % (",\n".join(ROW % row for row in found), unmapped and f', "unmapped": {unmapped}')


def looked_up(code: str, concept_map: str, keys: str = "") -> Any:
    """What a mapping with that ConceptMap beside it makes of a code."""
    mapping = load_catalog({FILE: MAPPING % keys, MAP_FILE: concept_map}).named("m")
    return apply(mapping, {"in": code}).body["out"]


def faults(concept_map: str, keys: str = "") -> list[str]:
    """What is told of one that is not taken."""
    with pytest.raises(ConfigurationError) as caught:
        load_catalog({FILE: MAPPING % keys, MAP_FILE: concept_map})
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("equivalence", ["equal", "equivalent", "wider", "subsumes"])
def test_a_row_that_says_as_much_or_less_is_taken(equivalence: str) -> None:
    assert looked_up("M", rows(("M", "male", equivalence))) == "male"


@pytest.mark.parametrize("equivalence", ["narrower", "specializes", "inexact", "relatedto", "disjoint"])
def test_a_row_that_may_say_more_is_refused_at_its_line(equivalence: str) -> None:
    (fault,) = faults(rows(("M", "male", "equal"), ("F", "female", equivalence)))
    assert fault.startswith(
        f"{MAP_FILE}:5: F is {equivalence} here: a table takes equal, equivalent, wider and"
    )


def test_of_several_targets_the_exact_one_is_taken() -> None:
    assert looked_up("A", rows(("A", "wide", "wider"), ("A", "same", "equivalent"))) == "same"
    (fault,) = faults(rows(("A", "one", "equal"), ("A", "two", "equivalent")))
    assert fault == f"{MAP_FILE}:5: A has several targets: leave the one that is meant"


def test_a_table_read_in_reverse_takes_what_is_safe_that_way() -> None:
    other = rows(("O", "other", "equivalent"), ("A", "other", "wider"), ("R", "red", "narrower"))
    assert [looked_up(code, other, ", reverse: true") for code in ("other", "red")] == ["O", "R"]
    (fault,) = faults(rows(("A", "other", "wider")), ", reverse: true")
    assert fault.startswith(f"{MAP_FILE}:4: other is narrower here (read in reverse): ")


def test_a_coding_is_given_with_its_system() -> None:
    one = rows(("M", "male", "equal"))
    there = {"system": "urn:there", "version": "2", "code": "male", "display": "there"}
    assert looked_up("M", one, ", gives: coding") == there
    here = {"system": "urn:here", "code": "M", "display": "here"}
    assert looked_up("male", one, ", gives: coding, reverse: true") == here


def test_what_is_not_listed_or_unmatched_is_refused_unless_there_is_a_default() -> None:
    one = rows(("M", "male", "equal"), ("Q", "", "unmatched"))
    for code in ("X", "Q"):
        with pytest.raises(MappingError, match="code-unknown"):
            looked_up(code, one)
    assert looked_up("X", one, ", default: unknown") == "unknown"
    fixed = rows(("M", "male", "equal"), unmapped='{"mode": "fixed", "code": "other"}')
    assert looked_up("X", fixed) == "other"
    assert looked_up("X", fixed, ", default: unknown") == "unknown"


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ('"resourceType": "ConceptMap"', '"resourceType": "ValueSet"', "1: a ConceptMap of FHIR R4 in JSON"),
        ('"active"', '"retired"', "2: the ConceptMap is retired"),
        (', "equivalence": "equal"', "", "4: a target needs its equivalence"),
        (
            '"equivalence": "equal"',
            '"relationship": "equivalent"',
            "4: a target needs its equivalence (FHIR R4)",
        ),
        (
            '"equivalence": "equal"',
            '"equivalence": "equal", "dependsOn": []',
            "4: dependsOn changes what the rows",
        ),
        (
            '"status": "active"',
            '"status": "active", "modifierExtension": []',
            "2: modifierExtension changes what",
        ),
        ('"code": "M", ', '"code": 5, ', "4: a row needs a code on both sides, as text"),
        ('"element": [', '"element": ["x", ', "3: an object is wanted"),
        ('"mode": "fixed"', '"mode": "provided"', "5: unmapped is taken with mode fixed and a code"),
        ("]\n}", "\n}", "6: YAML: "),
        ('"equal"', '"unmatched"', "1: the ConceptMap has no rows in this direction"),
    ],
)
def test_a_broken_concept_map_is_told_by_its_own_file_and_line(right: str, wrong: str, says: str) -> None:
    good = rows(("M", "male", "equal"), unmapped='{"mode": "fixed", "code": "other"}')
    assert looked_up("M", good) == "male"
    assert right in good
    assert any(fault.startswith(f"{MAP_FILE}:{says}") for fault in faults(good.replace(right, wrong)))


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (", gives: text", "8: gives is code or coding"),
        (", reverse: yes", "8: reverse is true or false"),
        (", rows: {a: b}", "8: the key rows is unknown"),
        (", revers: true", "8: the key revers is unknown"),
    ],
)
def test_what_a_table_says_of_its_concept_map_is_checked(keys: str, says: str) -> None:
    assert faults(rows(("M", "male", "equal")), keys) == [f"{FILE}:{says}"]


def test_a_concept_map_that_is_not_there_is_told_with_those_that_are() -> None:
    shipped = {path: text for path, text in packaged_files().items() if path.startswith("concept_maps/")}
    with pytest.raises(ConfigurationError) as caught:
        load_catalog(shipped | {FILE: MAPPING % ""})
    (fault,) = caught.value.faults
    assert str(fault).startswith(
        f"{FILE}:8: there is no ConceptMap {MAP_FILE}; name a .json file beside this one, or one of audit-answer"
    )


def test_the_tables_of_hl7_codes_are_those_of_our_implementation_guide() -> None:
    texts = packaged_files()
    terminology = load_terminology(
        {path: text for path, text in texts.items() if path.startswith("terminology/hl7-")}, texts
    )
    sexes = {"M": "male", "F": "female", "O": "other", "A": "other", "N": "other", "U": "unknown"}
    assert terminology.tables["hl7-administrative-sex"].rows == sexes
    states = {"F": "final", "C": "corrected", "P": "preliminary"}
    assert terminology.tables["hl7-result-status"].rows == states


def test_a_sites_own_concept_map_takes_the_place_of_ours_or_stands_beside_a_mapping(tmp_path: Path) -> None:
    for folder in ("systems/x", "concept_maps", "terminology"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / MAP_FILE).write_text(json.dumps(json.loads(rows(("M", "own", "equal"))), indent="\t"))
    (tmp_path / "concept_maps/hl7v2-result-status.json").write_text(rows(("Z", "final", "equal")))
    body = "{out: {from: in, table: sex}, two: {from: two, table: hl7-result-status}}"
    (tmp_path / FILE).write_text((MAPPING % "").replace("{out: {from: in, table: sex}}", body))
    texts = packaged_files(tmp_path)
    used = {
        path: text for path, text in texts.items() if path.startswith("systems/x/") or "systems/" not in path
    }
    made = apply(load_catalog(used).named("m"), {"in": "M", "two": "Z"}).body
    assert made == {"out": "own", "two": "final"}
