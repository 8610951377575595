"""Several Consents in one Bundle: a transaction takes effect whole or not at all, a batch entry by entry."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from adapter.api.floor import Floor
from adapter.exchange.consent_registry import ConsentRegistry
from tests.api.bridge import Bridge
from tests.api.consents import MEDIA_TYPE, SYSTEM, consent, filed
from tests.exchange.bodies import OTHER, TOLVAN, Json

CLIENT = "kommun-registers"


def create(body: Json, **request: str) -> Json:
    return {"resource": body, "request": {"method": "POST", "url": "Consent", **request}}


def update(body: Json, version: int = 1) -> Json:
    request = {"method": "PUT", "url": f"Consent/{body['id']}", "ifMatch": f'W/"{version}"'}
    return {"resource": body, "request": request}


async def send(
    bridge: Bridge, kind: str, *entries: Any, client: str = CLIENT, **headers: str
) -> httpx.Response:
    body = {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
    return await bridge.http.post(
        "/fhir", json=body, headers=MEDIA_TYPE | {"Authorization": f"Bearer {bridge.token(client)}"} | headers
    )


async def versions(bridge: Bridge) -> list[tuple[str, int]]:
    """The registry's Consents of both persons, by status and version."""
    standings = [await bridge.house.standing(number) for number in (TOLVAN, OTHER)]
    return sorted((it.row.status, it.row.version) for standing in standings for it in standing.consents)


def statuses(answer: httpx.Response) -> list[str]:
    return [entry["response"]["status"][:3] for entry in answer.json()["entry"]]


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    return [
        ((issue.get("expression") or issue.get("location"))[0], issue["details"]["coding"][0]["code"])
        for issue in answer.json()["issue"]
    ]


@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_creates_and_updates_are_answered_in_their_order(bridge: Bridge, kind: str) -> None:
    earlier = await filed(bridge, consent())
    answer = await send(bridge, kind, create(consent(number=OTHER)), update(earlier | {"status": "inactive"}))
    assert (answer.status_code, answer.json()["type"]) == (200, f"{kind}-response")
    assert statuses(answer) == ["201", "200"]
    created, changed = answer.json()["entry"]
    assert created["response"]["location"].endswith(f"Consent/{created['resource']['id']}/_history/1")
    assert (changed["response"]["etag"], changed["resource"]["status"]) == ('W/"2"', "inactive")
    assert await versions(bridge) == [("active", 1), ("inactive", 2)]
    assert (await bridge.house.audit_kinds()).count("filed") == 3


async def test_a_transaction_with_one_fault_changes_nothing_and_names_them_all(bridge: Bridge) -> None:
    earlier = await filed(bridge, consent("C-known"))
    answer = await send(
        bridge,
        "transaction",
        create(consent(number=OTHER)),
        create(consent("C-known")),
        update(earlier | {"status": "inactive"}, 7),
    )
    assert answer.status_code == 409
    assert faults(answer) == [
        ("Bundle.entry[1].resource.identifier", "identifier-in-use"),
        ("Bundle.entry[2].request.ifMatch", "version-conflict"),
    ]
    assert await versions(bridge) == [("active", 1)]


async def test_a_batch_does_what_can_be_done(bridge: Bridge) -> None:
    await filed(bridge, consent("C-known"))
    answer = await send(bridge, "batch", create(consent("C-known")), create(consent(number=OTHER)), {})
    assert statuses(answer) == ["409", "201", "400"]
    [issue] = answer.json()["entry"][0]["response"]["outcome"]["issue"]
    assert issue["expression"] == ["Bundle.entry[0].resource.identifier"]
    assert await versions(bridge) == [("active", 1), ("active", 1)]
    assert sorted(await bridge.house.audit_kinds()) == ["filed", "filed", "refused", "refused"]


async def test_two_of_one_person_do_not_go_together(bridge: Bridge) -> None:
    answer = await send(bridge, "transaction", create(consent()), create(consent()))
    assert (answer.status_code, faults(answer)) == (
        422,
        [("Bundle.entry[1].resource.patient", "several-of-one-person")],
    )
    assert await versions(bridge) == []


async def test_one_name_for_two_persons_does_not_go_together(bridge: Bridge) -> None:
    answer = await send(bridge, "transaction", create(consent("C-1")), create(consent("C-1", number=OTHER)))
    assert (answer.status_code, faults(answer)[0][1]) == (422, "several-of-one-person")
    assert await versions(bridge) == []


async def test_a_conditional_create_answers_with_what_is_there(bridge: Bridge) -> None:
    earlier = await filed(bridge, consent("C-1"))
    entry = create(consent("C-1"), ifNoneExist=f"identifier={SYSTEM}|C-1")
    answer = await send(bridge, "transaction", entry)
    assert statuses(answer) == ["200"]
    assert answer.json()["entry"][0]["resource"]["id"] == earlier["id"]


@pytest.mark.parametrize(("kind", "status"), [("transaction", 404), ("batch", 200)])
async def test_what_is_not_there_hides_in_an_entry_as_alone(bridge: Bridge, kind: str, status: int) -> None:
    unknown = consent() | {"id": "00000000-0000-8000-8000-000000000000"}
    answer = await send(bridge, kind, create(consent(number=OTHER)), update(unknown))
    assert answer.status_code == status
    assert await versions(bridge) == ([("active", 1)] if kind == "batch" else [])


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """From when each wait of the floor was counted."""
    counted: list[float] = []

    async def wait(_floor: Floor, arrived: float) -> None:
        counted.append(arrived)

    monkeypatch.setattr(Floor, "wait", wait)
    return counted


async def test_a_transaction_that_is_concealed_waits_from_the_entry_that_hides(
    bridge: Bridge, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[float] = []
    creation = ConsentRegistry._creation

    async def created(*args: Any) -> Any:
        turn = await creation(*args)
        ended.append(time.monotonic())
        return turn

    monkeypatch.setattr(ConsentRegistry, "_creation", created)
    unknown = consent() | {"id": "00000000-0000-8000-8000-000000000000"}
    await send(bridge, "transaction", create(consent(number=OTHER)), update(unknown))
    assert ended < waits


async def test_each_entry_of_a_batch_that_finds_nothing_waits_for_itself(
    bridge: Bridge, waits: list[float]
) -> None:
    unknown = consent() | {"id": "00000000-0000-8000-8000-000000000000"}
    began = time.monotonic()
    answer = await send(bridge, "batch", update(unknown), create(consent(number=OTHER)), update(unknown))
    assert statuses(answer) == ["404", "201", "404"]
    first, second = waits
    assert began < first < second


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"request": {"method": "DELETE", "url": "Consent/1"}},
        {"request": {"method": "GET", "url": "Consent"}},
        {"request": {"method": "POST", "url": "Observation"}},
        {"request": {"method": "PUT", "url": "Consent"}},
        {"request": 1},
    ],
)
async def test_only_consents_are_filed(bridge: Bridge, entry: Json) -> None:
    answer = await send(bridge, "transaction", create(consent()), entry)
    assert (answer.status_code, faults(answer)) == (
        400,
        [("Bundle.entry[1].request", "method-not-supported")],
    )
    assert await versions(bridge) == []


async def test_the_scope_of_each_entry_counts(bridge: Bridge) -> None:
    assert (await send(bridge, "transaction", create(consent()), client="region")).status_code == 403
    assert statuses(await send(bridge, "batch", create(consent()), client="region")) == ["403"]


async def test_xml_and_return_minimal(bridge: Bridge) -> None:
    answer = await send(bridge, "transaction", create(consent()), Prefer="return=minimal")
    assert "resource" not in answer.json()["entry"][0]
    answer = await send(bridge, "transaction", create(consent()), Prefer="return=OperationOutcome")
    [entry] = answer.json()["entry"]
    assert ("resource" in entry, entry["response"]["outcome"]["issue"][0]["severity"]) == (
        False,
        "information",
    )
    answer = await send(bridge, "batch", create(consent()), Accept="application/fhir+xml")
    assert b'<status value="201 Created"/>' in answer.content
