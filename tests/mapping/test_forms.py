"""Forms of AUDIT, AUDIT-C and DUDIT become results and forms again; one that contradicts itself becomes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from adapter.domain.errors import MappingError
from adapter.domain.records import SECURITY_LABEL
from adapter.fhir.profiles.packaged import profile_checker
from adapter.mapping.catalog import load_catalog, packaged_files
from adapter.mapping.examples import example_context, own_reader
from tests.conformance.planting import having, without
from tests.conformance.samples import Resource, example
from tests.exchange.parties import alingsas

CATALOG: Final = load_catalog(packaged_files())
UNIT: Final = {
    "type": "Organization",
    "identifier": {"system": "urn:oid:1.2.752.29.4.19", "value": "SE2120001553-1001"},
}
FORMS: Final = ("audit", "audit-c", "dudit")


def form(name: str) -> Resource:
    """The shipped example of a form, filled in by a unit."""
    return example(f"QuestionnaireResponse-{name}-answers") | {"author": UNIT}


def mapped(resource: Resource, mapping: str) -> Resource:
    """What becomes of a resource."""
    found = CATALOG.named(mapping)
    read = own_reader(found)
    assert read is not None
    given = read(json.dumps(resource).encode())
    made = found.apply(given.record, example_context(given, alingsas()))
    assert made.unmapped == ()
    [entry] = made.body["entry"]
    resource = entry["resource"]
    assert profile_checker().check(resource) == ()
    return resource


@pytest.mark.parametrize("name", FORMS)
def test_a_form_there_and_back_has_every_answer(name: str) -> None:
    there = mapped(form(name), "fhir-forms-answers")
    back = mapped(there, "fhir-forms-answers-back")

    for kept in ("questionnaire", "status", "subject", "authored", "item"):
        assert back[kept] == form(name)[kept]
    assert back["author"]["identifier"] == UNIT["identifier"]


@pytest.mark.parametrize("name", FORMS)
def test_a_form_becomes_the_result_that_is_shipped_for_it(name: str) -> None:
    result, shipped = mapped(form(name), "fhir-forms-answers"), example(f"Observation-{name}-result")

    assert result["valueInteger"] == shipped["valueInteger"]
    assert _scores(result) == _scores(shipped)


def test_the_forms_own_identifier_is_what_the_result_is_derived_from() -> None:
    identifier = {"system": "urn:oid:1.2.752.129.2.1.2.1", "value": "F-1"}
    result = mapped(form("dudit") | {"identifier": identifier}, "fhir-forms-answers")

    assert result["derivedFrom"] == [{"type": "QuestionnaireResponse", "identifier": identifier}]
    assert mapped(result, "fhir-forms-answers-back")["identifier"] == identifier


def test_the_forms_labels_go_with_the_result_and_protection_is_told() -> None:
    labels = [
        {"system": "https://kommun.example/label", "code": "x"},
        {"system": SECURITY_LABEL, "code": "sekretessmarkering"},
    ]
    said = form("audit") | {"meta": {"security": [label | {"display": "words"} for label in labels]}}
    assert mapped(said, "fhir-forms-answers")["meta"]["security"] == labels
    envelope = CATALOG.answers.envelope
    assert envelope is not None
    read = envelope.read(said, datetime(2026, 11, 22, tzinfo=UTC))
    assert read.protection == frozenset({"sekretessmarkering"})


@pytest.mark.parametrize(
    ("name", "change", "fault"),
    [
        (
            "audit",
            having(1, "item", 8, "answer", 0, "valueInteger"),
            ("Observation.$total.items.9", "score-not-allowed"),
        ),
        (
            "audit",
            having(5, "item", 0, "answer", 0, "valueInteger"),
            ("Observation.$total.items.1", "score-out-of-range"),
        ),
        ("audit-c", having("4", "item", 2, "linkId"), ("Observation.$total.items.4", "item-unknown")),
        ("dudit", without("item", 10), ("Observation.$total.items.11", "item-missing")),
        ("dudit", without("item", 3, "answer"), ("Observation.$total.items.4", "required")),
        ("dudit", having("1", "item", 1, "linkId"), ("Observation.$total.items.1", "item-repeated")),
        ("audit", having("in-progress", "status"), ("status", "code-unknown")),
        ("audit", without("item"), ("Observation.$total.total", "total-missing")),
    ],
)
def test_a_form_that_contradicts_itself_is_refused_by_its_item(
    name: str, change: Callable[[Resource], object], fault: tuple[str, str]
) -> None:
    resource = form(name)
    change(resource)
    with pytest.raises(MappingError) as refused:
        mapped(resource, "fhir-forms-answers")
    assert fault in [(issue.path, issue.code) for issue in refused.value.issues]


def test_a_total_alone_has_no_form_to_go_back_to() -> None:
    with pytest.raises(MappingError) as refused:
        mapped(example("Observation-audit-total"), "fhir-forms-answers-back")
    assert [issue.code for issue in refused.value.issues] == ["nothing-mapped"]


def _scores(observation: Resource) -> list[tuple[Any, Any]]:
    return [
        (component["code"]["coding"][0]["code"], component["valueInteger"])
        for component in observation["component"]
    ]
