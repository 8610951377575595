"""Searches for records of the test person: what is asked, what an answer says, and its receipt."""

from __future__ import annotations

from typing import Any

import httpx

from adapter.domain.identity import PERSONNUMMER
from tests.api.bridge import BASE, Bridge
from tests.exchange.bodies import TOLVAN, Json

FHIR = "application/fhir+json"


def asking(number: str = TOLVAN, resource_type: str = "CarePlan", **more: str) -> dict[str, str]:
    """The parameters of a search for one person."""
    name = "identifier" if resource_type == "Patient" else "patient.identifier"
    return {name: f"{PERSONNUMMER}|{number}", **more}


def matches(answer: httpx.Response) -> list[Json]:
    """The resources that were searched for, of an answer that is good."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, FHIR)
    return [entry["resource"] for entry in answer.json()["entry"] if entry["search"]["mode"] == "match"]


def link(answer: httpx.Response, relation: str) -> str | None:
    """Where a link of an answer leads, below the endpoint."""
    found = {it["relation"]: it["url"] for it in answer.json()["link"]}
    url = found.get(relation)
    return None if url is None else url.removeprefix(f"{BASE}/fhir/")


async def confirm(bridge: Bridge, answer: Any, client: str = "region") -> httpx.Response:
    """Say that an answer, by its identifier, has been received."""
    body = {"resourceType": "Parameters", "parameter": [{"name": "answer", "valueIdentifier": answer}]}
    return await bridge.fhir("$confirm-receipt", client, "POST", json=body)
