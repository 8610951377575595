"""Consents by FHIR: filed, conditionally filed, read and searched for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapter.domain.states import State
from tests.api import consents, known
from tests.api.bridge import Bridge, bridged
from tests.api.consents import (
    AGREEMENT,
    SYSTEM,
    block,
    consent,
    epoch,
    extension,
    faults,
    filed,
    post,
    provision,
    put,
    states,
    unit,
)
from tests.exchange import bodies
from tests.exchange.bodies import OTHER, REGION_UNIT, TOLVAN
from tests.exchange.parties import alingsas, person

BASE = "https://sambro.example.org/fhir"


async def test_a_consent_is_filed_and_in_force_when_it_is_answered(bridge: Bridge) -> None:
    assert await states(bridge) is State.WITHHELD
    answer = await post(bridge, consent("C-1"))
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{BASE}/Consent/{made['id']}/_history/1"
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["last-modified"] == "Sun, 22 Nov 2026 12:00:00 GMT"
    assert made["meta"] == {"versionId": "1", "lastUpdated": "2026-11-22T12:00:00.000Z"}
    assert {"url": consents.agreement()["url"], "valueUri": AGREEMENT} in made["extension"]
    assert (await states(bridge), await epoch(bridge)) == (State.ACCEPTED, 1)


async def test_a_filing_leaves_one_audit_row_that_says_who_registered_and_who_asked(bridge: Bridge) -> None:
    made = await filed(bridge, consent())
    assert await bridge.house.audit_kinds() == ["filed"]
    [event] = await bridge.house.audit()
    key = bridge.house.keyring.person_key(person(TOLVAN))
    roles = {agent["type"]["coding"][0]["code"]: agent["who"] for agent in event["agent"]}
    assert roles["110153"] == {"display": "kommun-registers"}
    assert roles["AUT"]["identifier"]["value"] == bodies.KOMMUN_UNIT
    assert roles["GRANTOR"]["identifier"]["value"] == key
    assert {"reference": f"Consent/{made['id']}/_history/1"} in [entity["what"] for entity in event["entity"]]


async def test_a_guardian_who_asked_stands_in_the_audit_as_a_key(bridge: Bridge) -> None:
    guardian = {"type": "RelatedPerson", "identifier": person(OTHER).as_fhir()}
    await filed(bridge, consent(performer=[guardian]))
    [event] = await bridge.house.audit()
    [grantor] = [agent for agent in event["agent"] if agent["type"]["coding"][0]["code"] == "GRANTOR"]
    assert grantor["who"]["identifier"]["value"] == bridge.house.keyring.person_key(person(OTHER))
    assert grantor["role"][0]["coding"][0]["code"] == "GUARD"
    assert OTHER not in str(event)


async def test_no_audit_no_consent(bridge: Bridge) -> None:
    await bridge.house.break_audit()
    assert (await post(bridge, consent())).status_code == 503
    assert (await bridge.house.standing()).consents == ()


async def test_the_representation_can_be_declined(bridge: Bridge) -> None:
    answer = await post(bridge, consent(), Prefer="return=minimal")
    assert (answer.status_code, answer.content) == (201, b"")


async def test_what_is_read_is_what_was_filed(bridge: Bridge) -> None:
    paper = {"title": "Pärm 3, mottagningens arkiv", "url": "https://arkiv.example.org/1"}
    body = consent(sourceAttachment=paper)
    made = await filed(bridge, body)
    read = await bridge.fhir(f"Consent/{made['id']}", "kommun-registers")
    assert (read.status_code, read.json(), read.headers["etag"]) == (200, made, 'W/"1"')
    assert {name: made[name] for name in body} == body


async def test_the_one_who_is_named_may_read_and_a_stranger_may_not(bridge: Bridge) -> None:
    made = await filed(bridge, consent())
    answers = [
        await bridge.fhir(f"Consent/{made['id']}", client) for client in ("region", "stranger-registers")
    ]
    assert [answer.status_code for answer in answers] == [200, 404]


async def test_each_version_stays_readable(bridge: Bridge) -> None:
    made = await filed(bridge, consent())
    changed = made | {"provision": provision(purpose=None)}
    answer = await put(bridge, changed, 1)
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    path = f"Consent/{made['id']}/_history"
    versions = [await bridge.fhir(f"{path}/{number}", "kommun-registers") for number in (1, 2, 3, "x", 0)]
    assert [version.status_code for version in versions] == [200, 200, 404, 404, 404]
    assert versions[0].json() == made
    assert versions[1].json() == answer.json()
    assert versions[1].headers["etag"] == 'W/"2"'


async def test_who_is_named_no_longer_reads_none_of_the_versions(bridge: Bridge) -> None:
    made = await filed(bridge, consent())
    other = [consents.actor(unit("SE2120001553-1002"))]
    assert (await put(bridge, made | {"provision": provision(actor=other)}, 1)).status_code == 200
    for path in (f"Consent/{made['id']}", f"Consent/{made['id']}/_history/1"):
        assert (await bridge.fhir(path, "region")).status_code == 404


@pytest.mark.parametrize("condition", [f"identifier={SYSTEM}|C-1", f"Consent?identifier={SYSTEM}%7CC-1"])
async def test_a_conditional_create_files_once(bridge: Bridge, condition: str) -> None:
    answers = [await post(bridge, consent("C-1"), If_None_Exist=condition) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert answers[0].json() == answers[1].json()
    assert await epoch(bridge) == 1


async def test_of_conditional_creates_at_once_one_files(bridge: Bridge) -> None:
    condition = f"identifier={SYSTEM}|C-1"
    answers = await asyncio.gather(*(post(bridge, consent("C-1"), If_None_Exist=condition) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 201]
    assert len((await bridge.house.standing()).consents) == 1


async def test_without_a_condition_an_identifier_is_filed_once(bridge: Bridge) -> None:
    await filed(bridge, consent("C-1"))
    for number in (TOLVAN, OTHER):
        answer = await post(bridge, consent("C-1", number=number))
        assert (answer.status_code, faults(answer)) == (409, {("Consent.identifier", "identifier-in-use")})


async def test_one_identifier_for_two_persons_at_once_is_filed_for_one(bridge: Bridge) -> None:
    answers = await asyncio.gather(
        *(post(bridge, consent("C-1", number=number)) for number in (TOLVAN, OTHER))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_two_parties_may_use_the_same_identifier(bridge: Bridge) -> None:
    await filed(bridge, consent("C-1"))
    await filed(bridge, consent("C-1"), "region-registers")
    assert len((await bridge.house.standing()).consents) == 2


@pytest.mark.parametrize("registrars", [["kommun", "region"], ["kommun"]])
async def test_a_permit_opens_a_sender_only_if_the_agreement_lists_its_registrar(
    tmp_path: Path, registrars: list[str]
) -> None:
    agreement = alingsas(lambda tree: tree["parties"]["kommun"].update(consent_from=registrars))
    async with bridged(tmp_path, agreement) as bridge:
        await filed(bridge, consent(), "region-registers")
        expected = State.ACCEPTED if "region" in registrars else State.WITHHELD
        assert await states(bridge) is expected


async def test_a_party_of_several_agreements_says_which_and_a_block_need_not(tmp_path: Path) -> None:
    async with bridged(tmp_path, *known.packaged()) as bridge:
        answer = await post(bridge, consent(), "region-registers")
        assert (answer.status_code, faults(answer)) == (422, {("Consent.extension", "required")})
        await filed(bridge, consent(extension=[consents.agreement()]), "region-registers")
        await filed(bridge, block(), "region-registers")


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, True),
        ({"status": "active"}, True),
        ({"status": "inactive"}, False),
        ({"category": "osl-waiver"}, True),
        ({"category": "sparr"}, False),
        ({"actor:identifier": f"urn:oid:1.2.752.29.4.19|{REGION_UNIT}"}, True),
        ({"actor:identifier": REGION_UNIT}, True),
        ({"actor:identifier": bodies.KOMMUN_UNIT}, False),
        ({"actor": "Organization/1"}, True),
        ({"actor": "1"}, True),
        ({"actor": "Organization/2,Organization/1"}, True),
        ({"actor": "Organization/2"}, False),
        ({"_lastUpdated": "2026-11-22"}, True),
        ({"_lastUpdated": "lt2026-11-22"}, False),
        ({"_id": "1"}, False),
    ],
)  # fmt: skip
async def test_a_search_finds_by_each_parameter_by_get_and_by_post(
    bridge: Bridge, parameters: dict[str, str], found: bool
) -> None:
    named = unit(REGION_UNIT) | {"reference": "Organization/1"}
    made = await filed(bridge, consent(provision=provision(actor=[consents.actor(named)])))
    asked = {"patient.identifier": TOLVAN} | parameters
    answers = [
        await bridge.fhir("Consent", params=asked),
        await bridge.fhir("Consent/_search", method="POST", data=asked),
    ]
    for answer in answers:
        matches = [
            entry["resource"] for entry in answer.json()["entry"] if entry["search"]["mode"] == "match"
        ]
        assert matches == ([made] if found else [])
    if not parameters:
        by_id = await bridge.fhir("Consent", params=asked | {"_id": made["id"]})
        assert by_id.json()["total"] == 1


@pytest.mark.parametrize(
    ("method", "path", "client", "allowed"),
    [
        ("POST", "Consent", "region", False),
        ("PUT", "Consent/1", "region", False),
        ("POST", "Consent", "region-patients", False),
        ("POST", "Consent", "kommun", False),
        ("POST", "Consent", "region-registers", True),
        ("GET", "Consent/1", "kommun", False),
        ("GET", "Consent/1/_history/1", "kommun", False),
        ("GET", "Consent/1/_history/1", "kommun-registers", True),
    ],
)
async def test_each_interaction_takes_its_scope(
    bridge: Bridge, method: str, path: str, client: str, allowed: bool
) -> None:
    request: dict[str, Any] = {} if method == "GET" else {"json": consent() | {"id": "1"}}
    headers = consents.MEDIA_TYPE | {"If-Match": 'W/"1"'}
    answer = await bridge.fhir(path, client, method, headers=headers, **request)
    assert (answer.status_code == 403) is not allowed


async def test_a_consent_given_by_a_minor_counts_with_the_maturity_fields(bridge: Bridge) -> None:
    bridge.house.clock.move(days=-365 * 8)
    year = {"start": "2018-11-25", "end": "2019-11-24"}
    fields = [
        extension("consent-decided-by", valueCode="minor"),
        extension("consent-maturity-assessed-by", valueString="Mottagningens psykolog"),
        extension("consent-maturity-assessed-on", valueDate="2018-11-20"),
    ]
    body = consent(number="200302022389", extension=fields, provision=provision(period=year))
    assert (await post(bridge, body)).status_code == 201
