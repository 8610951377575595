"""The audit by FHIR: for auditors alone, one person a search, and a party's auditor reads what its party took part in."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any, Final

import pytest

from adapter.domain.identity import PERSONNUMMER
from adapter.exchange import audit_query
from tests.api import consents
from tests.api.bridge import Bridge, bridged
from tests.exchange.bodies import (
    KOMMUN_UNIT,
    OTHER,
    REGION_UNIT,
    TOLVAN,
    consent,
    plan_consent,
    screening,
    sip,
)
from tests.exchange.house import House

Json = dict[str, Any]
NUMBER: Final = {"patient.identifier": f"{PERSONNUMMER}|{TOLVAN}"}


async def found(bridge: Bridge, client: str, **parameters: str) -> list[Json]:
    """The events that a search by a client finds."""
    answer = await bridge.fhir("AuditEvent", client, params=NUMBER | parameters)
    assert answer.status_code == 200, answer.text
    entries = answer.json()["entry"]
    return [entry["resource"] for entry in entries if entry["search"]["mode"] == "match"]


def codes(events: list[Json]) -> list[tuple[str, str]]:
    """DCM code or subtype, and outcome, oldest first."""
    return [
        (
            event["subtype"][0]["code"] if event["type"]["code"] == "rest" else event["type"]["code"],
            event["outcome"],
        )
        for event in reversed(events)
    ]


def in_any_order(events: list[Json]) -> list[str]:
    """Events without their ids."""
    return sorted(json.dumps({**event, "id": None}, sort_keys=True) for event in events)


async def story(bridge: Bridge) -> House:
    """A screening is withheld, then released to the region after the consent; a stranger and the region ask."""
    house = bridge.house
    await house.push(screening("SCR-early"))
    await house.push(consent())
    await house.push(plan_consent())
    await house.carry(sip())
    for client in ("stranger", "region"):
        assert (await bridge.fhir("CarePlan", client, params=NUMBER)).status_code == 200
    return house


@pytest.mark.parametrize("client", ["region", "kommun", "kommun-reads", "stranger", None])
@pytest.mark.parametrize("path", ["AuditEvent", "AuditEvent/_search", "AuditEvent/1"])
async def test_nobody_else_reads_it(bridge: Bridge, client: str | None, path: str) -> None:
    method = "POST" if path.endswith("_search") else "GET"
    request = {"data": NUMBER} if method == "POST" else {"params": NUMBER}
    answer = await bridge.fhir(path, client, method, **request)
    assert answer.status_code == (401 if client is None else 403)


async def test_an_auditor_of_every_party_reads_every_row_newest_first(bridge: Bridge) -> None:
    house = await story(bridge)
    rows = await house.audit()
    events = await found(bridge, "auditor")
    assert in_any_order(events) == in_any_order(rows)
    instants = [event["recorded"] for event in events]
    assert instants == sorted(instants, reverse=True)
    assert TOLVAN not in str(events)


async def test_a_party_reads_what_it_took_part_in_and_no_refusal(bridge: Bridge) -> None:
    """The region: its release, its own search. Not that a screening was withheld, nor that a stranger asked."""
    await story(bridge)
    assert sorted(codes(await found(bridge, "region-audit"))) == [
        *[("110106", "0")] * 2,
        *[("110107", "0")] * 2,
        *[("110113", "0")] * 4,
        ("search", "0"),
    ]


async def test_the_asked_party_does_not_learn_that_the_other_asked_in_vain(bridge: Bridge) -> None:
    await bridge.fhir("CarePlan", "region", params=NUMBER)
    assert await found(bridge, "kommun-audit") == []
    assert codes(await found(bridge, "region-audit")) == [("search", "4")]


async def test_a_known_and_an_unknown_person_leave_a_party_the_same(tmp_path: Path) -> None:
    """What the region's auditor reads of a refused search says nothing of what the kommun has filed."""
    async with bridged(tmp_path) as bridge:
        await bridge.house.push(screening())
        await bridge.fhir("CarePlan", "region", params=NUMBER)
        await bridge.fhir("CarePlan", "region", params={"patient.identifier": OTHER})
        [known] = await found(bridge, "region-audit")
        [unknown] = await found(bridge, "region-audit", **{"patient.identifier": f"{PERSONNUMMER}|{OTHER}"})
        assert known.keys() == unknown.keys()
        assert (known["outcome"], known.get("outcomeDesc")) == (
            unknown["outcome"],
            unknown.get("outcomeDesc"),
        )


async def test_each_search_is_recorded_for_the_next(bridge: Bridge) -> None:
    await found(bridge, "auditor")
    [event] = await found(bridge, "auditor")
    assert event["agent"][0]["who"] == {"display": "auditor"}
    assert REGION_UNIT in str(event["agent"])


def basis(events: list[Json]) -> set[tuple[int, bool]]:
    """Of each decision, how many Consents it names and whether it states a profile."""
    return {
        (sum("Consent/" in str(entity["what"]) for entity in event["entity"]), "meta" in event)
        for event in events
        if event["type"]["code"] == "110113"
    }


async def test_a_party_reads_of_the_consents_that_are_its_own_to_read(bridge: Bridge) -> None:
    """A Consent that names no recipient reaches the region, which may not read it; one that names it no more, likewise."""
    unnamed = consents.provision(actor=None)
    for named, seen in ((consents.provision(), {(1, True)}), (unnamed, {(0, False)})):
        await consents.filed(bridge, consents.consent(provision=named))
        await bridge.house.push(screening(f"SCR-{len(seen)}-{named is unnamed}"))
    await bridge.house.work()
    everything = basis(await found(bridge, "auditor"))
    assert everything == {(2, True)}
    assert basis(await found(bridge, "kommun-audit")) == everything
    assert basis(await found(bridge, "region-audit")) == {(1, True)}


@pytest.mark.parametrize("later", [None, consents.actor(consents.unit(KOMMUN_UNIT))])
async def test_nothing_tells_a_party_of_a_consent_that_is_not_its_own_to_read(
    bridge: Bridge, later: Json | None
) -> None:
    """A Consent that never named the recipient, or names another by now."""
    first = consents.provision(actor=None) if later is None else consents.provision()
    kept = await consents.filed(bridge, consents.consent(provision=first))
    await bridge.house.carry(screening())
    if later is not None:
        changed = kept | {"provision": consents.provision(actor=[later])}
        assert (await consents.put(bridge, changed, 1)).status_code == 200
    assert basis(await found(bridge, "kommun-audit")) == {(1, True)}
    events = await found(bridge, "region-audit")
    assert basis(events) == {(0, False)}
    assert kept["id"] not in str(events)


async def test_emergency_access_reads_nothing(bridge: Bridge) -> None:
    await story(bridge)
    for purposes in (("BTG",), ("TREAT", "ETREAT")):
        headers = {"Authorization": f"Bearer {bridge.token('auditor', purposes=purposes)}"}
        answer = await bridge.fhir("AuditEvent", None, params=NUMBER, headers=headers)
        assert (answer.status_code, answer.json()["total"]) == (200, 0)
    assert (await bridge.house.audit_kinds())[-2:] == ["access", "emergency-access"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"outcome": "8"}, {("110113", "8")}),
        ({"outcome": "4"}, {("search", "4")}),
        ({"type": "http://dicom.nema.org/resources/ontology/DCM|110106"}, {("110106", "0")}),
        ({"subtype": "create"}, {("create", "0")}),
        ({"action": "C", "type": "110107"}, {("110107", "0")}),
        ({"date": "lt2020-01-01"}, set()),
        ({"date": "lt2020-01-01,gt2020", "outcome": "4"}, {("search", "4")}),
        ({"date": "eq2026-11-22T12:00:00.000Z", "outcome": "4"}, {("search", "4")}),
    ],
)
async def test_a_search_is_narrowed(
    bridge: Bridge, parameters: dict[str, str], expected: set[tuple[str, str]]
) -> None:
    await story(bridge)
    assert set(codes(await found(bridge, "auditor", **parameters))) == expected


@pytest.mark.parametrize("parameters", [{}, {"date": "2026-11-22"}, NUMBER | {"entity:identifier": TOLVAN}])
async def test_there_is_no_browsing(bridge: Bridge, parameters: dict[str, str]) -> None:
    answer = await bridge.fhir("AuditEvent", "auditor", params=parameters)
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "required"


async def test_the_person_may_be_named_as_entity(bridge: Bridge) -> None:
    await story(bridge)
    named = {"entity:identifier": f"{PERSONNUMMER}|{TOLVAN}"}
    answer = await bridge.fhir("AuditEvent", "auditor", params=named)
    assert answer.json()["total"] == len(await found(bridge, "auditor")) - 1


async def test_what_a_search_showed_can_be_read_by_those_who_may(bridge: Bridge) -> None:
    await story(bridge)
    refused = next(event for event in await found(bridge, "auditor") if event["outcome"] == "8")
    read = await bridge.fhir(f"AuditEvent/{refused['id']}", "auditor")
    assert (read.status_code, read.json()) == (200, refused)
    assert (await bridge.fhir(f"AuditEvent/{refused['id']}", "region-audit")).status_code == 404


async def test_only_what_was_recorded_at_the_time_is_looked_at(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    await story(bridge)
    bridge.house.clock.move(days=1)
    await bridge.fhir("CarePlan", "stranger", params=NUMBER)
    monkeypatch.setattr(audit_query, "_MOST_READ", 2)
    assert (await bridge.fhir("AuditEvent", "auditor", params=NUMBER)).status_code == 400
    assert codes(await found(bridge, "auditor", date="ge2026-11-23")) == [("search", "4")] * 2


async def test_the_audit_is_read_where_nobody_waits_for_it(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on the event loop's thread."""
    await story(bridge)
    threads: set[int] = set()
    took_part = audit_query._took_part

    def seen(*of: Any) -> bool:
        threads.add(threading.get_ident())
        return took_part(*of)

    monkeypatch.setattr(audit_query, "_took_part", seen)
    await found(bridge, "region-audit")
    assert threads
    assert threading.get_ident() not in threads


async def test_a_search_finds_no_more_than_it_can_carry(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    await story(bridge)
    monkeypatch.setattr(audit_query, "MOST", 3)
    answer = await bridge.fhir("AuditEvent", "auditor", params=NUMBER)
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["location"] == ["http.date"]
