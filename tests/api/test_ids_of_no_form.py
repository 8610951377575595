"""What is asked for under an id that cannot be ours, one with a NUL among them, which PostgreSQL takes in no text: nothing, and audited."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapter.domain.errors import Unreachable
from adapter.exchange.answer import AnswerQuery
from tests.api.bridge import Bridge, bridged
from tests.databases import Place
from tests.exchange.bodies import TOLVAN
from tests.exchange.parties import PUSH

OURS = "6f0c1a52-0000-8000-8000-000000000001"
NUL = f"{OURS}%00"
RECEIPT = {
    "resourceType": "Parameters",
    "parameter": [{"name": "answer", "valueIdentifier": {"value": f"{OURS}\0"}}],
}
UPDATE: dict[str, Any] = {"headers": {"If-Match": 'W/"1"'}, "json": {"id": f"{OURS}\0"}}


@pytest.fixture
async def bridge(tmp_path: Path, place: Place) -> AsyncIterator[Bridge]:
    async with bridged(tmp_path, place=place) as bridge:
        yield bridge


@pytest.mark.parametrize(
    ("method", "path", "client", "request_of", "status", "left"),
    [
        ("GET", f"CarePlan/{NUL}", "region", {}, 404, "access"),
        ("GET", f"CarePlan/{NUL}", None, {}, 401, "refused"),
        ("GET", f"Consent/{NUL}", "region", {}, 404, "access"),
        ("GET", f"Consent/{NUL}", None, {}, 401, "refused"),
        ("GET", f"Consent/{NUL}/_history/1", "region", {}, 404, "access"),
        ("GET", f"AuditEvent/{NUL}", "auditor", {}, 404, "access"),
        ("PUT", f"Consent/{NUL}", "kommun-registers", UPDATE, 400, "refused"),
        ("GET", f"CarePlan?patient={NUL}", "region", {}, 200, "access"),
        ("GET", f"CarePlan?patient={NUL}", None, {}, 401, "refused"),
        ("GET", f"CarePlan?patient.identifier=%00&status=%00{TOLVAN}", "region", {}, 200, "access"),
        ("POST", "$confirm-receipt", "region", {"json": RECEIPT}, 404, "receipt"),
    ],
)
async def test_an_id_that_cannot_be_ours_is_not_looked_up(
    bridge: Bridge,
    method: str,
    path: str,
    client: str | None,
    request_of: dict[str, Any],
    status: int,
    left: str,
) -> None:
    answer = await bridge.fhir(path, client, method, **request_of)
    assert answer.status_code == status
    assert (await bridge.house.audit_kinds())[-1] == left


async def test_nor_is_a_message_of_such_an_id(bridge: Bridge) -> None:
    headers = {"Authorization": f"Bearer {bridge.token('kommun')}"}
    answer = await bridge.http.get(f"/inbound/{PUSH}/messages/{NUL}", headers=headers)
    assert (answer.status_code, await bridge.house.audit_kinds()) == (404, ["refused"])


@pytest.mark.parametrize("fault", [RuntimeError("unforeseen"), Unreachable("database")])
async def test_a_refusal_is_recorded_although_whom_it_names_cannot_be_found(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    async def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(AnswerQuery, "person_of", fail)
    answer = await bridge.fhir(f"CarePlan/{OURS}", None)
    assert (answer.status_code, await bridge.house.audit_kinds()) == (401, ["refused"])
