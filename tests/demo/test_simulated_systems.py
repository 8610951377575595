"""The simulated systems behave as honest HTTP servers: they refuse, repeat, fail and remember as real ones do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from adapter.demo.kommun import build_kommun
from adapter.demo.region import build_region
from adapter.fhir.bundles import transaction
from tests.fhir.plans import goal, patient, sip

TOKEN = "system-token"
AT = datetime(2026, 11, 16, 8, tzinfo=UTC)
AUDIT = {
    "kind": "screening",
    "messageId": "m-1",
    "skapad": "2026-11-16T09:12:00+01:00",
    "person": {"id": "191212121212"},
    "screening": {"instrument": "AUDIT", "summa": 17},
}
QUESTION = {"personId": "191212121212", "recordTypes": ["AUDIT"], "from": None, "to": None}


def client_of(app: Starlette, token: str = TOKEN) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://system",
        headers={"Authorization": f"Bearer {token}"},
    )


@pytest.fixture
async def region() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(build_region(TOKEN, lambda: AT)) as client:
        yield client


@pytest.fixture
async def kommun() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(build_kommun(TOKEN, [AUDIT], lambda: AT)) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/fhir"])
async def test_the_region_takes_a_transaction_and_accounts_for_each_entry(
    region: httpx.AsyncClient, path: str
) -> None:
    answer = await region.post(path, json=transaction(sip(), patient=True))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fhir+json"
    assert [entry["response"]["status"] for entry in answer.json()["entry"]] == ["201 Created"] * 5


async def test_the_region_gives_the_stored_answer_to_a_repeated_key(region: httpx.AsyncClient) -> None:
    body = transaction([goal()], patient=False)
    answers = [await region.post("/fhir", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    again = await region.post("/fhir", json=body, headers={"Idempotency-Key": "other"})
    assert again.json()["entry"][0]["response"]["status"] == "200 OK"
    keys = [row["idempotencyKey"] for row in (await region.get("/received")).json()]
    assert keys == ["k", "k", "other"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("no json", 400),
        ("[]", 400),
        (json.dumps({"resourceType": "Goal"}), 422),
        (json.dumps({"resourceType": "Bundle", "type": "collection"}), 400),
        (
            json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": patient()}]}),
            400,
        ),
    ],
)
async def test_the_region_refuses_what_is_no_transaction(
    region: httpx.AsyncClient, body: str, status: int
) -> None:
    answer = await region.post("/fhir", content=body)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "DELETE", "url": "Goal/1"},
        {"method": "PUT", "url": "Goal/1"},
        {"method": "PUT", "url": "CarePlan?identifier=a|b"},
        {"method": "POST", "url": "Goal", "ifNoneExist": "name=x"},
    ],
)
async def test_the_region_keeps_nothing_of_a_transaction_with_one_bad_entry(
    region: httpx.AsyncClient, request_: dict[str, str]
) -> None:
    body = transaction(sip(), patient=False)
    body["entry"].append({"fullUrl": "urn:uuid:1", "resource": goal(), "request": request_})
    assert (await region.post("/fhir", json=body)).status_code == 400
    assert (await region.get("/fhir/CarePlan")).json()["total"] == 0


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", json.dumps(AUDIT).encode(), 202),
        (
            "application/xml",
            '<push xmlns="https://w3id.org/sambro/push/1"><ort>Åmål</ort></push>'.encode(),
            202,
        ),
        ("application/json", b"{", 400),
        ("application/xml", b"<push>", 400),
    ],
)
async def test_the_kommun_takes_pushes_that_it_can_read(
    kommun: httpx.AsyncClient, content_type: str, body: bytes, status: int
) -> None:
    answer = await kommun.post(
        "/push", content=body, headers={"Content-Type": content_type, "Idempotency-Key": "k"}
    )
    assert answer.status_code == status
    assert (await kommun.get("/received")).json() == [
        {
            "at": "2026-11-16T08:00:00.000Z",
            "idempotencyKey": "k",
            "contentType": content_type,
            "body": body.decode(),
        }
    ]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({}, 1),
        ({"personId": "189002029800"}, 0),
        ({"recordTypes": ["SIP", "DUDIT"]}, 0),
        ({"from": "2026-11-16T08:12:00.000Z", "to": "2026-11-16T09:00:00.000Z"}, 1),
        ({"from": "2026-11-16T08:12:01.000Z"}, 0),
        ({"to": "2026-11-16T08:00:00.000Z"}, 0),
    ],
)
async def test_the_kommun_answers_a_question_with_its_records(
    kommun: httpx.AsyncClient, question: dict[str, Any], found: int
) -> None:
    answer = await kommun.post("/query", json=QUESTION | question)
    assert answer.json() == [AUDIT] * found


async def test_the_kommun_remembers_a_record_that_it_is_told(kommun: httpx.AsyncClient) -> None:
    plan = {"kind": "sip", "skapad": "2026-11-16T10:00:00Z", "person": {"id": "191212121212"}}
    assert (await kommun.post("/records", json=plan)).status_code == 201
    assert (await kommun.post("/query", json=QUESTION | {"recordTypes": ["SIP"]})).json() == [plan]


@pytest.mark.parametrize("app", [build_region(TOKEN), build_kommun(TOKEN)], ids=["region", "kommun"])
async def test_without_the_token_nothing_is_taken_or_shown(app: Starlette) -> None:
    paths = {route.path: route.methods for route in app.routes}  # type: ignore[attr-defined]
    async with client_of(app, "another") as stranger:
        for path in paths.keys() - {"/received", "/simulate"}:
            for method in paths[path] - {"HEAD"}:
                assert (await stranger.request(method, path)).status_code == 401
        assert (await stranger.get("/received")).json() == []


async def test_an_outage_lasts_as_often_as_told_or_until_it_is_lifted(kommun: httpx.AsyncClient) -> None:
    async def push() -> int:
        return (await kommun.post("/push", json=AUDIT)).status_code

    await kommun.post("/simulate", json={"status": 503, "times": 2})
    assert [await push() for _ in range(3)] == [503, 503, 202]
    await kommun.post("/simulate", json={"status": 500})
    assert [await push() for _ in range(3)] == [500, 500, 500]
    await kommun.post("/simulate", json={"status": None})
    assert await push() == 202
    assert len((await kommun.get("/received")).json()) == 2
