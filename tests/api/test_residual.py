"""Tokens with residual rules: applied to records, refused wherever they would not be."""

from __future__ import annotations

import re
from typing import Any

import httpx
import orjson
import pytest

from adapter.domain.identity import PERSONNUMMER
from tests.api.bridge import Bridge
from tests.exchange.bodies import OTHER, TOLVAN, Json, consent, plan_consent, screening, sip
from tests.exchange.parties import PUSH

FORBID: Json = {"type": "forbid"}
OF_2025: Json = {"type": "permit", "dataPeriod": {"start": "2025-01-01", "end": "2025-12-31"}}
OF_2026: Json = {"type": "permit", "dataPeriod": {"start": "2026-01-01", "end": "2026-12-31"}}


async def ask(
    bridge: Bridge,
    path: str,
    method: str = "GET",
    *,
    client: str = "region",
    residual: Any = (),
    **request: Any,
) -> httpx.Response:
    """A request with a token that has these rules."""
    token = bridge.residual_token(client, residual=list(residual))
    return await bridge.fhir(path, None, method, headers={"Authorization": f"Bearer {token}"}, **request)


async def search(bridge: Bridge, resource_type: str, number: str = TOLVAN, **request: Any) -> httpx.Response:
    name = "identifier" if resource_type == "Patient" else "patient.identifier"
    asked = {name: f"{PERSONNUMMER}|{number}"}
    return await ask(bridge, f"{resource_type}/_search", "POST", data=asked, **request)


def matches(answer: httpx.Response) -> int:
    assert answer.status_code == 200, answer.text
    total: int = answer.json()["total"]
    return total


@pytest.fixture
async def held(bridge: Bridge) -> Bridge:
    """A plan that is held for the region, and a screening that the kommun answers with."""
    for body in (consent(), plan_consent()):
        await bridge.house.push(body)
    await bridge.house.carry(sip())
    bridge.house.source.records = [screening()]
    return bridge


@pytest.mark.parametrize(
    ("residual", "found"),
    [
        ([], 1),
        ([FORBID], 0),
        ([FORBID, OF_2025], 0),
        ([FORBID, OF_2026], 1),
        ([FORBID | {"dataPeriod": OF_2026["dataPeriod"]}], 0),
    ],
)
async def test_the_rules_take_away_of_what_is_found(held: Bridge, residual: list[Json], found: int) -> None:
    assert matches(await search(held, "Observation", residual=residual)) == found


async def test_what_is_wholly_forbidden_is_not_asked_of_its_source(held: Bridge) -> None:
    await search(held, "Observation", residual=[FORBID])
    assert held.house.source.asked == []


@pytest.mark.parametrize(("residual", "found"), [([], 1), ([FORBID, OF_2026], 0)])
async def test_a_patient_is_none_that_a_rule_forbids(held: Bridge, residual: list[Json], found: int) -> None:
    assert matches(await search(held, "Patient", residual=residual)) == found


async def test_a_read_is_held_to_the_rules_too(held: Bridge) -> None:
    [entry] = [
        entry
        for entry in (await search(held, "Observation")).json()["entry"]
        if entry["search"]["mode"] == "match"
    ]
    path = f"Observation/{entry['resource']['id']}"
    answers = [await ask(held, path, residual=rules) for rules in ([], [FORBID, OF_2025])]
    assert [answer.status_code for answer in answers] == [200, 404]


def masked(answer: httpx.Response, number: str) -> tuple[int, bytes]:
    return answer.status_code, answer.content.replace(number.encode(), b"#")


async def test_about_another_person_it_is_answered_as_about_one_whom_nobody_knows(held: Bridge) -> None:
    await held.house.push(consent("S-other", person=OTHER))
    held.house.source.records = [screening(person=OTHER)]
    assert (
        matches(await held.fhir("Observation", params={"patient.identifier": f"{PERSONNUMMER}|{OTHER}"})) == 1
    )
    other = await search(held, "Observation", OTHER)
    unknown = await search(held, "Observation", "189002029800")
    assert masked(other, OTHER) == masked(unknown, "189002029800")
    assert matches(other) == 0


async def test_what_the_rules_leave_of_a_held_record_is_not_the_whole_of_it(held: Bridge) -> None:
    """No receipt, so that it stays for a token without rules."""
    assert "identifier" not in (await search(held, "CarePlan")).json()
    plain = await held.fhir("CarePlan", params={"patient.identifier": f"{PERSONNUMMER}|{TOLVAN}"})
    assert plain.json()["identifier"]["value"]


ELSEWHERE = {
    "a search of Consents": ("Consent/_search", "POST", "region", {"data": {"patient.identifier": "x|1"}}),
    "a read of a Consent": ("Consent/1", "GET", "region", {}),
    "a Consent": ("Consent", "POST", "kommun-registers", {"json": {}}),
    "a receipt": ("$confirm-receipt", "POST", "region", {"json": {}}),
    "a release without consent": ("$release-without-consent", "POST", "kommun-official", {"json": {}}),
    "another path": ("Claim/1/x", "GET", "region", {}),
}


@pytest.mark.parametrize(("path", "method", "client", "request_of"), ELSEWHERE.values(), ids=ELSEWHERE)
async def test_where_the_rules_are_not_applied_the_token_is_refused(
    held: Bridge, path: str, method: str, client: str, request_of: Json
) -> None:
    assert (await ask(held, path, method, client=client, **request_of)).status_code == 401


async def test_it_pushes_nothing(bridge: Bridge) -> None:
    token = bridge.residual_token("kommun")
    answer = await bridge.http.post(
        f"/inbound/{PUSH}", content=orjson.dumps(consent()), headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 401
    assert re.search("residual", answer.text) is None
