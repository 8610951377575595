"""Resources come and go as JSON or XML, as the caller says; what is asked in another form is refused before anything is looked up."""

from __future__ import annotations

from typing import Any, Final

import orjson
import pytest
from lxml import etree

from adapter.fhir.xml.writing import NotOfFhir, XmlWriter
from tests.api import consents
from tests.api.bridge import FORMS, Bridge
from tests.exchange.bodies import TOLVAN
from tests.exchange.held_plans import hold_plans

JSON: Final = "application/fhir+json"
XML: Final = "application/fhir+xml"
HAPI: Final = "application/fhir+xml;q=1.0, application/fhir+json;q=1.0, application/xml+fhir;q=0.9, application/json+fhir;q=0.9"
ASKED: Final = {"patient.identifier": TOLVAN}


def as_json(body: bytes) -> Any:
    return orjson.loads(FORMS.reader.read(body))


@pytest.mark.parametrize(
    ("headers", "params", "media_type"),
    [
        ({"Accept": XML}, {}, XML),
        ({}, {"_format": "xml"}, XML),
        ({"Accept": "text/html"}, {}, JSON),
        ({}, {"_format": "ttl"}, JSON),
    ],
)
async def test_who_has_no_token_is_told_so_in_the_form_that_was_asked_for(
    bridge: Bridge, headers: dict[str, str], params: dict[str, str], media_type: str
) -> None:
    answer = await bridge.fhir("CarePlan", None, headers=headers, params=ASKED | params)
    assert (answer.status_code, answer.headers["content-type"]) == (401, media_type)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("accept", "asked_format", "media_type"),
    [
        (None, None, JSON),
        ("*/*", None, JSON),
        ("application/*;q=0.1", None, JSON),
        ("application/json", None, JSON),
        ("text/json", None, JSON),
        (XML, None, XML),
        ("application/xml", None, XML),
        ("text/xml; charset=utf-8", None, XML),
        ("application/fhir+xml; fhirVersion=4.0", None, XML),
        ("application/fhir+json;q=0.5, application/fhir+xml", None, XML),
        ("text/html, application/xml;q=0.9, */*;q=0.8", None, XML),
        ("application/fhir+xml;q=0, */*;q=0.1", None, JSON),
        ("application/fhir+json;q=0, */*", None, XML),
        ("application/fhir+json;q=0, application/*;q=0.1, */*;q=0", None, XML),
        ("application/fhir+json;q=0.1, */*;q=0.2", None, XML),
        ("*/*, application/fhir+xml", None, JSON),
        ("application/json, text/plain, */*", None, JSON),
        (HAPI, None, XML),
        (JSON, "xml", XML),
        (XML, "json", JSON),
        ("text/html", "application/fhir xml", XML),
        ("text/html", "application/fhir+json", JSON),
    ],
)
async def test_the_answer_has_the_form_that_was_asked_for(
    bridge: Bridge, accept: str | None, asked_format: str | None, media_type: str
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    params = {} if asked_format is None else {"_format": asked_format}
    for path, more in (("metadata", {}), ("CarePlan", ASKED), ("CarePlan/1", {})):
        answer = await bridge.fhir(path, headers=headers, params=params | more)
        assert answer.headers["content-type"] == media_type
        read = as_json if media_type == XML else orjson.loads
        assert read(answer.content)["resourceType"] in ("CapabilityStatement", "Bundle", "OperationOutcome")


@pytest.mark.parametrize(
    ("accept", "asked_format", "where"),
    [
        ("text/html", None, "http.Accept"),
        ("application/fhir+xml;q=0", None, "http.Accept"),
        ("application/fhir+json;q=0, application/fhir+xml;q=0, */*", None, "http.Accept"),
        ("application/fhir+xml;q=x", None, "http.Accept"),
        ("application/fhir+json; fhirVersion=5.0", None, "http.Accept"),
        (JSON, "ttl", "http._format"),
        (JSON, "text/turtle", "http._format"),
    ],
)
async def test_another_form_is_406(bridge: Bridge, accept: str, asked_format: str | None, where: str) -> None:
    params = {} if asked_format is None else {"_format": asked_format}
    for path in ("metadata", "CarePlan"):
        answer = await bridge.fhir(path, headers={"Accept": accept}, params=ASKED | params)
        assert answer.status_code == 406
        assert answer.headers["content-type"] == JSON
        assert consents.faults(answer) == {(where, "not-acceptable")}
    assert await bridge.house.audit_kinds() == ["refused"]


async def test_what_is_found_is_the_same_in_both_forms(bridge: Bridge) -> None:
    await hold_plans(bridge.house)
    found = await bridge.fhir("CarePlan", params=ASKED)
    in_xml = await bridge.fhir("CarePlan", params=ASKED, headers={"Accept": XML})
    said = as_json(in_xml.content)
    assert said["entry"] == found.json()["entry"]
    assert len(said["entry"]) == 2
    plan = found.json()["entry"][0]["resource"]
    read = await bridge.fhir(f"CarePlan/{plan['id']}", params={"_format": "xml"})
    assert as_json(read.content) == plan


async def test_a_form_may_name_the_form_of_its_answer(bridge: Bridge) -> None:
    answer = await bridge.fhir("CarePlan/_search", method="POST", data=ASKED | {"_format": "xml"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, XML)


async def test_a_refusal_is_told_in_the_form_of_an_answer(bridge: Bridge) -> None:
    answer = await bridge.fhir("CarePlan", headers={"Accept": XML})
    assert (answer.status_code, answer.headers["content-type"]) == (400, XML)
    assert as_json(answer.content)["issue"][0]["location"] == ["http.patient"]
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_a_consent_is_filed_and_answered_as_xml(bridge: Bridge) -> None:
    body = FORMS.writer.written(orjson.dumps(consents.consent()))
    made = await bridge.fhir(
        "Consent", "kommun-registers", "POST", content=body, headers={"Content-Type": XML, "Accept": XML}
    )
    assert (made.status_code, made.headers["content-type"]) == (201, XML)
    assert etree.fromstring(made.content).tag == "{http://hl7.org/fhir}Consent"
    ended = as_json(made.content) | {"status": "inactive"}
    put = await bridge.fhir(
        f"Consent/{ended['id']}",
        "kommun-registers",
        "PUT",
        content=FORMS.writer.written(orjson.dumps(ended)),
        headers={"Content-Type": "text/xml", "If-Match": made.headers["etag"]},
    )
    assert (put.status_code, put.json()["status"]) == (200, "inactive")


async def test_faults_of_a_form_name_their_element(bridge: Bridge) -> None:
    body = b'<Consent xmlns="http://hl7.org/fhir"><shoeSize value="1"/></Consent>'
    answer = await bridge.fhir(
        "Consent", "kommun-registers", "POST", content=body, headers={"Content-Type": XML}
    )
    assert answer.status_code == 400
    assert consents.faults(answer) == {("Consent.shoeSize", "unknown-element")}


async def test_a_resource_in_xml_is_validated(bridge: Bridge) -> None:
    body = b'<Goal xmlns="http://hl7.org/fhir"><id value="g"/></Goal>'
    answer = await bridge.fhir("Goal/$validate", method="POST", content=body, headers={"Content-Type": XML})
    assert answer.status_code == 200
    assert ("Goal.description", "required") in consents.faults(answer)


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"]
)
@pytest.mark.parametrize(
    ("path", "client"),
    [
        ("Consent", "kommun-registers"),
        ("Goal/$validate", "region"),
        ("$confirm-receipt", "region"),
    ],
)
async def test_a_body_in_another_form_is_415(bridge: Bridge, path: str, client: str, media_type: str) -> None:
    answer = await bridge.fhir(path, client, "POST", content=b"{}", headers={"Content-Type": media_type})
    assert (answer.status_code, consents.faults(answer)) == (
        415,
        {("http.Content-Type", "unsupported-media-type")},
    )


async def test_an_answer_that_cannot_be_written_is_a_fault_that_is_told_and_recorded(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = FORMS.writer.written

    def failing(body: bytes) -> bytes:
        if orjson.loads(body)["resourceType"] == "Bundle":
            raise NotOfFhir("Bundle")
        return write(body)

    monkeypatch.setattr(XmlWriter, "written", lambda _self, body: failing(body))
    answer = await bridge.fhir("CarePlan", headers={"Accept": XML}, params=ASKED)
    assert (answer.status_code, answer.headers["content-type"]) == (500, XML)
    assert as_json(answer.content)["resourceType"] == "OperationOutcome"
    assert (await bridge.house.audit())[-1]["outcome"] == "8"
