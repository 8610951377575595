"""Which elements of a Consent are read, at every place where one can stand: what R4 defines and we evaluate, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from adapter.domain.identity import HSA_ID
from adapter.gate.consent import compile_consent
from adapter.gate.decision import Verdict
from adapter.gate.vocabulary import ACT_REASON, PARTICIPATION_TYPE
from tests.gate.builders import (
    AGREEMENT,
    KOMMUN,
    NURSE_ROLE,
    PSYKIATRI,
    Json,
    actor,
    coding,
    concept,
    consent,
    data,
    decided,
    deny,
    record_types,
)

PERIOD = {"id": "p", "start": "2024-01-01", "end": "2024-12-31"}
CODING = {"id": "k", "version": "1", "display": "TREAT", "userSelected": True}
WHOLE_IDENTIFIER = PSYKIATRI.as_fhir() | {
    "id": "i",
    "use": "official",
    "type": concept("http://terminology.hl7.org/CodeSystem/v2-0203", "PRN"),
    "period": PERIOD,
    "assigner": {"display": "Inera"},
    "extension": [{"url": "urn:x", "valueString": "x"}],
}
ROLE = {
    "resourceType": "PractitionerRole",
    "id": "role",
    "meta": {"versionId": "1"},
    "language": "sv",
    "text": {"status": "generated"},
    "identifier": [{"system": HSA_ID, "value": "x"}],
    "active": True,
    "practitioner": {"type": "Practitioner", "identifier": {"system": HSA_ID, "value": "x"}},
    "organization": {"type": "Organization", "identifier": WHOLE_IDENTIFIER},
    "code": [concept(*NURSE_ROLE)],
    "telecom": [{"system": "phone"}],
}
LOADED: Json = consent(
    {
        "id": "1",
        "type": "permit",
        "period": PERIOD,
        "actor": [actor(PSYKIATRI), {"role": concept(PARTICIPATION_TYPE, "IRCP") | {"text": "x"}, "reference": {"reference": "#role"}}],
        "purpose": [coding(ACT_REASON, "TREAT") | CODING],
        "dataPeriod": {"end": "2024"},
        "data": data("instance", "CarePlan/1"),
        "code": record_types("SIP"),
        "provision": [deny(period={"end": "2023"})],
    },
    language="sv",
    text={"status": "generated"},
    contained=[ROLE],
    identifier=[{"system": "urn:s", "value": "1"}],
    dateTime="2024-01-01",
    performer=[{"display": "x"}],
    organization=[{"type": "Organization", "display": "x", "identifier": KOMMUN.as_fhir()}],
    sourceAttachment={"title": "x"},
    sourceReference={"display": "x"},
    policy=[{"uri": "urn:x"}],
    policyRule={"text": "x"},
    verification=[{"verified": True}],
    extension=[{"id": "e", "url": "https://w3id.org/sambro/fhir/StructureDefinition/agreement", "valueUri": AGREEMENT}],
)  # fmt: skip
"""One with every element that it can have and still be evaluated."""

PLACES = {
    "Consent": (),
    "Consent.scope": ("scope",),
    "Consent.scope.coding[0]": ("scope", "coding", 0),
    "Consent.category[0]": ("category", 0),
    "Consent.patient": ("patient",),
    "Consent.organization[0]": ("organization", 0),
    "Consent.organization[0].identifier": ("organization", 0, "identifier"),
    "Consent.provision": ("provision",),
    "Consent.provision.period": ("provision", "period"),
    "Consent.provision.dataPeriod": ("provision", "dataPeriod"),
    "Consent.provision.actor[0]": ("provision", "actor", 0),
    "Consent.provision.actor[0].role": ("provision", "actor", 0, "role"),
    "Consent.provision.actor[0].reference": ("provision", "actor", 0, "reference"),
    "Consent.provision.purpose[0]": ("provision", "purpose", 0),
    "Consent.provision.data[0]": ("provision", "data", 0),
    "Consent.provision.data[0].reference": ("provision", "data", 0, "reference"),
    "Consent.provision.code[0].coding[0]": ("provision", "code", 0, "coding", 0),
    "Consent.provision.provision[0]": ("provision", "provision", 0),
    "Consent.provision.actor[1].reference": ("contained", 0),
    "Consent.provision.actor[1].reference.organization": ("contained", 0, "organization"),
}
"""Each place by the path that its faults name; a fault in what a reference points to is told at the reference."""


def bent(place: tuple[str | int, ...], elements: Json) -> Json:
    resource = copy.deepcopy(LOADED)
    inner: Any = resource
    for step in place:
        inner = inner[step]
    inner.update(elements)
    return resource


def faults(resource: Json) -> set[tuple[str, str]]:
    return {(issue.path, issue.code) for issue in compile_consent(resource).faults}


def test_a_consent_with_every_element_that_we_read_is_evaluated() -> None:
    assert faults(LOADED) == set()
    assert decided(LOADED).verdict is Verdict.PERMIT


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize(
    ("element", "named"),
    [
        ({"colour": "red"}, ".colour"),
        ({"_colour": {}}, ".colour"),
        ({"modifierExtension": [{"url": "urn:x"}]}, ".modifierExtension"),
        ({"191212121212": 1}, ""),
        ({"a": 1}, ""),
        ({"a" * 42: 1}, ""),
    ],
)
def test_an_element_beyond_those_is_a_fault_where_it_stands_and_only_an_elements_name_is_told(
    path: str, element: Json, named: str
) -> None:
    assert faults(bent(PLACES[path], element)) >= {(f"{path}{named}", "element-not-evaluated")}


@pytest.mark.parametrize("path", PLACES)
def test_an_empty_modifier_extension_is_none(path: str) -> None:
    assert faults(bent(PLACES[path], {"modifierExtension": []})) == set()


@pytest.mark.parametrize(
    ("path", "element"),
    [("Consent", "_dateTime"), ("Consent.provision.period", "_start"), ("Consent.provision.actor[0].reference", "_display")],
)  # fmt: skip
def test_a_primitive_that_has_only_an_extension_is_a_fault_though_its_element_is_known(
    path: str, element: str
) -> None:
    absent = consent({"type": "permit", "period": {"end": "2024-12-31"}, "actor": [actor(PSYKIATRI)]})
    inner: Any = absent
    for step in PLACES[path]:
        inner = inner[step]
    inner[element] = {"extension": [{"url": "urn:x"}]}
    assert faults(absent) == {(f"{path}.{element.removeprefix('_')}", "element-not-evaluated")}


def test_relatives_and_the_person_as_actor_are_nobody_who_asks() -> None:
    for kind in ("Patient", "RelatedPerson"):
        named = actor(PSYKIATRI, kind)
        assert decided(consent({"type": "permit", "actor": [named]})).verdict is Verdict.DENY
        assert faults(consent({"type": "permit", "actor": [named]})) == set()
