"""FHIR clients that others wrote read, search, page and file: fhirpy, fhirclient, HAPI FHIR's (Java) and fhir-kit-client (npm), each as it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import fhirclient.client
import pytest
from fhirpy import SyncFHIRClient

from tests import tools
from tests.acceptance.demonstration import PERSONNUMMER, Demonstration, eventually, matches
from tests.acceptance.messages import sip
from tests.api.consents import consent, provision
from tests.foreign.clients import ClientUnavailable, Round

pytestmark = pytest.mark.acceptance

TYPES = ("Patient", "CarePlan", "Goal", "CareTeam", "Task", "Observation", "Consent")
FOR_AUDITORS = ("AuditEvent",)


@pytest.fixture(scope="module")
def person(demo: Demonstration) -> str:
    """A person with consents and a plan, whose screening the kommun's system answers with live."""
    consented: str = demo.info["persons"]["consented"]
    assert demo.push(sip(consented, "SIP-foreign")).status_code == 202
    eventually("the plan is not found", lambda: matches(demo.search("region", "CarePlan", consented)))
    return consented


def asked(resource_type: str, person: str) -> dict[str, str]:
    name = "identifier" if resource_type == "Patient" else "patient.identifier"
    return {name: f"{PERSONNUMMER}|{person}"}


def consent_now(person: str) -> dict[str, Any]:
    """A Consent for a client to file, as from today."""
    today = datetime.now(UTC).date()
    period = {"start": today.isoformat(), "end": (today + timedelta(days=90)).isoformat()}
    return consent(
        f"foreign-{datetime.now(UTC).timestamp()}", number=person, provision=provision(period=period)
    )


@pytest.mark.parametrize("name", tools.foreign_clients())
def test_a_client_of_another_language_does_a_round(
    demo: Demonstration, person: str, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "consent.json"
    file.write_text(json.dumps(consent_now(person)), encoding="utf-8")
    given = Round(demo.info["fhir"], demo.info["tokens"]["region"], f"{PERSONNUMMER}|{person}", TYPES, file)
    client = tools.foreign_clients()[name]
    try:
        client.install()
        steps = client.run(given)
    except ClientUnavailable as error:
        pytest.skip(f"{name} cannot be had: {error}")
    for resource_type in TYPES:
        assert steps[f"read {resource_type}"] == steps[f"search {resource_type}"][:1]
    assert len(steps["search Goal"]) > 1
    assert steps["page Goal"] == steps["post Goal"] == steps["search Goal"]
    assert steps["filed Consent"] == [*steps["file Consent"], "1"]


@pytest.mark.parametrize("resource_type", TYPES)
def test_fhirpy_searches_and_reads(demo: Demonstration, person: str, resource_type: str) -> None:
    client = SyncFHIRClient(demo.info["fhir"], authorization=demo.bearer("region")["Authorization"])
    search = client.resources(resource_type).search(**asked(resource_type, person))
    found = search.fetch_all()
    assert found
    assert {one.resource_type for one in found} == {resource_type}
    [first] = search.limit(1).fetch()
    assert client.reference(resource_type, first.id).to_resource() == first


@pytest.mark.parametrize("resource_type", ["Goal", "Consent"])
def test_fhirpy_follows_pages(demo: Demonstration, person: str, resource_type: str) -> None:
    client = SyncFHIRClient(demo.info["fhir"], authorization=demo.bearer("region")["Authorization"])
    search = client.resources(resource_type).search(**asked(resource_type, person))
    whole = [one.id for one in search.fetch_all()]
    assert len(whole) > 1
    assert [one.id for one in search.limit(1).fetch_all()] == whole


def test_fhirpy_files(demo: Demonstration, person: str) -> None:
    client = SyncFHIRClient(demo.info["fhir"], authorization=demo.bearer("region")["Authorization"])
    body = consent_now(person)
    filed = client.resource(body.pop("resourceType"), **body)
    filed.save()
    assert client.reference("Consent", filed.id).to_resource()["meta"]["versionId"] == "1"


@pytest.fixture(scope="module")
def smart(demo: Demonstration) -> fhirclient.client.FHIRClient:
    client = fhirclient.client.FHIRClient(settings={"app_id": "journal", "api_base": demo.info["fhir"]})
    client.prepare()
    client.server.session.headers.update(demo.bearer("region"))
    return client


@pytest.mark.parametrize("resource_type", TYPES)
def test_fhirclient_searches_and_reads(
    person: str, smart: fhirclient.client.FHIRClient, resource_type: str
) -> None:
    model: Any = getattr(import_module(f"fhirclient.models.{resource_type.lower()}"), resource_type)
    found = list(model.where(struct=asked(resource_type, person)).perform_resources_iter(smart.server))
    own = [one for one in found if one.resource_type == resource_type]
    assert own
    assert model.read(own[0].id, smart.server).as_json() == own[0].as_json()


def test_fhirclient_follows_pages(person: str, smart: fhirclient.client.FHIRClient) -> None:
    goal = import_module("fhirclient.models.goal").Goal
    search = asked("Goal", person)
    whole, paged = (
        [
            one.id
            for one in goal.where(struct=search | more).perform_resources_iter(smart.server)
            if one.resource_type == "Goal"
        ]
        for more in ({}, {"_count": "1"})
    )
    assert len(whole) > 1
    assert paged == whole


def test_fhirclient_files(person: str, smart: fhirclient.client.FHIRClient) -> None:
    model = import_module("fhirclient.models.consent").Consent
    filed = model(consent_now(person)).create(smart.server)
    assert model.read(filed["id"], smart.server).meta.versionId == "1"


def test_fhirclient_reads_what_the_endpoint_can_do(smart: fhirclient.client.FHIRClient) -> None:
    statement = smart.server.capabilityStatement
    assert statement.fhirVersion == "4.0.1"
    assert {resource.type for resource in statement.rest[0].resource} == {*TYPES, *FOR_AUDITORS}
