"""The FHIR sender, on real sockets: what the region gets, and which failures pass."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapter.demo.region import build_region
from adapter.domain.records import NOTICE_TOPIC, RECORD_ID
from adapter.exchange.ports import DeliveryFailed, Sender
from adapter.gate.notice import notice_of_end
from connectors.fhir_rest.sender import MAX_ANSWER_BYTES, FhirSender
from tests.connectors.fhir_rest.servers import AT, ORIGIN, listening, release, serving, url_of
from tests.fhir.plans import goal, patient, sip

TOKEN = "region-token"
NOTICE = "6f0c1a52-0000-4000-8000-000000000001"
CONSENT = "5b7c1d9e-0f6a-8c3b-9d2e-4a1f00000001"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5) as http:
        yield http


@pytest.fixture
async def region() -> AsyncIterator[str]:
    async with serving(build_region(TOKEN)) as url:
        yield url


def sender_to(client: httpx.AsyncClient, url: str, *, token: str = TOKEN, patient: bool = False) -> Sender:
    return FhirSender(client, f"{url}/fhir", token=token, patient=patient)


async def held(client: httpx.AsyncClient, region: str, resource_type: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{region}/fhir/{resource_type}", headers=BEARER)
    return [entry["resource"] for entry in answer.json()["entry"]]


async def received(client: httpx.AsyncClient, region: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await client.get(f"{region}/received")).json()
    return rows


async def fails(sender: Sender) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await sender.send(release([goal()]), "key-1")
    return caught.value


async def test_the_region_holds_the_plan_with_its_goal_and_team(
    client: httpx.AsyncClient, region: str
) -> None:
    await sender_to(client, region).send(release(sip()), "key-1")
    [plan], goals, [team] = [await held(client, region, name) for name in ("CarePlan", "Goal", "CareTeam")]
    assert len(goals) == 2
    assert {link["reference"] for link in plan["goal"]} == {f"Goal/{it['id']}" for it in goals}
    assert plan["careTeam"] == [{"reference": f"CareTeam/{team['id']}"}]
    assert plan["subject"].keys() == {"type", "identifier"}


async def test_without_a_token_the_request_says_so_to_the_recipient(
    client: httpx.AsyncClient, region: str
) -> None:
    assert (await fails(sender_to(client, region, token=""))).code == "http-401"


async def test_the_request_carries_its_key_and_type(client: httpx.AsyncClient, region: str) -> None:
    await sender_to(client, region).send(release(sip()), "key-1")
    [row] = await received(client, region)
    assert (row["idempotencyKey"], row["contentType"]) == ("key-1", "application/fhir+json")
    assert json.loads(row["body"])["type"] == "transaction"


async def test_a_repeat_is_seen_again_and_changes_nothing(client: httpx.AsyncClient, region: str) -> None:
    for _ in range(2):
        await sender_to(client, region).send(release(sip()), "key-1")
    assert [row["idempotencyKey"] for row in await received(client, region)] == ["key-1", "key-1"]
    assert [plan["meta"]["versionId"] for plan in await held(client, region, "CarePlan")] == ["1"]


async def test_the_region_holds_once_where_the_plan_comes_from(
    client: httpx.AsyncClient, region: str
) -> None:
    for key in ("key-1", "key-2"):
        await sender_to(client, region).send(release(sip(), ORIGIN), key)
    [provenance] = await held(client, region, "Provenance")
    [plan] = await held(client, region, "CarePlan")
    assert provenance["policy"] == list(ORIGIN.made_by)
    assert {"reference": f"CarePlan/{plan['id']}"} in provenance["target"]
    assert len(provenance["target"]) == 4


async def test_a_notice_is_a_communication_of_an_id_and_an_instant(
    client: httpx.AsyncClient, region: str
) -> None:
    for _ in range(2):
        await sender_to(client, region).notify(notice_of_end(CONSENT, AT), NOTICE)
    assert [row["idempotencyKey"] for row in await received(client, region)] == [NOTICE, NOTICE]
    [kept] = await held(client, region, "Communication")
    del kept["id"], kept["meta"]
    assert kept == {
        "resourceType": "Communication",
        "identifier": [{"system": RECORD_ID, "value": NOTICE}],
        "status": "completed",
        "topic": {"coding": [{"system": NOTICE_TOPIC, "code": "basis-ended"}]},
        "about": [{"type": "Consent", "identifier": {"system": RECORD_ID, "value": CONSENT}}],
        "sent": "2026-11-16T08:00:00.000Z",
    }


async def test_a_notice_is_created_once_also_where_keys_are_not_heeded(
    client: httpx.AsyncClient, region: str
) -> None:
    await sender_to(client, region).notify(notice_of_end(CONSENT, AT), NOTICE)
    [row] = await received(client, region)
    again = await client.post(f"{region}/fhir", content=row["body"], headers=BEARER)
    assert again.json()["entry"][0]["response"]["status"] == "200 OK"
    assert len(await held(client, region, "Communication")) == 1


async def test_a_notice_that_is_not_taken_fails_as_a_release_does(
    client: httpx.AsyncClient, region: str
) -> None:
    await client.post(f"{region}/simulate", json={"status": 503})
    with pytest.raises(DeliveryFailed) as caught:
        await sender_to(client, region).notify(notice_of_end(CONSENT, AT), NOTICE)
    assert (caught.value.code, caught.value.transient) == ("http-503", True)


async def test_a_new_version_updates_and_never_doubles(client: httpx.AsyncClient, region: str) -> None:
    sender = sender_to(client, region)
    await sender.send(release([goal()]), "key-1")
    await sender.send(release([goal() | {"lifecycleStatus": "completed"}]), "key-2")
    [kept] = await held(client, region, "Goal")
    assert (kept["lifecycleStatus"], kept["meta"]["versionId"]) == ("completed", "2")


async def test_a_patient_is_created_once_and_never_overwritten(
    client: httpx.AsyncClient, region: str
) -> None:
    sender = sender_to(client, region, patient=True)
    await sender.send(release([patient() | {"gender": "male"}]), "key-1")
    await sender.send(release([patient() | {"gender": "female"}]), "key-2")
    assert [kept["gender"] for kept in await held(client, region, "Patient")] == ["male"]


async def test_without_the_agreements_word_no_patient_is_sent(client: httpx.AsyncClient, region: str) -> None:
    await sender_to(client, region).send(release([patient(), goal()]), "key-1")
    assert await held(client, region, "Patient") == []
    assert len(await held(client, region, "Goal")) == 1


async def test_a_release_that_makes_no_transaction_is_not_sent(
    client: httpx.AsyncClient, region: str
) -> None:
    for resources, code in (
        ([patient()], "nothing-to-deliver"),
        ([goal() | {"identifier": []}], "not-deliverable"),
    ):
        with pytest.raises(DeliveryFailed) as caught:
            await sender_to(client, region).send(release(resources), "key-1")
        assert (caught.value.code, caught.value.transient) == (code, False)
    assert await received(client, region) == []


async def test_an_outage_passes_and_the_same_key_is_taken_afterwards(
    client: httpx.AsyncClient, region: str
) -> None:
    await client.post(f"{region}/simulate", json={"status": 503, "times": 1})
    failure = await fails(sender_to(client, region))
    assert (failure.code, failure.transient) == ("http-503", True)
    await sender_to(client, region).send(release([goal()]), "key-1")
    assert [row["idempotencyKey"] for row in await received(client, region)] == ["key-1"]


async def test_a_wrong_token_lasts(client: httpx.AsyncClient, region: str) -> None:
    failure = await fails(sender_to(client, region, token="another"))
    assert (failure.code, failure.transient) == ("http-401", False)


@pytest.mark.parametrize(
    ("status", "headers", "transient", "retry_after"),
    [
        (408, {}, True, None),
        (425, {}, True, None),
        (429, {"Retry-After": "7"}, True, 7.0),
        (500, {}, True, None),
        (
            503,
            {"Retry-After": "Mon, 16 Nov 2026 08:01:00 GMT", "Date": "Mon, 16 Nov 2026 08:00:00 GMT"},
            True,
            60.0,
        ),
        (503, {"Retry-After": "999999999"}, True, 86_400.0),
        (503, {"Retry-After": "soon"}, True, None),
        (302, {"Location": "http://127.0.0.1/elsewhere"}, False, None),
        (201, {}, False, None),
        (400, {}, False, None),
        (401, {}, False, None),
        (404, {}, False, None),
        (409, {}, False, None),
        (422, {}, False, None),
    ],
)
async def test_a_status_says_whether_it_passes(
    client: httpx.AsyncClient,
    status: int,
    headers: dict[str, str],
    transient: bool,
    retry_after: float | None,
) -> None:
    async with scripted(Response("191212121212", status, headers)) as url:
        failure = await fails(sender_to(client, url))
    assert (failure.code, failure.transient, failure.retry_after) == (
        f"http-{status}",
        transient,
        retry_after,
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html/>",
        b"[]",
        b"{}",
        b'{"type": "searchset", "entry": [{"response": {"status": "200"}}]}',
        b'{"type": "transaction-response", "entry": []}',
        b'{"type": "transaction-response", "entry": [{}]}',
        b'{"type": "transaction-response", "entry": [{"response": {"status": "good"}}]}',
        b'{"type": "transaction-response", "entry": {"response": {"status": "200"}}}',
        b"x" * (MAX_ANSWER_BYTES + 1),
    ],
)
async def test_an_answer_that_accounts_for_nothing_is_unreadable(
    client: httpx.AsyncClient, body: bytes
) -> None:
    async with scripted(Response(body)) as url:
        failure = await fails(sender_to(client, url))
    assert (failure.code, failure.transient) == ("answer-unreadable", True)


@pytest.mark.parametrize(("status", "transient"), [("422 Unprocessable", False), ("503", True)])
async def test_an_entry_that_was_not_taken_is_a_failure(
    client: httpx.AsyncClient, status: str, transient: bool
) -> None:
    body = {"type": "transaction-response", "entry": [{"response": {"status": status}}]}
    async with scripted(Response(json.dumps(body))) as url:
        failure = await fails(sender_to(client, url))
    assert (failure.code, failure.transient) == (f"http-{status[:3]}", transient)


async def test_nobody_listening_passes(client: httpx.AsyncClient) -> None:
    with listening() as closed:
        url = url_of(closed)
    failure = await fails(sender_to(client, url))
    assert (failure.code, failure.transient) == ("connect-failed", True)


async def test_a_connection_that_breaks_passes(client: httpx.AsyncClient) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        failure = await fails(sender_to(client, url_of(server.sockets[0])))
    assert (failure.code, failure.transient) == ("connection-lost", True)


async def test_the_deadline_ends_a_silent_attempt(client: httpx.AsyncClient) -> None:
    with listening() as silent:
        sender = FhirSender(client, url_of(silent), token=TOKEN, patient=False, deadline=0.2)
        failure = await fails(sender)
    assert (failure.code, failure.transient) == ("timeout", True)


async def test_a_failure_shows_nothing_of_the_answer(client: httpx.AsyncClient) -> None:
    async with scripted(Response("191212121212", 400)) as url:
        failure = await fails(sender_to(client, url))
    assert str(failure) == "http-400"
    assert failure.__cause__ is None
    assert failure.__context__ is None


def scripted(response: Response) -> Any:
    """A server that gives every request one answer."""

    async def answer(_request: Request) -> Response:
        return response

    return serving(Starlette(routes=[Route("/fhir", answer, methods=["POST"])]))
