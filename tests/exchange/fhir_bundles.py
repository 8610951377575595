"""Bundles as a side's own system sends them: examples of our profiles without a claim or an id of ours."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

from adapter.exchange.receipt import Receipt
from adapter.fhir.profiles.packaged import profile_checker
from adapter.fhir.xml.shapes import Shapes
from adapter.fhir.xml.writing import XmlWriter
from adapter.main.wires import fhir_reader
from connectors.fhir_rest.reader import ByMediaType, FhirReader
from tests.exchange.bodies import KOMMUN_UNIT, TOLVAN, Json
from tests.exchange.house import House, catalog
from tests.exchange.parties import PUSH

PERSONNUMMER: Final = "http://electronichealth.se/identifier/personnummer"


HSA_ID: Final = "urn:oid:1.2.752.29.4.19"


PLAN: Final = ("CarePlan-plan", "Goal-goal-short", "Goal-goal-long", "CareTeam-team")


JSON: Final = "application/fhir+json"


CATALOG: Final = catalog()


@cache
def reader() -> FhirReader:
    return fhir_reader(CATALOG)


def example(name: str) -> Json:
    """An example of a profile as a system of a side would hold it: no claim, no id of ours."""
    resource: Json = json.loads((files("fhir_profiles") / "examples" / f"{name}.json").read_bytes())
    del resource["meta"]
    resource["identifier"] = [{"system": "https://kommun.example/id", "value": resource["id"]}]
    return resource


def bundle(*names: str, message: str = "b-1", kind: str = "transaction") -> Json:
    entries: list[Json] = [
        {"fullUrl": f"https://kommun.example/fhir/{it['resourceType']}/{it['id']}", "resource": it}
        for it in map(example, names)
    ]
    if kind == "transaction":
        for entry in entries:
            entry["request"] = {"method": "POST", "url": entry["resource"]["resourceType"]}
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "https://kommun.example/messages", "value": message},
        "type": kind,
        "timestamp": "2026-11-16T09:12:00+01:00",
        "entry": entries,
    }


def with_patient(body: Json, number: str = TOLVAN, **more: Any) -> Json:
    """The Bundle with a Patient that its records refer to by a literal reference, as servers write them."""
    patient = {
        "resourceType": "Patient",
        "id": "p7",
        "identifier": [{"system": "urn:oid:1.2.752.129.2.1.3.1", "value": number}],
        **more,
    }
    for entry in body["entry"]:
        for name in ("subject", "for", "patient", "expressedBy"):
            if name in entry["resource"]:
                entry["resource"][name] = {"reference": "Patient/p7"}
    request = {"request": {"method": "POST", "url": "Patient"}} if body["type"] == "transaction" else {}
    body["entry"].append({"fullUrl": "https://kommun.example/fhir/Patient/p7", "resource": patient} | request)
    return body


def document(body: Json) -> Json:
    """The same as a document, whose custodian is a unit of the kommun."""
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "SIP"},
        "subject": {"identifier": {"system": PERSONNUMMER, "value": TOLVAN}},
        "date": "2026-11-16",
        "author": [{"display": "Socialtjänsten"}],
        "title": "Samordnad individuell plan",
        "custodian": {"identifier": {"system": HSA_ID, "value": KOMMUN_UNIT}},
    }
    return _headed(body, "document", composition)


def message(body: Json, organization: str = "2120001553") -> Json:
    """The same as a message, whose sender stands in the Bundle."""
    header = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": "https://kommun.example/events", "code": "sip"},
        "source": {"endpoint": "https://kommun.example/fhir"},
        "sender": {"reference": "Organization/own"},
    }
    body = _headed(body, "message", header)
    own = {
        "resourceType": "Organization",
        "id": "own",
        "identifier": [{"system": "urn:oid:2.5.4.97", "value": organization}],
    }
    body["entry"].append({"fullUrl": "https://kommun.example/fhir/Organization/own", "resource": own})
    return body


def _headed(body: Json, kind: str, first: Json) -> Json:
    for entry in body["entry"]:
        entry.pop("request", None)
    head = {"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "resource": first}
    return body | {"type": kind, "entry": [head, *body["entry"]]}


R: Final = "Bundle.entry[{}].resource"


BAND: Final = "https://w3id.org/sambro/fhir/CodeSystem/screening-band"


async def push(house: House, body: Json, content_type: str = JSON) -> Receipt:
    """Hand a Bundle over as the HTTP channel does."""
    text = json.dumps(body).encode()
    if "xml" in content_type:
        text = XmlWriter(Shapes(profile_checker().definitions)).written(text)
    house.readers[PUSH] = ByMediaType(reader(), house.readers[PUSH])
    arrival = house.readers[PUSH].read(text, content_type)
    return await house.accept(house.inboxes[PUSH], text, content_type, arrival)
