"""FHIR's JSON and XML forms say the same: every example and every answer comes back as it was, in the order that R4 asks for."""

from __future__ import annotations

import json
from datetime import date
from importlib.resources import files
from itertools import product
from time import process_time
from typing import Any, Final

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.domain.errors import InputError, Issue
from adapter.fhir.bundles import searchset
from adapter.fhir.capability import capability_statement
from adapter.fhir.outcome import operation_outcome
from adapter.fhir.paths import MAX_ISSUES
from adapter.fhir.profiles.packaged import profile_checker
from adapter.fhir.xml.reading import XmlReader
from adapter.fhir.xml.shapes import Shapes
from adapter.fhir.xml.writing import NotOfFhir, XmlWriter

SHAPES: Final = Shapes(profile_checker().definitions)
READER, WRITER = XmlReader(SHAPES), XmlWriter(SHAPES)
BASE: Final = "https://sambro.example/fhir"
EXAMPLES: Final = {
    file.name: file.read_bytes() for file in sorted((files("fhir_profiles") / "examples").iterdir(), key=str)
}
ANSWERS: Final[dict[str, Any]] = {
    "searchset": orjson.loads(
        searchset(BASE, "CarePlan", [orjson.loads(EXAMPLES["CarePlan-plan.json"])], total=1)
    ),
    "OperationOutcome": operation_outcome([Issue("Consent.status", "required"), Issue("http.x", "value")]),
    "CapabilityStatement": capability_statement(
        BASE,
        [("GET", "{type}/{id}"), ("POST", "{type}/$validate"), ("POST", "$confirm-receipt")],
        version="1",
        published=date(2026, 11, 22),
    ),
}


def exactly(body: bytes) -> Any:
    """JSON with its numbers as text."""
    return json.loads(body, parse_float=str, parse_int=str)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_comes_back_as_it_was(name: str) -> None:
    assert exactly(READER.read(WRITER.written(EXAMPLES[name]))) == exactly(EXAMPLES[name])


@pytest.mark.parametrize("name", ANSWERS)
def test_every_kind_of_answer_comes_back_as_it_was(name: str) -> None:
    body = orjson.dumps(ANSWERS[name])
    assert exactly(READER.read(WRITER.written(body))) == exactly(body)


TEXT: Final = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\n\t"),
    min_size=1,
)
EXTENSION: Final = st.fixed_dictionaries({"url": st.just("urn:x"), "valueString": TEXT})
BESIDE: Final = st.none() | st.fixed_dictionaries(
    {"extension": st.lists(EXTENSION, min_size=1, max_size=2)}, optional={"id": st.just("a1")}
)
NUMBER: Final = st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)


@given(TEXT, st.lists(st.tuples(TEXT, BESIDE), min_size=1, max_size=4), NUMBER)
@settings(max_examples=60, deadline=None)
def test_text_extensions_and_numbers_are_kept_to_the_letter(
    text: str, given_names: list[tuple[str, Any]], number: str
) -> None:
    observation: dict[str, Any] = {
        "resourceType": "Observation",
        "contained": [
            {
                "resourceType": "Patient",
                "name": [
                    {"given": [name for name, _ in given_names], "_given": [it for _, it in given_names]}
                ],
            }
        ],
        "valueQuantity": {"value": orjson.Fragment(number), "unit": text},
    }
    name = observation["contained"][0]["name"][0]
    if not any(name["_given"]):
        del name["_given"]
    body = orjson.dumps(observation)
    assert exactly(READER.read(WRITER.written(body))) == exactly(body)


def test_a_primitive_without_a_value_keeps_its_extensions() -> None:
    absent = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}]}
    body = orjson.dumps(
        {"resourceType": "Patient", "name": [{"_given": [absent]}], "_birthDate": absent, "active": False}
    )
    assert exactly(READER.read(WRITER.written(body))) == exactly(body)


def test_elements_stand_in_the_order_of_their_definition() -> None:
    body = orjson.dumps(
        {"id": "p", "birthDate": "1912-12-12", "active": True, "resourceType": "Patient", "meta": {}}
    )
    assert WRITER.written(body).splitlines()[1] == (
        b'<Patient xmlns="http://hl7.org/fhir"><id value="p"/><meta/><active value="true"/>'
        b'<birthDate value="1912-12-12"/></Patient>'
    )


def test_a_narrative_is_xhtml() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>Å &amp; <b>ö</b><!-- x --></p></div>'
    body = orjson.dumps({"resourceType": "Patient", "text": {"status": "generated", "div": div}})
    written = WRITER.written(body)
    assert div in written.decode()
    assert exactly(READER.read(written)) == exactly(body)


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Rumpelstilz"},
        {"resourceType": "Patient", "shoeSize": 1},
        {"resourceType": "Patient", "name": [{"nick": "x"}]},
        {"resourceType": "Patient", "_active": {"colour": "x"}},
    ],
)
def test_what_fhir_does_not_define_is_not_left_out_silently(resource: Any) -> None:
    with pytest.raises(NotOfFhir):
        WRITER.written(orjson.dumps(resource))


def patient(inner: str, attributes: str = "") -> bytes:
    return f'<Patient xmlns="http://hl7.org/fhir"{attributes}>{inner}</Patient>'.encode()


DEEP: Final = "<extension url='x'>" * 101 + "</extension>" * 101
FAULTS: Final[dict[str, tuple[bytes, list[tuple[str, str]]]]] = {
    "no XML": (b"{}", [("", "unreadable")]),
    "a DTD": (b"<!DOCTYPE Patient []>" + patient(""), [("", "dtd-not-allowed")]),
    "an entity": (
        b'<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        + patient("<name><text value='&x;'/></name>"),
        [("", "dtd-not-allowed")],
    ),
    "an unknown entity": (patient("<active value='&x;'/>"), [("", "unreadable")]),
    "UTF-16": (patient("").decode().encode("utf-16"), [("", "unreadable")]),
    "another encoding": (
        b'<?xml version="1.0" encoding="latin-1"?>' + patient("\u00e5"),
        [("Patient", "text")],
    ),
    "another namespace": (b'<Patient xmlns="urn:x"/>', [("", "unknown-resource-type")]),
    "no type of ours": (b'<Rumpel xmlns="http://hl7.org/fhir"/>', [("", "unknown-resource-type")]),
    "an unknown element": (patient("<shoeSize value='1'/>"), [("Patient.shoeSize", "unknown-element")]),
    "a name that may be a number": (patient("<p191212121212/>"), [("Patient", "unknown-element")]),
    "an unknown attribute": (patient("", " id='p'"), [("Patient", "unknown-element")]),
    "an element for an attribute": (
        patient("<extension><url value='x'/></extension>"),
        [("Patient.extension[0].url", "unknown-element")],
    ),
    "out of order": (
        patient("<birthDate value='1912-12-12'/><active value='true'/>"),
        [("Patient.active", "element-order")],
    ),
    "twice": (
        patient("<active value='true'/><active value='true'/>"),
        [("Patient.active", "too-many-values")],
    ),
    "text": (patient("<active>true</active>"), [("Patient.active", "text"), ("Patient.active", "empty")]),
    "nothing": (patient("<name><given/></name>"), [("Patient.name[0].given[0]", "empty")]),
    "two in one": (
        patient("<contained><Patient/><Patient/></contained>"),
        [("Patient.contained[0]", "unreadable")],
    ),
    "too deep": (patient(DEEP), [("Patient" + ".extension[0]" * 100, "too-deep")]),
    "too many": (patient("<name/>" * 20_001), [("Patient", "too-many-elements")]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_form_is_told_with_its_path(name: str) -> None:
    body, expected = FAULTS[name]
    with pytest.raises(InputError) as caught:
        READER.read(body)
    assert caught.value.status == 400
    assert [(issue.path, issue.code) for issue in caught.value.issues] == expected


def test_faults_without_end_are_told_up_to_a_bound() -> None:
    names = ("".join(letters) for letters in product("abcdefghij", repeat=3))
    with pytest.raises(InputError) as caught:
        READER.read(patient("".join(f"<q{name}/>" for name in names)))
    assert len(caught.value.issues) == MAX_ISSUES


def test_attributes_without_end_are_refused_at_once() -> None:
    many = " ".join(f"a{place}=''" for place in range(20_000))
    started = process_time()
    with pytest.raises(InputError):
        READER.read(patient("", f" {many}"))
    assert process_time() - started < 1
