"""The head of a Consent as it is compiled: who, what about, by whom decided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from adapter.domain.identity import PERSONNUMMER, RESERVNUMMER, SAMORDNINGSNUMMER, Identifier, PersonId
from adapter.domain.records import AGREEMENT_EXTENSION, CANONICAL, CONSENT_CATEGORY
from adapter.gate.consent import ENDED, CompiledConsent, compile_consent, unreadable
from adapter.gate.consent_head import person_identifier
from adapter.gate.reading import MAX_DEPTH
from adapter.gate.vocabulary import CONSENT_SCOPE
from tests.gate.builders import (
    AGREEMENT,
    KOMMUN,
    NOW,
    OTHER_PERSON,
    PERSON,
    STRANGER,
    Json,
    actor,
    block,
    coding,
    concept,
    consent,
    deny,
    permit,
    without,
)

EXTENSION = f"{CANONICAL}/StructureDefinition"


def faults(consent: CompiledConsent) -> set[tuple[str, str]]:
    return {(issue.path, issue.code) for issue in consent.faults}


def test_a_consent_as_it_is_compiled() -> None:
    made = consent(identifier=[{"system": "urn:s", "value": "1"}, {"value": "2"}], meta={"versionId": "3", "lastUpdated": "2024-06-01T10:00:00Z"})  # fmt: skip
    compiled = compile_consent(made)
    assert (compiled.id, compiled.version, compiled.reference) == ("c1", "3", ("c1", "3"))
    assert compiled.updated_at == datetime(2024, 6, 1, 10, tzinfo=UTC)
    assert compiled.identifiers == {Identifier("urn:s", "1")}
    assert (compiled.status, compiled.is_privacy, compiled.is_block) == ("active", True, False)
    assert compiled.categories == frozenset({(CONSENT_CATEGORY, "osl-waiver")})
    assert (compiled.persons, compiled.agreement) == (frozenset({PERSON}), AGREEMENT)
    assert compiled.senders is not None
    assert [target.organization for target in compiled.senders] == [frozenset({KOMMUN})]
    assert (compiled.decided_by, compiled.maturity_is_assessed) == (None, False)
    assert (compiled.faults, compiled.fault) == ((), None)


@pytest.mark.parametrize("resource", [None, "Consent", {"resourceType": "Patient"}, {}, [consent()]])
def test_what_is_no_consent_is_unreadable_and_says_nothing_else(resource: object) -> None:
    compiled = compile_consent(resource)
    assert compiled == unreadable()
    assert faults(compiled) == {("Consent", "consent-unreadable")}
    assert (compiled.id, compiled.version, compiled.root, compiled.categories) == ("", "", None, None)
    assert not compiled.maturity_is_assessed
    assert not compiled.is_block


def test_a_consent_beyond_the_bounds_is_unreadable() -> None:
    deep: Any = {}
    for _ in range(MAX_DEPTH):
        deep = {"extension": [deep]}
    assert compile_consent(consent(policyRule=deep)) == unreadable()


def test_a_shape_that_nobody_foresaw_is_unreadable() -> None:
    class Broken(dict[str, Any]):
        def items(self) -> Any:
            raise ZeroDivisionError

    assert compile_consent(consent(patient=Broken())) == unreadable()


@pytest.mark.parametrize("made", [without(consent(), "id"), consent(id="")])
def test_a_consent_without_id_has_the_empty_one(made: Json) -> None:
    assert compile_consent(made).id == ""


@pytest.mark.parametrize(
    ("meta", "version", "updated"),
    [
        (None, "", False),
        ({}, "", False),
        ({"lastUpdated": "2024-06-01T10:00:00Z"}, "", True),
        ({"versionId": "3"}, "3", False),
        ({"versionId": "3", "lastUpdated": "igår"}, "", False),
        ({"versionId": "3", "lastUpdated": "9999-12-31T23:59:59-12:00"}, "", False),
        ([], "", False),
    ],
)
def test_the_version_and_its_instant(meta: Any, version: str, updated: bool) -> None:
    compiled = compile_consent(consent(meta=meta))
    assert (compiled.id, compiled.version, compiled.updated_at is not None) == ("c1", version, updated)


@pytest.mark.parametrize(
    "status", ["draft", "proposed", "active", "rejected", "inactive", "entered-in-error"]
)
def test_a_status_of_r4_is_read(status: str) -> None:
    compiled = compile_consent(consent(status=status))
    assert (compiled.status, compiled.faults) == (status, ())
    assert (status in ENDED) is (status in {"rejected", "inactive", "entered-in-error"})


def test_a_status_beyond_those_is_a_fault() -> None:
    compiled = compile_consent(consent(status="not-done"))
    assert (compiled.status, faults(compiled)) == (None, {("Consent.status", "consent-unreadable")})


@pytest.mark.parametrize(
    ("scope", "is_privacy"),
    [
        (concept(CONSENT_SCOPE, "patient-privacy"), True),
        (concept(CONSENT_SCOPE, "adr"), False),
        (concept(CONSENT_SCOPE, "research"), False),
        (concept(CONSENT_SCOPE, "treatment"), False),
        ({"coding": [coding(CONSENT_SCOPE, "research"), coding(CONSENT_SCOPE, "patient-privacy")]}, True),
        ({"coding": [coding(CONSENT_SCOPE, code) for code in ("adr", "research", "patient-privacy", "treatment")]}, True),
        ({"coding": [coding("urn:x", "y"), coding(CONSENT_SCOPE, "research")]}, False),
        ({"coding": [coding(CONSENT_SCOPE, "x"), coding(CONSENT_SCOPE, "research")]}, None),
        (concept(CONSENT_SCOPE, "x"), None),
        (concept("urn:x", "patient-privacy"), None),
        ({"text": "x"}, None),
        ([], None),
    ],
)  # fmt: skip
def test_the_scope(scope: Any, is_privacy: bool | None) -> None:
    compiled = compile_consent(consent(scope=scope))
    assert compiled.is_privacy is is_privacy
    assert (("Consent.scope", "consent-unreadable") in faults(compiled)) is (is_privacy is None)


OURS, FOREIGN = (CONSENT_CATEGORY, "osl-waiver"), ("http://loinc.org", "59284-0")


@pytest.mark.parametrize(
    ("category", "read"),
    [
        ([concept(*OURS)], {OURS}),
        ([concept(*FOREIGN)], {FOREIGN}),
        ([concept(*FOREIGN), concept(*OURS)], {OURS, FOREIGN}),
        ([concept(*OURS), {"text": "x"}], {OURS}),
        ([concept(*OURS), {"coding": [{"code": "x"}]}], {OURS, ("", "x")}),
        ([concept(*FOREIGN), {"text": "x"}], None),
        ([concept(*FOREIGN), {"coding": [{"code": "x"}]}], None),
        ([concept(*FOREIGN), {"coding": [{"system": "urn:x"}]}], None),
        ([{"text": "x"}], None),
        ([], None),
        ({}, None),
    ],
)  # fmt: skip
def test_the_categories(category: Any, read: set[tuple[str, str]] | None) -> None:
    compiled = compile_consent(consent() | {"category": category})
    assert compiled.categories == read
    assert (("Consent.category", "consent-unreadable") in faults(compiled)) is (read is None)


PATIENT = {"resourceType": "Patient", "id": "p", "identifier": [PERSON.as_fhir()]}
FOREIGN_PERSON = {"system": "urn:x", "value": "1"}


@pytest.mark.parametrize(
    ("patient", "persons"),
    [
        ({"identifier": PERSON.as_fhir()}, {PERSON}),
        ({"identifier": FOREIGN_PERSON}, {PersonId("urn:x", "1")}),
        ({"reference": "#p"}, {PERSON}),
        ({"reference": "#p", "identifier": OTHER_PERSON.as_fhir()}, {OTHER_PERSON}),
        ({"reference": "#two"}, {PERSON, OTHER_PERSON}),
        ({"reference": "#half"}, None),
        ({"reference": "#o"}, None),
        ({"reference": "#none"}, None),
        ({"reference": "#bare"}, None),
        ({"reference": 1}, None),
        ({"identifier": {"system": PERSONNUMMER}}, None),
        ({"display": "x"}, None),
        ([], None),
    ],
)  # fmt: skip
def test_whom_it_is_about(patient: Any, persons: set[PersonId] | None) -> None:
    contained = [
        PATIENT,
        PATIENT | {"id": "two", "identifier": [PERSON.as_fhir(), OTHER_PERSON.as_fhir()]},
        PATIENT | {"id": "half", "identifier": [PERSON.as_fhir(), {"system": PERSONNUMMER, "value": "x"}]},
        PATIENT | {"id": "bare", "identifier": []},
        {"resourceType": "Organization", "id": "o", "identifier": [PERSON.as_fhir()]},
        "x",
        {"resourceType": "Patient"},
    ]
    compiled = compile_consent(consent(patient=patient, contained=contained))
    assert compiled.persons == persons
    assert (("Consent.patient", "consent-unreadable") in faults(compiled)) is (persons is None)


@pytest.mark.parametrize(
    ("identifier", "at", "person"),
    [
        (PERSON.as_fhir(), None, PERSON),
        ({"system": PERSONNUMMER, "value": "19121212-1212"}, None, PERSON),
        ({"system": PERSONNUMMER, "value": "121212+1212"}, NOW, PERSON),
        ({"system": PERSONNUMMER, "value": "121212+1212"}, None, None),
        ({"system": SAMORDNINGSNUMMER, "value": "610969-2393"}, None, None),
        ({"system": SAMORDNINGSNUMMER, "value": "196109692393"}, None, None),
        ({"system": SAMORDNINGSNUMMER, "value": "196109732393"}, None, PersonId(SAMORDNINGSNUMMER, "196109732393")),
        ({"system": PERSONNUMMER.rpartition("/")[0], "value": "1"}, None, PersonId(PERSONNUMMER.rpartition("/")[0], "1")),
        ({"system": PERSONNUMMER, "value": "191212121213"}, NOW, None),
        ({"system": RESERVNUMMER, "value": "A123"}, None, PersonId(RESERVNUMMER, "A123")),
        ({"system": "urn:x", "value": "short"}, None, PersonId("urn:x", "short")),
        ({"value": "191212121212"}, None, None),
        (None, None, None),
    ],
)  # fmt: skip
def test_a_persons_identifier(identifier: object, at: datetime | None, person: PersonId | None) -> None:
    assert person_identifier(identifier, at) == person


def extension(name: str, **value: Any) -> Json:
    return {"url": f"{EXTENSION}/{name}", **value}


@pytest.mark.parametrize(
    ("extensions", "agreement"),
    [
        ([{"url": AGREEMENT_EXTENSION, "valueUri": "urn:a"}], "urn:a"),
        ([{"url": "urn:x", "valueUri": "urn:b"}, {"valueUri": "urn:c"}, {"url": AGREEMENT_EXTENSION, "valueUri": "urn:a"}], "urn:a"),
        ([{"url": "urn:x", "valueUri": "urn:b"}], None),
    ],
)  # fmt: skip
def test_the_agreement(extensions: list[Json], agreement: str | None) -> None:
    compiled = compile_consent(consent(extension=extensions))
    assert (compiled.agreement, compiled.faults) == (agreement, ())


@pytest.mark.parametrize(
    "extensions",
    [
        [{"url": AGREEMENT_EXTENSION}],
        [{"url": AGREEMENT_EXTENSION, "valueUri": ""}],
        [{"url": AGREEMENT_EXTENSION, "valueUri": 1}],
        [
            {"url": AGREEMENT_EXTENSION, "valueUri": "urn:a"},
            {"url": AGREEMENT_EXTENSION, "valueUri": "urn:b"},
        ],
    ],
)
def test_an_agreement_that_cannot_be_told_is_a_fault(extensions: list[Json]) -> None:
    compiled = compile_consent(consent(extension=extensions))
    assert compiled.agreement is None
    assert faults(compiled) == {("Consent.extension", "consent-unreadable")}


@pytest.mark.parametrize(
    ("extensions", "decided_by"),
    [
        *[([extension("consent-decided-by", valueCode=who)], who) for who in ("minor", "guardian", "both")],
        ([extension("consent-decided-by", valueCode="nobody")], None),
        ([extension("consent-decided-by")], None),
        ([extension("consent-decided-by", valueCode="minor"), extension("consent-decided-by", valueCode="both")], None),
    ],
)  # fmt: skip
def test_who_decided(extensions: list[Json], decided_by: str | None) -> None:
    assert compile_consent(consent(extension=extensions)).decided_by == decided_by


BY = extension("consent-maturity-assessed-by", valueString="Kurator")
ON = extension("consent-maturity-assessed-on", valueDate="2024-05-01")


@pytest.mark.parametrize(
    ("extensions", "assessed"),
    [
        ([BY, ON], True),
        ([BY], False),
        ([ON], False),
        ([BY | {"valueString": " "}, ON], False),
        ([BY | {"valueString": 1}, ON], False),
        ([BY, ON | {"valueDate": "maj"}], False),
        ([BY, ON | {"valueDate": 1}], False),
        ([BY | {"valueString": " "}, BY, ON], False),
        ([BY, ON | {"valueDate": "maj"}, ON], False),
        ([BY, extension("consent-maturity-assessed-on")], False),
        ([extension("consent-maturity-assessed-by"), ON], False),
    ],
)
def test_whether_the_maturity_was_assessed_by_somebody_on_a_day(
    extensions: list[Json], assessed: bool
) -> None:
    compiled = compile_consent(consent(extension=extensions))
    assert (compiled.maturity_is_assessed, compiled.faults) == (assessed, ())


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (without(consent(), "category"), ("Consent.category", "consent-unreadable")),
        (without(consent(), "provision"), ("Consent.provision", "element-not-evaluated")),
        (without(block(), "provision"), ("Consent.provision", "element-not-evaluated")),
        (consent() | {"provision": []}, ("Consent.provision", "consent-unreadable")),
        (consent({}), ("Consent.provision.type", "element-not-evaluated")),
        (consent(permit(provision=[{}])), ("Consent.provision.provision[0].type", "element-not-evaluated")),
        (consent(permit(provision=[permit()])), ("Consent.provision.provision[0]", "element-not-evaluated")),
        (consent(permit(provision=[deny(provision=[])])), ("Consent.provision.provision[0]", "element-not-evaluated")),
        (block(permit()), ("Consent.provision.type", "element-not-evaluated")),
        (consent(extension={}), ("Consent.extension", "consent-unreadable")),
        (consent(organization={}), ("Consent.organization", "consent-unreadable")),
        (consent(deny(purpose=[coding("urn:x", "TREAT")])), ("Consent.provision.purpose", "element-not-evaluated")),
        (consent(permit(data=[{"meaning": "instance"}])), ("Consent.provision.data[0]", "element-not-evaluated")),
        (consent(permit(data=[{"meaning": "instance", "reference": {}}])), ("Consent.provision.data[0].reference", "element-not-evaluated")),
        (consent(permit(data=[{"reference": {"reference": "Goal/1"}}])), ("Consent.provision.data[0]", "element-not-evaluated")),
        (consent(permit(actor=[{"role": actor(STRANGER)["role"]}])), ("Consent.provision.actor[0].reference", "actor-unresolved")),
        (consent(permit(actor=[{"reference": actor(STRANGER)["reference"]}])), ("Consent.provision.actor[0].role", "element-not-evaluated")),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_path(made: Any, fault: tuple[str, str]) -> None:
    assert fault in faults(compile_consent(made))


def test_a_fault_is_told_once() -> None:
    told = compile_consent(consent(permit(data=[{"meaning": "x", "reference": 1}]), status="?"))
    assert len(told.faults) == len(set(told.faults))
