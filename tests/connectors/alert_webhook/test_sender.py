"""A notice by webhook: signed, the same id at each attempt, every failure worth another."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

import httpx
import orjson
import pytest

from adapter.domain.instants import as_instant
from adapter.exchange.ports import DeliveryFailed
from connectors.alert_webhook.sender import WebhookTeller
from tests.connectors.alert_notice import NOTICE, NOW

Answer = Callable[[httpx.Request], httpx.Response]


async def tell(answer: Answer, *, secret: str = "", token: str = "") -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        url = "https://drift.example/hook"
        await WebhookTeller(client, url, lambda: NOW, secret=secret, token=token).tell(NOTICE)


async def test_a_notice_is_posted_with_a_signature_that_its_receiver_can_check() -> None:
    taken: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        taken.append(request)
        return httpx.Response(204)

    await tell(answer, secret="s3cret", token="t0ken")
    [request] = taken
    at = request.headers["webhook-timestamp"]
    signed = b".".join((b"notice-1", at.encode(), request.content))
    expected = base64.b64encode(hmac.digest(b"s3cret", signed, hashlib.sha256)).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"
    assert (request.headers["webhook-id"], at) == ("notice-1", str(int(NOW.timestamp())))
    assert request.headers["authorization"] == "Bearer t0ken"
    assert orjson.loads(request.content) == {
        "type": "alert.opened",
        "timestamp": as_instant(NOW),
        "data": {
            "id": "alert-1",
            "code": "recipient-down",
            "agreement": "https://a.example",
            "party": "region",
            "about": "journal",
            "count": 2,
            "openedAt": as_instant(NOW),
            "resolvedAt": None,
        },
    }


async def test_without_secret_or_token_nothing_is_claimed() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert not {"webhook-signature", "authorization"} & set(request.headers)
        return httpx.Response(200)

    await tell(answer)


def _raises(error: Exception) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda _: httpx.Response(404), "http-404"),
        (lambda _: httpx.Response(302, headers={"Location": "https://elsewhere.example"}), "http-302"),
        (lambda _: httpx.Response(503), "http-503"),
        (_raises(httpx.ConnectError("")), "connect-failed"),
        (_raises(httpx.ReadTimeout("")), "timeout"),
        (_raises(httpx.ReadError("")), "connection-lost"),
    ],
)
async def test_every_failure_is_worth_another_try(answer: Answer, code: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await tell(answer)
    assert (caught.value.code, caught.value.transient) == (code, True)
