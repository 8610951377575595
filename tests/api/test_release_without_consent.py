"""``POST /fhir/$release-without-consent``: who may, what is answered, and that it opens what it says over the same endpoint."""

from __future__ import annotations

import httpx
import pytest

from adapter.domain.identity import PERSONNUMMER
from tests.api.bridge import Bridge
from tests.api.official import file, parameters
from tests.exchange.bodies import OTHER, TOLVAN, Json, screening
from tests.exchange.held_plans import hold_plans
from tests.exchange.releases import OFFICIAL, WHY


async def observations(bridge: Bridge, number: str = TOLVAN) -> int:
    bridge.house.source.records = [screening(person=number)]
    answer = await bridge.fhir("Observation", params={"patient.identifier": number})
    return int(answer.json()["total"])


async def test_what_is_filed_is_answered_and_in_force(bridge: Bridge) -> None:
    assert await observations(bridge) == 0
    answer = await file(bridge)
    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/fhir+json")
    shown = {one["name"]: one for one in answer.json()["parameter"]}
    assert shown["agreement"]["valueUri"] == bridge.house.agreements[0].id
    assert shown["end"]["valueInstant"] == "2026-11-23T12:00:00.000Z"
    assert (TOLVAN in answer.text, WHY in answer.text) == (False, False)
    assert (await observations(bridge), await observations(bridge, OTHER)) == (1, 0)
    bridge.house.clock.move(hours=24)
    assert await observations(bridge) == 0


NOT_OFFICIALS: dict[str, Json] = {
    "nobody named": {"practitioner": None},
    "a token that pushes": {"client": "kommun"},
    "a token that reads": {"client": "kommun-reads"},
    "a stranger's official": {"client": "stranger-official"},
    "emergency access": {"purposes": ("BTG",)},
}


@pytest.mark.parametrize("who", NOT_OFFICIALS.values(), ids=NOT_OFFICIALS)
async def test_nobody_but_a_named_official_of_the_sender_may(bridge: Bridge, who: Json) -> None:
    answer = await file(bridge, **who)
    assert answer.status_code == 403
    assert answer.content == (await bridge.fhir("CarePlan", "kommun")).content
    assert await observations(bridge) == 0


async def test_the_recipients_official_cannot_open_the_senders_records(bridge: Bridge) -> None:
    own = {"ground": {"valueCode": "25:12-pregnancy"}}
    answer = await file(bridge, "region-official", body=parameters(**own))
    assert answer.status_code == 422
    assert await observations(bridge) == 0


async def test_without_a_token_nothing_is_said(bridge: Bridge) -> None:
    answer = await bridge.fhir("$release-without-consent", None, "POST", json=parameters())
    assert answer.status_code == 401


async def test_every_fault_is_named_without_a_value(bridge: Bridge) -> None:
    answer = await file(
        bridge, body=parameters(end={"valueInstant": "2026-11-25T12:00:00Z"}, ground={"valueCode": "nödläge"})
    )
    issues = answer.json()["issue"]
    assert answer.status_code == 422
    assert [(issue["details"]["coding"][0]["code"], issue["expression"]) for issue in issues] == [
        ("period-too-long", ["Parameters.parameter.where(name='end')"]),
        ("ground-unknown", ["Parameters.parameter.where(name='ground')"]),
    ]
    assert ("nödläge" in answer.text, TOLVAN in answer.text) == (False, False)


@pytest.mark.parametrize(("sent", "status"), [(b"{", 400), (b"[1]", 400), (b"x" * 70_000, 413)])
async def test_a_body_that_is_no_parameters_is_refused(bridge: Bridge, sent: bytes, status: int) -> None:
    headers = {"Authorization": f"Bearer {bridge.token('kommun-official', OFFICIAL)}"}
    headers["Content-Type"] = "application/fhir+json"
    answer = await bridge.fhir("$release-without-consent", None, "POST", headers=headers, content=sent)
    assert answer.status_code == status


async def test_a_person_whom_nobody_knows_is_answered_alike(bridge: Bridge) -> None:
    known = await file(bridge)
    unknown = await file(
        bridge, body=parameters(patient={"valueIdentifier": {"system": PERSONNUMMER, "value": OTHER}})
    )
    assert _shape(known) == _shape(unknown)


def _shape(answer: httpx.Response) -> tuple[int, list[Json]]:
    return answer.status_code, [one for one in answer.json()["parameter"] if one["name"] != "id"]


@pytest.mark.parametrize("purpose", ["BTG", "ETREAT"])
@pytest.mark.parametrize("path", ["Consent", "CarePlan", "Observation", "Patient", "Consent/1", "CarePlan/1"])
async def test_emergency_access_is_answered_as_for_a_person_whom_nobody_knows(
    bridge: Bridge, path: str, purpose: str
) -> None:
    await hold_plans(bridge.house)
    name = "identifier" if path == "Patient" else "patient.identifier"
    params = {} if "/" in path else {name: f"{PERSONNUMMER}|{TOLVAN}"}
    headers = {"Authorization": f"Bearer {bridge.token('region', purposes=('TREAT', purpose))}"}
    emergency = await bridge.fhir(path, None, params=params, headers=headers)
    unknown = await bridge.fhir(path, params=dict.fromkeys(params, f"{PERSONNUMMER}|{OTHER}"))
    assert (emergency.status_code, emergency.content) == (unknown.status_code, unknown.content)
    assert "emergency-access" in await bridge.house.audit_kinds()
