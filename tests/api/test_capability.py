"""The CapabilityStatement is true: each thing that it claims works, and each thing that works is claimed."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Final

import pytest
from starlette.routing import Route

from adapter.fhir.search_parameters import person_spellings
from tests.api import consents
from tests.api.bridge import ORIGIN, Bridge
from tests.exchange.bodies import TOLVAN

SAMPLES: Final = {"token": "active", "date": "ge2020-01-01", "reference": "Organization/1"}
INTERACTIONS: Final = {
    "read": ("GET", "{type}/{id}"),
    "vread": ("GET", "{type}/{id}/_history/1"),
    "create": ("POST", "{type}"),
    "update": ("PUT", "{type}/{id}"),
    "patch": ("PATCH", "{type}/{id}"),
    "delete": ("DELETE", "{type}/{id}"),
    "history-instance": ("GET", "{type}/{id}/_history"),
    "history-type": ("GET", "{type}/_history"),
    "search-type": ("GET", "{type}"),
}
NOT_FHIR: Final = {"/fhir/.well-known/smart-configuration", "/fhir/metadata", "/fhir/{rest:path}"}


async def statement(bridge: Bridge) -> dict[str, Any]:
    found: dict[str, Any] = (await bridge.fhir("metadata", None)).json()
    return found


async def allowed(bridge: Bridge, path: str) -> set[str]:
    """What the endpoint itself says can be done there."""
    answer = await bridge.fhir(path, None, "OPTIONS")
    assert answer.status_code == 204
    return set(answer.headers["allow"].split(", "))


async def test_an_interaction_is_claimed_if_and_only_if_it_is_served(bridge: Bridge) -> None:
    for resource in (await statement(bridge))["rest"][0]["resource"]:
        claimed = {it["code"] for it in resource["interaction"]}
        for code, (method, path) in INTERACTIONS.items():
            at = path.format(type=resource["type"], id="3f1f7c1e-7a53-4c7b-9d4b-0a3b5c6d7e8f")
            is_read_of_a_name = at.endswith("/_history") and code == "history-type"
            assert (method in await allowed(bridge, at)) is (code in claimed or is_read_of_a_name), at
            if code not in claimed:
                client = "auditor" if resource["type"] == "AuditEvent" else "region"
                assert (await bridge.fhir(at, client, method)).status_code in (404, 405), at


async def test_every_route_is_claimed(bridge: Bridge) -> None:
    rest = (await statement(bridge))["rest"][0]
    operations = {f"/fhir/${it['name']}" for it in rest["operation"]}
    together = {"/fhir"} if {it["code"] for it in rest["interaction"]} == {"transaction", "batch"} else set()
    on_types = [{it["name"] for it in resource["operation"]} for resource in rest["resource"]]
    assert set.union(*on_types) == {"validate", "everything"}
    claimed = (
        operations
        | together
        | {
            "/fhir/{type}/$validate",
            "/fhir/Patient/{id}/$everything",
            "/fhir/{type}",
            "/fhir/{type}/_search",
            "/fhir/{type}/{id}",
        }
    )
    claimed |= {"/fhir/Consent", "/fhir/Consent/{id}", "/fhir/Consent/{id}/_history/{version}"}
    served = {
        route.path
        for route in bridge.app.routes
        if isinstance(route, Route) and f"{route.path}/".startswith("/fhir/") and route.path not in NOT_FHIR
    }
    assert claimed == served


async def test_every_parameter_that_is_claimed_is_known_and_no_other(bridge: Bridge) -> None:
    for resource in (await statement(bridge))["rest"][0]["resource"]:
        kind, parameters = resource["type"], resource["searchParam"]
        client = "auditor" if kind == "AuditEvent" else "region"
        spellings = person_spellings(kind)
        person = "identifier" if kind == "Patient" else spellings[1]
        criteria = {it["name"]: SAMPLES[it["type"]] for it in parameters if it["name"] not in spellings}
        assert {it["name"] for it in parameters} - criteria.keys() <= set(spellings)
        answer = await bridge.fhir(kind, client, params={person: TOLVAN} | criteria)
        assert answer.status_code == 200, answer.text
        unknown = await bridge.fhir(kind, client, params={person: TOLVAN, "colour": "x"})
        assert unknown.status_code == 400


async def test_every_operation_that_is_claimed_is_served(bridge: Bridge) -> None:
    rest = (await statement(bridge))["rest"][0]
    for operation in rest["operation"]:
        assert "POST" in await allowed(bridge, f"${operation['name']}")
    for resource in rest["resource"]:
        for operation in resource["operation"]:
            is_of_one = operation["name"] == "everything"
            path = f"{resource['type']}{'/1' if is_of_one else ''}/${operation['name']}"
            assert ("GET" if is_of_one else "POST") in await allowed(bridge, path)


async def test_the_requirements_that_are_shipped_say_the_same(bridge: Bridge) -> None:
    shipped = files("fhir_profiles") / "definitions" / "CapabilityStatement-endpoint.json"
    required, live = json.loads(shipped.read_text(encoding="utf-8")), await statement(bridge)
    assert (live["instantiates"], live["format"]) == ([required["url"]], required["format"])
    del live["rest"][0]["security"]
    assert _said(live["rest"]) == _said(required["rest"])


def _said(value: Any) -> Any:
    """Without the words for people, and whatever the order."""
    if isinstance(value, dict):
        return {name: _said(below) for name, below in value.items() if name != "documentation"}
    return sorted(map(_said, value), key=json.dumps) if isinstance(value, list) else value


async def test_every_form_that_is_claimed_is_answered_and_no_other(bridge: Bridge) -> None:
    for form in (await statement(bridge))["format"]:
        answer = await bridge.fhir("metadata", None, params={"_format": form})
        assert answer.status_code == 200
        assert form in answer.headers["content-type"]
    assert (await bridge.fhir("metadata", None, params={"_format": "ttl"})).status_code == 406


async def test_what_is_said_of_versions_and_conditions_is_so(bridge: Bridge) -> None:
    [of_consents] = [it for it in (await statement(bridge))["rest"][0]["resource"] if it["type"] == "Consent"]
    assert (of_consents["conditionalCreate"], of_consents["updateCreate"]) == (True, False)
    body = consents.consent("C-capability")
    made = await consents.post(bridge, body)
    value = f"identifier={consents.SYSTEM}|C-capability"
    assert (await consents.post(bridge, body, If_None_Exist=value)).status_code == 200
    held = await bridge.fhir(
        f"Consent/{made.json()['id']}", "kommun-registers", headers={"If-None-Match": made.headers["etag"]}
    )
    assert (of_consents["conditionalRead"], held.status_code) == ("not-match", 304)
    unknown = made.json() | {"id": "3f1f7c1e-7a53-4c7b-9d4b-0a3b5c6d7e8f"}
    assert (await consents.put(bridge, unknown, 1)).status_code == 404


@pytest.mark.parametrize(("origin", "is_let_in"), [(ORIGIN, True), ("https://evil.example", False)])
async def test_scripts_of_the_configured_origins_alone_may_call(
    bridge: Bridge, origin: str, is_let_in: bool
) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    preflight = await bridge.fhir(
        "CarePlan", None, "OPTIONS", headers=asked | {"Access-Control-Request-Headers": "authorization"}
    )
    filing = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    assert ((await bridge.http.options("/fhir", headers=filing)).status_code == 200) is is_let_in
    got = await bridge.fhir("metadata", None, headers={"Origin": origin})
    assert (preflight.status_code == 200) is is_let_in
    assert (got.headers.get("access-control-allow-origin") == origin) is is_let_in
    assert "access-control-allow-credentials" not in got.headers
    elsewhere = await bridge.http.get("/health/live", headers={"Origin": ORIGIN})
    assert "access-control-allow-origin" not in elsewhere.headers
