"""``$validate``: what is found is told, valid or not; who may ask; that nothing is kept."""

from __future__ import annotations

import json
from threading import current_thread, main_thread
from typing import Any, Final

import httpx
import pytest

from adapter.domain.records import CANONICAL
from adapter.fhir.json_reading import read_json
from tests.api.bridge import Bridge
from tests.conformance.planted import PLANTED
from tests.conformance.samples import example

FHIR: Final = {"Content-Type": "application/fhir+json"}
SIP: Final = f"{CANONICAL}/StructureDefinition/sip"


async def validated(bridge: Bridge, path: str, body: Any, client: str = "region") -> httpx.Response:
    return await bridge.fhir(f"{path}/$validate", client, "POST", json=body, headers=FHIR)


def told(answer: httpx.Response) -> list[tuple[str, str]]:
    """Severity and our code of each issue."""
    assert (answer.status_code, answer.json()["resourceType"]) == (200, "OperationOutcome")
    issues = answer.json()["issue"]
    return [(issue["severity"], issue["details"]["coding"][0]["code"]) for issue in issues]


async def test_a_good_resource_is_said_to_be_good(bridge: Bridge) -> None:
    assert told(await validated(bridge, "CarePlan", example("CarePlan-plan"))) == [("information", "all-ok")]


@pytest.mark.parametrize("number", range(1, 6))
async def test_a_plan_without_a_content_is_told_which(bridge: Bridge, number: int) -> None:
    code = f"sip-content-{number}"
    plan = next(fault.resource() for fault in PLANTED if fault.finding == code)
    assert ("error", code) in told(await validated(bridge, "CarePlan", plan))


async def test_an_invariant_speaks_as_its_profile_does(bridge: Bridge) -> None:
    fault = next(fault for fault in PLANTED if fault.finding == "screening-sum")
    answer = await validated(bridge, "Observation", fault.resource())
    [issue] = answer.json()["issue"]
    assert (issue["code"], issue["expression"]) == ("invariant", ["Observation"])
    assert (
        issue["details"]["text"] == "Summan ska vara summan av svaren. / The total is the sum of the answers."
    )


@pytest.mark.parametrize("url", ["valueUri", "valueCanonical"])
async def test_the_profile_may_be_named_in_parameters_or_the_address(bridge: Bridge, url: str) -> None:
    plan = example("CarePlan-plan")
    del plan["meta"], plan["author"]
    named = {"name": "profile", url: SIP}
    body = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": plan}, named]}
    assert told(await validated(bridge, "CarePlan", plan)) == [("information", "all-ok")]
    assert told(await validated(bridge, "CarePlan", body)) == [("error", "sip-content-4")]
    by_query = await bridge.fhir(
        "CarePlan/$validate", method="POST", json=plan, params={"profile": SIP}, headers=FHIR
    )
    assert told(by_query) == [("error", "sip-content-4")]


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ("region", 200),
        ("region-reads", 200),
        ("region-patients", 403),
        ("region-audit", 403),
        ("kommun", 403),
    ],
)
async def test_who_has_a_scope_of_the_type_may_ask(bridge: Bridge, client: str, status: int) -> None:
    answer = await validated(bridge, "CarePlan", example("CarePlan-plan"), client)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("Nothing", {"resourceType": "Nothing"}, 404, "unknown-resource-type"),
        ("HumanName", {}, 404, "unknown-resource-type"),
        ("Goal", {"resourceType": "Patient"}, 400, "type-of-path"),
        ("Goal", {}, 400, "type-of-path"),
        ("Goal", [], 400, "unreadable"),
        ("Goal", {"resourceType": "Parameters"}, 400, "required"),
        (
            "Goal",
            {"resourceType": "Parameters", "parameter": [{"name": "mode", "valueCode": "create"}]},
            400,
            "unknown-parameter",
        ),
        (
            "Goal",
            {
                "resourceType": "Parameters",
                "parameter": [
                    {"name": "resource", "resource": {"resourceType": "Goal"}},
                    {"name": "profile", "valueUri": "https://example.org/none"},
                ],
            },
            400,
            "unknown-profile",
        ),
        ("Goal", {"resourceType": "Goal", "id": "x" * 300_000}, 413, "too-large"),
    ],
)
async def test_what_cannot_be_validated_is_refused(
    bridge: Bridge, path: str, body: Any, status: int, code: str
) -> None:
    answer = await validated(bridge, path, body)
    assert answer.status_code == status
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == code
    assert await bridge.house.audit_kinds() == ["refused"]


async def test_another_parameter_or_format_is_refused(bridge: Bridge) -> None:
    goal = example("Goal-goal-short")
    asked = await bridge.fhir(
        "Goal/$validate", method="POST", json=goal, params={"mode": "create"}, headers=FHIR
    )
    plain = await bridge.fhir(
        "Goal/$validate", method="POST", json=goal, headers={"Content-Type": "text/plain"}
    )
    assert (asked.status_code, plain.status_code) == (400, 415)


async def test_what_json_can_hold_and_fhir_cannot_is_told(bridge: Bridge) -> None:
    plan = json.dumps({"resourceType": "CarePlan", "id": "\ud800", "description": 10**400})
    answer = await bridge.fhir("CarePlan/$validate", method="POST", content=plan, headers=FHIR)
    assert {"value", "required"} <= {code for _, code in told(answer)}
    unknown = await validated(bridge, "CarePlan", {"resourceType": "CarePlan", "Tolvan Tolvansson": 1})
    assert "Tolvan" not in unknown.text


async def test_a_body_is_read_apart_from_other_answers(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []

    def reading(body: bytes, *, most: int) -> dict[str, Any]:
        threads.append(current_thread().name)
        return read_json(body, most=most)

    monkeypatch.setattr("adapter.api.negotiation.read_json", reading)
    await validated(bridge, "CarePlan", example("CarePlan-plan"))
    assert threads != [main_thread().name]
    assert len(threads) == 1
