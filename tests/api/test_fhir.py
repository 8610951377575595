"""The FHIR endpoint's handlers: who is let in, what is refused and how, and that no answer tells more than it should."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapter.domain.errors import Unreachable
from tests.api.bridge import Bridge, bridged
from tests.api.searches import FHIR, asking, confirm, matches
from tests.exchange.bodies import OTHER, TOLVAN, consent, revocation, screening
from tests.exchange.held_plans import hold_plans

FORM = "application/x-www-form-urlencoded"
TYPES = ("Patient", "Consent", "CarePlan", "Goal", "CareTeam", "Task", "Observation")
SECRET = "a secret in an exception's text"


def codes(answer: httpx.Response) -> list[tuple[str, str]]:
    """FHIR's issue type and our code, of each issue of an OperationOutcome."""
    outcome = answer.json()
    assert (outcome["resourceType"], answer.headers["content-type"]) == ("OperationOutcome", FHIR)
    return [(issue["code"], issue["details"]["coding"][0]["code"]) for issue in outcome["issue"]]


@pytest.mark.parametrize("path", [*TYPES, "CarePlan/1", "CarePlan/_search", "Nothing", "a/b/c"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer not.a.token"},
    ],
    ids=["no token", "an empty one", "another scheme", "nonsense"],
)
async def test_without_a_good_token_nothing_is_said(
    bridge: Bridge, path: str, headers: dict[str, str]
) -> None:
    method = "POST" if path.endswith("_search") else "GET"
    answer = await bridge.fhir(path, None, method, headers=headers)
    assert (answer.status_code, codes(answer)) == (401, [("login", "unauthorized")])
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_ends(bridge: Bridge) -> None:
    headers = {"Authorization": f"Bearer {bridge.token('region')}"}
    assert (await bridge.fhir("CarePlan", None, params=asking(), headers=headers)).status_code == 200
    bridge.house.clock.move(hours=12, seconds=11)
    assert (await bridge.fhir("CarePlan", None, params=asking(), headers=headers)).status_code == 401


@pytest.mark.parametrize(
    ("client", "resource_type", "status"),
    [
        ("region", "CarePlan", 200),
        ("region-patients", "Patient", 200),
        ("region-patients", "CarePlan", 403),
        ("region-reads", "CarePlan", 403),
        ("region-reads", "Patient", 403),
        ("region-audit", "CarePlan", 403),
        ("kommun", "Consent", 403),
    ],
)
async def test_reading_and_searching_both_take_both_scopes(
    bridge: Bridge, client: str, resource_type: str, status: int
) -> None:
    found = await bridge.fhir(resource_type, client, params=asking(resource_type=resource_type))
    read = await bridge.fhir(f"{resource_type}/1", client)
    assert (found.status_code, read.status_code) == (status, 404 if status == 200 else 403)
    if status == 403:
        assert codes(found) == codes(read) == [("forbidden", "forbidden")]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [("required", "required")]),
        ("status=active", [("required", "required")]),
        (f"patient.identifier={TOLVAN}&patient.identifier={OTHER}", [("required", "required")]),
        (f"patient.identifier={TOLVAN}&subject:identifier={TOLVAN}", [("required", "required")]),
        (f"patient.identifier={TOLVAN},{OTHER}", [("required", "required")]),
        ("patient.identifier=", [("required", "required")]),
        (f"patient.identifier={TOLVAN}&colour=red", [("not-supported", "unknown-parameter")]),
        (f"patient.identifier={TOLVAN}&_include=Goal:subject", [("not-supported", "unsupported-include")]),
        (f"patient.identifier={TOLVAN}&_has:Goal:x:y=1", [("not-supported", "unknown-parameter")]),
        (f"patient.identifier={TOLVAN}&status:not=active", [("not-supported", "unsupported-modifier")]),
        (f"patient.identifier={TOLVAN}&date=2026-13-01", [("value", "value")]),
        (f"patient.identifier={TOLVAN}&_count=-1", [("value", "value")]),
        ("patient.name=Tolvan", [("not-supported", "unknown-parameter"), ("required", "required")]),
        (f"patient.identifier={TOLVAN}&status=%ff", [("value", "value")]),
    ],
)  # fmt: skip
async def test_a_search_that_is_not_about_one_person_or_not_understood_is_refused(
    bridge: Bridge, query: str, found: list[tuple[str, str]]
) -> None:
    answer = await bridge.fhir(f"CarePlan?{query}")
    assert (answer.status_code, set(codes(answer))) == (400, set(found))
    assert TOLVAN not in answer.text
    assert bridge.house.source.asked == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "Encounter", 404),
        ("GET", "Encounter/1", 404),
        ("POST", "Encounter/_search", 404),
        ("GET", "CarePlan/1/_history", 404),
        ("GET", "$everything", 404),
        ("POST", "CarePlan", 405),
        ("PUT", "CarePlan/1", 405),
        ("PATCH", "CarePlan/1", 405),
        ("DELETE", "CarePlan/1", 405),
        ("POST", "", 405),
        ("DELETE", "CarePlan", 405),
    ],
)
async def test_what_is_not_served_is_refused_in_fhirs_words(
    bridge: Bridge, method: str, path: str, status: int
) -> None:
    request: dict[str, Any] = {"data": asking()} if path.endswith("_search") else {}
    answer = await bridge.fhir(path, method=method, **request)
    assert answer.status_code == status
    assert len(codes(answer)) == 1


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"patient.identifier=191212121212", FORM, 200),
        (b"patient.identifier=191212121212", f"{FORM}; charset=utf-8", 200),
        (b"patient.identifier=191212121212", "application/json", 415),
        (b"patient.identifier=191212121212", "", 415),
        (b"patient.identifier=" + b"1" * 65_537, FORM, 413),
        (b"patient.identifier=\xff", FORM, 400),
    ],
)
async def test_a_search_by_post_is_a_bounded_form(
    bridge: Bridge, content: bytes, media_type: str, status: int
) -> None:
    answer = await bridge.fhir(
        "CarePlan/_search", method="POST", content=content, headers={"Content-Type": media_type}
    )
    assert answer.status_code == status


async def test_a_search_by_post_is_the_search_by_get(bridge: Bridge) -> None:
    await hold_plans(bridge.house)
    by_get = await bridge.fhir("CareTeam", params=asking())
    by_post = await bridge.fhir("CareTeam/_search", method="POST", data=asking())
    split = await bridge.fhir("CareTeam/_search?_count=5", method="POST", data=asking())
    assert matches(by_get) == matches(by_post) == matches(split)
    assert len(matches(by_get)) == 1


async def test_a_search_names_its_person_in_the_form_alone_or_in_the_query_alone(bridge: Bridge) -> None:
    answer = await bridge.fhir(f"CarePlan/_search?patient.identifier={OTHER}", method="POST", data=asking())
    assert (answer.status_code, codes(answer)) == (400, [("required", "required")])


@pytest.mark.parametrize(
    ("given", "echoed"),
    [
        ("trace-1.a_B", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("a b", False),
        ("<script>", False),
        ("191212121212", False),
        ("121212-1212", False),
        ("req-1912-12-12-1212", False),
        ("req-20261122-0002", True),
        ("19121212121", True),
        (None, False),
    ],
)
@pytest.mark.parametrize("path", ["metadata", "CarePlan", "CarePlan/1", "Encounter"])
async def test_a_request_id_is_echoed_if_well_formed_and_else_made(
    bridge: Bridge, path: str, given: str | None, echoed: bool
) -> None:
    headers = {} if given is None else {"X-Request-Id": given}
    answer = await bridge.fhir(path, headers=headers)
    shown = answer.headers["x-request-id"]
    assert shown == given if echoed else re.fullmatch(r"[0-9a-f-]{36}", shown)


async def test_the_request_id_ties_answer_and_audit(bridge: Bridge) -> None:
    await bridge.fhir("CarePlan", params=asking(), headers={"X-Request-Id": "trace-1"})
    assert {"value": "trace-1"} in [
        entity["what"].get("identifier")
        for entity in (await bridge.house.audit("access"))[0]["entity"]
        if "what" in entity
    ]


@pytest.mark.parametrize(("category", "kept"), [("1912 1212 1212", ""), ("assess-plan", "=assess-plan")])
async def test_the_audit_holds_the_query_without_the_number(bridge: Bridge, category: str, kept: str) -> None:
    await bridge.fhir("CarePlan", params=asking(status="active", _count="5", category=category))
    [event] = await bridge.house.audit("access")
    [query] = [base64.b64decode(entity["query"]).decode() for entity in event["entity"] if "query" in entity]
    assert query == f"CarePlan?patient.identifier&status=active&_count=5&category{kept}"


@pytest.mark.parametrize("asked", [TOLVAN, "191212-1212", "x"])
async def test_the_audit_holds_no_id_that_is_not_of_our_form(bridge: Bridge, asked: str) -> None:
    await bridge.fhir(f"CarePlan/{asked}")
    [event] = await bridge.house.audit("access")
    assert {"reference": "CarePlan/unknown"} in [entity.get("what") for entity in event["entity"]]


@pytest.mark.parametrize("failure", [RuntimeError(SECRET), ValueError(SECRET), KeyError(TOLVAN)])
async def test_no_answer_carries_the_text_of_an_exception(bridge: Bridge, failure: Exception) -> None:
    await bridge.house.push(consent())
    bridge.house.source.failure = failure
    answer = await bridge.fhir("Observation", params=asking())
    assert (answer.status_code, codes(answer)) == (500, [("exception", "internal-fault")])
    assert SECRET not in answer.text
    assert TOLVAN not in answer.text


async def test_a_source_that_does_not_answer_is_503_to_whom_has_a_permit_alone(bridge: Bridge) -> None:
    await bridge.house.push(consent())
    bridge.house.source.failure = Unreachable("source-timeout")
    permitted = await bridge.fhir("Observation", params=asking())
    assert (permitted.status_code, codes(permitted)) == (503, [("transient", "unavailable")])
    assert permitted.headers["retry-after"] == "5"
    assert "source-timeout" not in permitted.text
    for client, number in (("stranger", TOLVAN), ("region", OTHER)):
        assert matches(await bridge.fhir("Observation", client, params=asking(number))) == []


@pytest.mark.parametrize("path", ["CarePlan", "Observation", "Patient", "Consent"])
async def test_no_audit_no_answer(bridge: Bridge, path: str) -> None:
    await hold_plans(bridge.house)
    await bridge.house.break_audit()
    answer = await bridge.fhir(path, params=asking(resource_type=path))
    assert (answer.status_code, codes(answer)) == (503, [("transient", "unavailable")])


async def test_metadata_is_for_everybody(bridge: Bridge) -> None:
    answer = await bridge.fhir("metadata", None)
    statement = answer.json()
    assert (answer.status_code, statement["resourceType"], statement["fhirVersion"]) == (
        200,
        "CapabilityStatement",
        "4.0.1",
    )
    assert {resource["type"] for resource in statement["rest"][0]["resource"]} == {*TYPES, "AuditEvent"}


async def test_an_answer_is_never_stored_on_the_way(bridge: Bridge) -> None:
    for path in ("metadata", "CarePlan", "CarePlan/1", "Encounter"):
        assert (await bridge.fhir(path)).headers["cache-control"] == "no-store"


async def test_a_found_resource_can_be_read_by_its_id(bridge: Bridge) -> None:
    await hold_plans(bridge.house)
    [plan] = matches(await bridge.fhir("CarePlan", params=asking()))
    read = await bridge.fhir(f"CarePlan/{plan['id']}")
    assert (read.status_code, read.json()) == (200, plan)


async def test_an_unknown_a_refused_and_an_expired_id_are_the_same_404(bridge: Bridge) -> None:
    await hold_plans(bridge.house)
    [plan] = matches(await bridge.fhir("CarePlan", params=asking()))
    path = f"CarePlan/{plan['id']}"
    refused = await bridge.fhir(path, "stranger")
    unknown = await bridge.fhir("CarePlan/0f0e0d0c-0000-8000-8000-000000000000")
    await bridge.house.push(revocation())
    revoked = await bridge.fhir(path)
    bridge.house.clock.move(days=31)
    expired = await bridge.fhir(path)
    assert {_seen(answer) for answer in (refused, unknown, revoked, expired)} == {_seen(unknown)}
    assert (unknown.status_code, codes(unknown)) == (404, [("not-found", "not-found")])


@pytest.mark.parametrize("number", [OTHER, "191212121213", "x", "nobody|191212121212"])
async def test_a_person_without_consent_one_who_is_unknown_and_a_malformed_number_are_the_same(
    bridge: Bridge, number: str
) -> None:
    await bridge.house.push(screening())
    refused = await bridge.fhir("Observation", params={"patient.identifier": TOLVAN})
    other = await bridge.fhir("Observation", params={"patient.identifier": number})
    assert _seen(refused) == _seen(other)
    assert refused.json()["total"] == 0


async def test_what_finds_nothing_takes_as_long_as_the_floor(tmp_path: Path) -> None:
    async with bridged(tmp_path, floor_seconds=0.2) as bridge:
        for path in ("CarePlan", "Consent", "Patient", "CarePlan/1", "Consent/1"):
            params = {} if "/" in path else asking(resource_type=path)
            began = time.monotonic()
            await bridge.fhir(path, params=params)
            assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("purpose", ["BTG", "ETREAT"])
async def test_emergency_access_in_a_token_is_answered_as_any_refusal(bridge: Bridge, purpose: str) -> None:
    await hold_plans(bridge.house)
    headers = {"Authorization": f"Bearer {bridge.token('region', purposes=(purpose,))}"}
    emergency = await bridge.fhir("CarePlan", None, params=asking(), headers=headers)
    assert _seen(emergency) == _seen(await bridge.fhir("CarePlan", "stranger", params=asking()))


async def test_a_held_answer_is_confirmed_by_its_identifier(bridge: Bridge) -> None:
    await hold_plans(bridge.house)
    for resource_type in ("CarePlan", "Goal", "CareTeam", "Task"):
        answer = await bridge.fhir(resource_type, params=asking())
        assert (await confirm(bridge, answer.json()["identifier"])).status_code == 200
    assert matches(await bridge.fhir("CarePlan", params=asking())) == []
    assert await bridge.house.contents() == 0


async def test_a_receipt_of_an_answer_that_was_given_to_another_is_404(bridge: Bridge) -> None:
    await hold_plans(bridge.house)
    given = (await bridge.fhir("CarePlan", params=asking())).json()["identifier"]
    answers = [await confirm(bridge, given, "stranger"), await confirm(bridge, {"value": "no-such-answer"})]
    assert {_seen(answer) for answer in answers} == {_seen(answers[0])}
    assert answers[0].status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"parameter": []}',
        b'{"parameter": 1}',
        b'{"parameter": [1]}',
        b'{"parameter": [{"name": "answer"}]}',
        b'{"parameter": [{"name": "answer", "valueIdentifier": {"value": 1}}]}',
    ],
)
async def test_a_receipt_that_cannot_be_read_is_400(bridge: Bridge, body: bytes) -> None:
    answer = await bridge.fhir(
        "$confirm-receipt", method="POST", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400


def _seen(answer: httpx.Response) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    headers = [
        (name, value) for name, value in answer.headers.items() if name not in ("x-request-id", "date")
    ]
    return answer.status_code, tuple(sorted(headers)), answer.content
