"""A release becomes one POST; what comes back decides whether it is worth another."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.responses import Response, StreamingResponse

from adapter.exchange.ports import DeliveryFailed
from adapter.gate.notice import notice_of_end
from connectors.http_push.schema import faults
from connectors.http_push.sender import PushSender
from connectors.http_push.serialize import Form
from connectors.http_push.xml_form import read_xml, tree_of
from tests.connectors.fhir_rest.servers import listening, url_of
from tests.connectors.http_push.samples import example, reader
from tests.connectors.http_push.systems import AT, KommunSystem, release

KEY = "6f0c1a52-0000-4000-8000-000000000001"
CONSENT = "5b7c1d9e-0f6a-8c3b-9d2e-4a1f00000001"


def sender(
    client: httpx.AsyncClient, url: str, body: Any = None, form: Form = "json", deadline: float = 5.0
) -> PushSender:
    tree = example("screening_back.audit.expected") if body is None else body
    return PushSender(
        client, url, lambda _: tree, lambda: AT, token="kommun-token", form=form, deadline=deadline
    )


async def failure_of(sending: PushSender) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await sending.send(release(), KEY)
    return failed.value


async def test_a_system_without_a_token_is_sent_to_without_one(
    client: httpx.AsyncClient, system: KommunSystem
) -> None:
    tree = example("screening_back.audit.expected")
    await PushSender(client, system.url, lambda _: tree, lambda: AT, token="").send(release(), KEY)
    [(headers, _)] = system.received
    assert "authorization" not in headers


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_the_system_gets_a_valid_body_under_the_idempotency_key(
    client: httpx.AsyncClient, system: KommunSystem, form: Form
) -> None:
    await sender(client, system.url, form=form).send(release(), KEY)
    [(headers, body)] = system.received
    assert headers["authorization"] == "Bearer kommun-token"
    assert headers["idempotency-key"] == KEY
    arrival = reader().read(body, headers["content-type"])
    assert arrival.control_id == KEY
    assert arrival.record.tree == {**example("screening_back.audit.expected"), "messageId": KEY}


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_a_notice_is_an_id_and_an_instant_under_its_key(
    client: httpx.AsyncClient, system: KommunSystem, form: Form
) -> None:
    sending = sender(client, system.url, form=form)
    for _ in range(2):
        await sending.notify(notice_of_end(CONSENT, AT), KEY)
    (headers, body), again = system.received
    assert again == (headers, body)
    assert headers["idempotency-key"] == KEY
    assert (tree_of(read_xml(body)) if form == "xml" else json.loads(body)) == {
        "kind": "ended",
        "messageId": KEY,
        "skapad": "2026-11-16T08:00:00.000Z",
        "ended": {"consentId": CONSENT, "tidpunkt": "2026-11-16T08:00:00.000Z"},
    }


@pytest.mark.parametrize("extra", ["avsandare", "person", "sip", "consent", "screening", "enrolment"])
def test_the_form_of_a_notice_has_no_place_for_anything_else(extra: str) -> None:
    ended = {"consentId": CONSENT, "tidpunkt": "2026-11-16T08:00:00.000Z"}
    tree = {"kind": "ended", "messageId": KEY, "skapad": "2026-11-16T08:00:00.000Z", "ended": ended}
    whole = example("sip") | example("consent") | example("screening") | example("enrolment")
    assert list(faults(tree)) == []
    assert (extra, "unknown-field") in {
        (found.path, found.code) for found in faults(tree | {extra: whole[extra]})
    }
    assert ("ended", "unknown-field") in {
        (found.path, found.code) for found in faults(example("sip") | {"ended": ended})
    }


async def test_a_notice_that_is_not_taken_fails_as_a_release_does(
    client: httpx.AsyncClient, system: KommunSystem
) -> None:
    system.answer = lambda: Response(status_code=503)
    with pytest.raises(DeliveryFailed) as failed:
        await sender(client, system.url).notify(notice_of_end(CONSENT, AT), KEY)
    assert (failed.value.code, failed.value.transient) == ("http-503", True)


async def test_two_attempts_send_the_same_bytes(client: httpx.AsyncClient, system: KommunSystem) -> None:
    sending = sender(client, system.url)
    await sending.send(release(), KEY)
    await sending.send(release(), KEY)
    assert system.received[0] == system.received[1]


async def test_the_releasing_unit_is_the_sender_where_the_record_names_none(
    client: httpx.AsyncClient, system: KommunSystem
) -> None:
    body = example("screening_back.audit.expected")
    body["avsandare"] = {"enhetsnamn": "Öppenpsykiatrin"}
    await sender(client, system.url, body).send(release(), KEY)
    assert json.loads(system.received[0][1])["avsandare"] == {
        "organisation": "SE2321000131-E0101",
        "enhetsnamn": "Öppenpsykiatrin",
    }


@pytest.mark.parametrize("change", [{"kind": "plan"}, {"screening": {}}, {"extra": 1}])
async def test_a_body_that_breaks_the_schema_is_never_sent(
    client: httpx.AsyncClient, system: KommunSystem, change: dict[str, Any]
) -> None:
    body = example("screening_back.audit.expected") | change
    failure = await failure_of(sender(client, system.url, body))
    assert (failure.code, failure.transient) == ("body-invalid", False)
    assert system.received == []


async def test_without_any_sender_the_body_is_not_sent(
    client: httpx.AsyncClient, system: KommunSystem
) -> None:
    body = example("screening_back.audit.expected")
    del body["avsandare"]
    with pytest.raises(DeliveryFailed, match="body-invalid"):
        await sender(client, system.url, body).send(release(sender_unit=None), KEY)
    assert system.received == []


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_every_2xx_is_taken(client: httpx.AsyncClient, system: KommunSystem, status: int) -> None:
    system.answer = lambda: Response(status_code=status)
    await sender(client, system.url).send(release(), KEY)
    assert len(system.received) == 1


@pytest.mark.parametrize(
    ("status", "transient"),
    [
        (302, False),
        (400, False),
        (401, False),
        (404, False),
        (408, True),
        (409, False),
        (413, False),
        (422, False),
        (425, True),
        (429, True),
        (500, True),
        (502, True),
        (503, True),
    ],
)
async def test_the_status_decides_whether_another_try_helps(
    client: httpx.AsyncClient, system: KommunSystem, status: int, transient: bool
) -> None:
    system.answer = lambda: Response("Hemligt", status, {"Location": "/elsewhere"})
    failure = await failure_of(sender(client, system.url))
    assert (failure.code, failure.transient, failure.retry_after) == (f"http-{status}", transient, None)
    assert len(system.received) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("99999999", 86_400.0),
        ("Mon, 16 Nov 2026 08:01:30 GMT", 90.0),
        ("Mon, 16 Nov 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
async def test_retry_after_is_honoured_within_bounds(
    client: httpx.AsyncClient, system: KommunSystem, header: str, seconds: float | None
) -> None:
    system.answer = lambda: Response(status_code=503, headers={"Retry-After": header})
    assert (await failure_of(sender(client, system.url))).retry_after == seconds


async def test_a_closed_port_is_a_passing_fault_after_a_few_quick_tries(client: httpx.AsyncClient) -> None:
    with listening() as listener:
        url = url_of(listener)
    failure = await failure_of(sender(client, url))
    assert (failure.code, failure.transient) == ("connect-failed", True)


async def test_a_system_that_opens_late_is_reached_within_the_attempt(client: httpx.AsyncClient) -> None:
    async def take(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stream.readuntil(KEY.encode())
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    with listening() as listener:
        url, port = url_of(listener), listener.getsockname()[1]
    attempt = asyncio.create_task(sender(client, url).send(release(), KEY))
    await asyncio.sleep(0.05)
    assert not attempt.done()
    async with await asyncio.start_server(take, "127.0.0.1", port):
        await attempt


async def test_a_silent_system_times_out(client: httpx.AsyncClient) -> None:
    with listening() as listener:
        failure = await failure_of(sender(client, url_of(listener), deadline=0.2))
    assert (failure.code, failure.transient) == ("timeout", True)


async def test_a_connection_that_breaks_is_a_passing_fault(client: httpx.AsyncClient) -> None:
    async def hang_up(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await stream.read(10)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        failure = await failure_of(sender(client, f"http://127.0.0.1:{port}"))
    assert (failure.code, failure.transient) == ("connection-lost", True)


async def test_an_endless_answer_is_cut_off(client: httpx.AsyncClient, system: KommunSystem) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 16_384
            await asyncio.sleep(0)

    system.answer = lambda: StreamingResponse(endless(), 202)
    began = time.monotonic()
    await sender(client, system.url).send(release(), KEY)
    assert time.monotonic() - began < 2
