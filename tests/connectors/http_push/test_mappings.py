"""The mappings of the push format: their own examples, what FHIR says of them, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

import pytest

from adapter.domain.agreement import Agreement
from adapter.domain.agreement_file import read_agreements
from adapter.domain.records import CANONICAL, RECORD_ID
from adapter.fhir.check import RecordChecker
from adapter.fhir.profiles.packaged import profile_checker
from adapter.mapping.catalog import MappingCatalog, load_catalog, packaged_files
from adapter.mapping.examples import (
    EXAMPLE_RECEIVED_AT,
    ExampleInput,
    ExampleResult,
    example_context,
    read_fhir,
    run_examples,
)
from connectors.http_push.reader import PushReader
from tests.connectors.http_push.samples import BACK_NAMES, JSON, NAMES, XML, example, example_bytes

READER: Final = PushReader(lambda: EXAMPLE_RECEIVED_AT.date())
RECORD_TYPES: Final = {"sip": "SIP", "person": "person", "screening": "AUDIT", "screening.dudit": "DUDIT"}


def read(body: bytes, content_type: str) -> ExampleInput:
    arrival = READER.read(body, content_type)
    return ExampleInput(
        arrival.record, arrival.person, arrival.sender, arrival.unit, protected=bool(arrival.protection)
    )


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    name = "alingsas-socialmedicinska.yaml"
    text = (files("mappings") / "agreements" / name).read_text(encoding="utf-8")
    [found] = read_agreements({name: text})
    return found


@pytest.fixture(scope="module")
def catalog() -> MappingCatalog:
    texts = packaged_files()
    return load_catalog(
        {
            path: text
            for path, text in texts.items()
            if path.startswith(("terminology/", "concept_maps/", "systems/neutral_push/"))
        }
    )


@pytest.fixture(scope="module")
def results(catalog: MappingCatalog, agreement: Agreement) -> list[ExampleResult]:
    readers = {"json": lambda body: read(body, JSON), "xml": lambda body: read(body, XML)}
    return run_examples(catalog, readers, agreement, [files("mappings")])


def expected_bundle(name: str) -> Any:
    return json.loads(example_bytes(f"{name}.expected.json"))


def resources(bundle: Any) -> Iterator[dict[str, Any]]:
    return (entry["resource"] for entry in bundle["entry"])


def test_every_example_gives_its_expected_output(results: list[ExampleResult]) -> None:
    assert [(result.input, result.difference, result.issues) for result in results if result.difference] == []
    assert len(results) == 2 * len(NAMES) + len(BACK_NAMES)


def test_no_field_of_an_example_is_left_over(results: list[ExampleResult]) -> None:
    # Of a protected person neither: where one is does not reach FHIR, but is read like anybody's.
    assert {result.input: result.unmapped for result in results if result.unmapped} == {}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_mapped_is_good_fhir_with_our_identifier_and_a_logical_subject(name: str) -> None:
    bundle = expected_bundle(name)
    assert RecordChecker(profile_checker()).check(bundle) == ()
    person = {"191212121212", "196101182803", "200001252386", "200302022389"}
    for resource in resources(bundle):
        assert {"system": RECORD_ID, "value": resource["id"]} in resource["identifier"]
        if resource["resourceType"] != "Patient":
            subject = next(resource[name] for name in ("subject", "patient", "for") if name in resource)
            assert subject["identifier"]["value"] in person
            assert "reference" not in subject


@pytest.mark.parametrize(
    ("name", "status", "root_type"),
    [
        ("consent", "active", "permit"),
        ("consent.minor", "active", "permit"),
        ("consent.block", "active", "deny"),
        ("consent.revoked", "inactive", None),
    ],
)
def test_a_consent_permits_a_block_denies_and_a_revocation_states_no_terms(
    name: str, status: str, root_type: str | None
) -> None:
    [consent] = resources(expected_bundle(name))
    assert consent["status"] == status
    assert consent.get("provision", {}).get("type") == root_type
    in_agreement = any(
        one["url"] == f"{CANONICAL}/StructureDefinition/agreement" for one in consent.get("extension", ())
    )
    assert in_agreement == (name != "consent.block")


def test_a_consent_and_its_revocation_are_one_record() -> None:
    [given], [revoked] = resources(expected_bundle("consent")), resources(expected_bundle("consent.revoked"))
    assert given["id"] == revoked["id"]


def test_an_exception_takes_away_from_a_permit() -> None:
    [consent] = resources(expected_bundle("consent"))
    [exception] = consent["provision"]["provision"]
    assert exception["type"] == "deny"
    assert exception["actor"][0]["reference"]["identifier"]["value"] == "SE2321000131-E0111"


def test_where_a_protected_person_is_does_not_reach_fhir() -> None:
    [patient] = resources(expected_bundle("person.protected"))
    assert patient["meta"]["security"][0]["code"] == "sekretessmarkering"
    assert patient.keys().isdisjoint({"address", "telecom"})


def test_an_address_of_a_protected_person_does_not_come_back(
    catalog: MappingCatalog, agreement: Agreement
) -> None:
    given = read_fhir(example_bytes("person_back.fhir.json"))
    protected = ExampleInput(given.record, given.person, given.sender, given.unit, protected=True)
    mapped = catalog.select("neutral_push", "person", "push").apply(
        given.record, example_context(protected, agreement)
    )
    assert mapped.body["person"].keys().isdisjoint({"adress", "telefon", "epost"})


def there_and_back(name: str, catalog: MappingCatalog, agreement: Agreement) -> dict[str, Any]:
    bundle = read_fhir(example_bytes(f"{name}.expected.json"))
    event = RECORD_TYPES.get(name, RECORD_TYPES[name.split(".")[0]])
    mapping = catalog.select("neutral_push", event, "push")
    body = mapping.apply(bundle.record, example_context(bundle, agreement)).body
    part: dict[str, Any] = body[name.split(".")[0]]
    return part


@pytest.mark.parametrize("name", ["person", "screening", "screening.dudit"])
def test_person_data_and_scores_survive_the_way_there_and_back(
    name: str, catalog: MappingCatalog, agreement: Agreement
) -> None:
    sent = example(name)[name.split(".")[0]]
    back = there_and_back(name, catalog, agreement)
    for own in ("screeningId", "utfordAv", "status"):
        sent.pop(own, None)
        back.pop(own, None)
    assert back == sent


def test_a_plan_survives_the_way_there_and_back(catalog: MappingCatalog, agreement: Agreement) -> None:
    sent, back = example("sip")["sip"], there_and_back("sip", catalog, agreement)
    same = (
        "version",
        "status",
        "upprattad",
        "samtyckeId",
        "period",
        "problem",
        "insatserAvAndra",
        "huvudansvar",
        "uppfoljning",
    )
    assert {field: back[field] for field in same} == {field: sent[field] for field in same}
    assert [without(goal, "malId") for goal in back["mal"]] == [
        without(goal, "malId") for goal in sent["mal"]
    ]
    assert [without(measure, "malId", "organisation") for measure in back["insatser"]] == [
        without(measure, "malId", "organisation") for measure in sent["insatser"]
    ]
    assert without(back["samordnare"][0], "organisation") == without(sent["samordnare"][0], "organisation")
    assert [without(one, "organisation") for one in back["deltagare"]] == [
        without(one, "organisation") for one in sent["deltagare"]
    ]
    # Goals are called otherwise, but the measures still point at the same ones.
    ids = {old["malId"]: new["malId"] for old, new in zip(sent["mal"], back["mal"], strict=True)}
    assert [measure["malId"] for measure in back["insatser"]] == [
        [ids[goal] for goal in measure["malId"]] for measure in sent["insatser"]
    ]


def without(part: Any, *fields: str) -> Any:
    if not isinstance(part, dict):
        return part
    return {key: without(value, *fields) for key, value in part.items() if key not in fields}
