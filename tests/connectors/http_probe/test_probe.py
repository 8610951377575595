"""A probe sends nothing of anybody, and tells the answer by its code alone."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from adapter.exchange.ports import DeliveryFailed
from connectors.http_probe.probe import HttpProbe

Answer = Callable[[httpx.Request], httpx.Response]


async def probe(answer: Answer, token: str = "") -> str:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        return await HttpProbe(client, "OPTIONS", "https://ehr.example/push", token=token).test()


@pytest.mark.parametrize("status", [200, 302, 401, 405, 503])
async def test_whatever_answers_is_told_by_its_code(status: int) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, headers={"Location": "https://elsewhere.example/"}, content=b"x" * 9)

    assert await probe(answer, "t0ken") == f"http-{status}"
    [request] = asked
    assert (request.method, str(request.url), request.content) == ("OPTIONS", "https://ehr.example/push", b"")
    assert request.headers["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (httpx.ConnectError("no"), "connect-failed"),
        (httpx.ConnectTimeout("no"), "timeout"),
        (httpx.RemoteProtocolError("no"), "connection-lost"),
    ],
)
async def test_no_answer_is_told_by_what_kept_it_away(fault: httpx.RequestError, code: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert "authorization" not in request.headers
        raise fault

    with pytest.raises(DeliveryFailed) as failed:
        await probe(answer)
    assert failed.value.code == code
