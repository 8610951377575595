"""Every route of the application and the audit that it leaves; a route that is not in the table fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Route

from tests.api import consents as fhir_consents
from tests.api.bridge import Bridge
from tests.api.official import file
from tests.exchange.bodies import TOLVAN, consent, screening

ASKED: Final = {"patient.identifier": TOLVAN}
ANSWER: Final = {"parameter": [{"name": "answer", "valueIdentifier": {"value": "none"}}]}

Call = Callable[[Bridge], Awaitable[httpx.Response]]


async def _status(bridge: Bridge) -> httpx.Response:
    return await bridge.status(await bridge.push(screening()))


# What each writes for one request about one person without consent: the log's kinds, in order.
CONSENT: Final = {"Content-Type": "application/fhir+json"}


async def _filed(bridge: Bridge) -> httpx.Response:
    return await bridge.fhir(
        "Consent", "kommun-registers", "POST", json=fhir_consents.consent(), headers=CONSENT
    )


async def _updated(bridge: Bridge) -> httpx.Response:
    body = fhir_consents.consent() | {"id": "1"}
    headers = CONSENT | {"If-Match": 'W/"1"'}
    return await bridge.fhir("Consent/1", "kommun-registers", "PUT", json=body, headers=headers)


TABLE: Final[dict[str, tuple[Call, list[str]]]] = {
    "POST /oauth/token": (lambda bridge: bridge.http.post("/oauth/token"), []),
    "GET /oauth/jwks": (lambda bridge: bridge.http.get("/oauth/jwks"), []),
    "GET /.well-known/smart-configuration": (
        lambda bridge: bridge.http.get("/.well-known/smart-configuration"),
        [],
    ),
    "GET /fhir/.well-known/smart-configuration": (
        lambda bridge: bridge.http.get("/fhir/.well-known/smart-configuration"),
        [],
    ),
    "GET /fhir/metadata": (lambda bridge: bridge.fhir("metadata"), []),
    "POST /fhir/$confirm-receipt": (
        lambda bridge: bridge.fhir("$confirm-receipt", method="POST", json=ANSWER),
        ["receipt"],
    ),
    "POST /fhir/Consent": (_filed, ["filed"]),
    "PUT /fhir/Consent/{id}": (_updated, ["filed"]),
    "GET /fhir/Consent/{id}": (lambda bridge: bridge.fhir("Consent/1"), ["access"]),
    "GET /fhir/Consent/{id}/_history/{version}": (
        lambda bridge: bridge.fhir("Consent/1/_history/1"),
        ["access"],
    ),
    "POST /fhir/$release-without-consent": (file, ["release-without-consent"]),
    "GET /fhir/{type}": (
        lambda bridge: bridge.fhir("CarePlan", params=ASKED),
        ["authorization"] * 2 + ["access"],
    ),
    "POST /fhir/{type}/_search": (
        lambda bridge: bridge.fhir("Consent/_search", method="POST", data=ASKED),
        ["access"],
    ),
    "GET /fhir/{type}/{id}": (
        lambda bridge: bridge.fhir("CarePlan/1"),
        ["authorization"] * 2 + ["access"],
    ),
    "GET POST PUT PATCH DELETE /fhir/{rest:path}": (lambda bridge: bridge.fhir("a/b/c"), []),
    "POST /inbound/{channel}": (lambda bridge: bridge.push(consent()), ["filed"]),
    "GET /inbound/{channel}/messages/{id}": (_status, ["filed", "authorization"]),
    "GET /healthz": (lambda bridge: bridge.http.get("/healthz"), []),
    "GET /readyz": (lambda bridge: bridge.http.get("/readyz"), []),
    "GET /metrics": (lambda bridge: bridge.http.get("/metrics"), []),
}


def _name(route: Route) -> str:
    order = ("GET", "POST", "PUT", "PATCH", "DELETE")
    return " ".join([*(method for method in order if method in (route.methods or ())), route.path])


async def test_every_route_stands_in_the_table(bridge: Bridge) -> None:
    app: FastAPI = bridge.app
    assert {_name(route) for route in app.routes if isinstance(route, Route)} == TABLE.keys()
    assert all(isinstance(route, Route) for route in app.routes)


@pytest.mark.parametrize(("call", "kinds"), TABLE.values(), ids=TABLE)
async def test_each_route_leaves_its_audit(bridge: Bridge, call: Call, kinds: list[str]) -> None:
    await call(bridge)
    assert await bridge.house.audit_kinds() == kinds
