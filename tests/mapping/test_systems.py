"""The system folders: what means the same becomes the same FHIR, and neither the order of fields nor a second run changes it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

import pytest
from lxml import etree

from adapter.mapping.catalog import load_catalog, packaged_files
from adapter.mapping.examples import example_context, own_reader
from adapter.mapping.mapping import Mapped, Mapping
from adapter.mapping.source import Source
from tests.exchange.parties import alingsas

SYSTEMS: Final = files("mappings") / "systems"
CATALOG: Final = load_catalog(packaged_files())
OWN: Final = [mapping for mapping in CATALOG.all() if mapping.source in ("json", "xml", "csv")]
SAME: Final = {
    "sip": "sip",
    "audit": "screening",
    "consent": "consent",
    "consent.revoked": "consent.revoked",
    "enrolment": "enrolment",
    "enrolment.closed": "enrolment.closed",
}


def examples(mapping: Mapping) -> Iterator[tuple[str, bytes]]:
    """Inputs of a mapping by name."""
    stem = mapping.file.rsplit("/", 1)[-1].removesuffix(".yaml")
    for entry in (SYSTEMS / mapping.folder / "examples").iterdir():
        if entry.name.split(".")[0] == stem and "expected" not in entry.name:
            yield entry.name, entry.read_bytes()


def mapped(mapping: Mapping, body: bytes, *, trace: bool = False) -> Mapped:
    read = own_reader(mapping)
    assert read is not None
    given = read(body)
    return mapping.apply(given.record, example_context(given, alingsas()), trace=trace)


@pytest.mark.parametrize("mapping", OWN, ids=lambda mapping: mapping.name)
def test_the_fields_of_a_trace_are_words_of_the_mapping_files(mapping: Mapping) -> None:
    files_of_mappings = "".join(packaged_files().values())
    for _, body in examples(mapping):
        fields = mapped(mapping, body, trace=True).fields
        assert fields
        for word in {word for pair in fields for path in pair for word in re.split(r"[.()]", path)}:
            assert word in files_of_mappings


def expected(folder: str, case: str) -> Any:
    return json.loads((SYSTEMS / folder / "examples" / f"{case}.expected.json").read_bytes())


def cases(*folders: str) -> list[tuple[str, str]]:
    return [
        (folder, case)
        for folder in folders
        for case in SAME
        if (SYSTEMS / folder / "examples" / f"{case}.expected.json").is_file()
    ]


@pytest.mark.parametrize(
    ("folder", "case"), cases("kommun_treserva", "kommun_combine", "region_samsa", "kommun_csv")
)
def test_the_same_record_is_the_same_fhir_from_every_system(folder: str, case: str) -> None:
    ours, pushed = expected(folder, case), expected("neutral_push", SAME[case])
    if (folder, case) == ("kommun_csv", "audit"):
        # A row has one comment, a pushed screening any number.
        for bundle in (ours, pushed):
            del bundle["entry"][0]["resource"]["note"]
    assert ours == pushed


def test_no_folder_lacks_a_record_that_it_is_said_to_have() -> None:
    assert len(cases("kommun_treserva", "kommun_combine", "kommun_csv")) == 3 * len(SAME)
    assert cases("region_samsa") == [("region_samsa", "sip")]


def test_an_audit_says_the_same_from_the_region_and_from_the_kommun() -> None:
    """Another screening by another unit: what its ten answers say is compared."""
    region, kommun = (
        next(
            entry["resource"]
            for entry in expected(folder, case)["entry"]
            if entry["resource"]["resourceType"] == "Observation"
        )
        for folder, case in (("region_hl7v2", "oru_r01.audit"), ("neutral_push", "screening"))
    )
    assert region["code"]["coding"][0] == kommun["code"]["coding"][0]
    for part in ("subject", "valueInteger", "interpretation", "status", "meta"):
        assert region[part] == kommun[part]
    answers = [
        [(answer["code"]["coding"][0], answer["valueInteger"]) for answer in one["component"]]
        for one in (region, kommun)
    ]
    assert answers[0] == answers[1]


def shuffled(value: Any, dice: random.Random) -> Any:
    """The members of every object in another order; lists stay as they are."""
    if isinstance(value, list):
        return [shuffled(member, dice) for member in value]
    if not isinstance(value, dict):
        return value
    return {key: shuffled(value[key], dice) for key in dice.sample(list(value), len(value))}


def rearranged(body: bytes, dice: random.Random) -> bytes:
    """XML with elements of different names in another order, those of one name in theirs, and attributes as well."""
    root = etree.fromstring(body)
    for element in root.iter():
        attributes = dict(element.attrib)
        element.attrib.clear()
        for name in dice.sample(sorted(attributes), len(attributes)):
            element.set(name, attributes[name])
        children = list(element)
        names = dice.sample([child.tag for child in children], len(children))
        by_name = {name: iter([child for child in children if child.tag == name]) for name in names}
        element[:] = [next(by_name[name]) for name in names]
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


@pytest.mark.parametrize("mapping", OWN, ids=lambda mapping: mapping.name)
def test_the_order_of_fields_changes_nothing(mapping: Mapping) -> None:
    read = own_reader(mapping)
    assert read is not None
    dice = random.Random(20261122)  # noqa: S311  not for a secret
    for _, body in examples(mapping):
        given = read(body)
        context, plain = example_context(given, alingsas()), mapped(mapping, body)
        for _ in range(10):
            source = Source(mapping.source, shuffled(dict(given.record.tree), dice))
            other = mapping.apply(source, context)
            assert (other.body, set(other.unmapped)) == (plain.body, set(plain.unmapped))


@pytest.mark.parametrize(
    "mapping", [one for one in OWN if one.source == "xml"], ids=lambda mapping: mapping.name
)
def test_the_order_of_elements_of_different_names_changes_nothing(mapping: Mapping) -> None:
    dice = random.Random(20261122)  # noqa: S311  not for a secret
    for _, body in examples(mapping):
        for _ in range(5):
            assert mapped(mapping, rearranged(body, dice)).body == mapped(mapping, body).body


@pytest.mark.parametrize("mapping", OWN, ids=lambda mapping: mapping.name)
def test_a_second_run_gives_the_same_ids_and_all_else(mapping: Mapping) -> None:
    for name, body in examples(mapping):
        assert mapped(mapping, body) == mapped(mapping, body)
        assert mapped(mapping, body).unmapped == (), name
