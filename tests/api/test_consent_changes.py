"""Consents changed and ended by FHIR: a version replaced, a permit revoked, an error found by two persons."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapter.domain.states import State
from adapter.exchange.consent_profile import ConsentProfile
from adapter.fhir.profiles.packaged import profile_checker
from adapter.gate.vocabulary import ACT_REASON, CONSENT_SCOPE
from tests.api import consents
from tests.api.bridge import Bridge, bridged
from tests.api.consents import (
    block,
    consent,
    faults,
    filed,
    post,
    provision,
    put,
    states,
    unit,
)
from tests.exchange import bodies
from tests.exchange.bodies import REGION_UNIT, TOLVAN, Json, plan_consent, revocation, screening, sip
from tests.exchange.fakes import Outside, SlowSystem

FIRST, SECOND = "SE2120001553-P001", "SE2120001553-P002"


async def test_of_two_updates_of_one_version_one_wins(bridge: Bridge) -> None:
    made = await filed(bridge, consent())
    changes = [made | {"provision": provision(period={"start": "2026-11-16", "end": f"2027-0{month}-01"})} for month in (1, 2, 3)]  # fmt: skip
    answers = await asyncio.gather(*(put(bridge, changed, 1) for changed in changes))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412]
    [winner] = [answer for answer in answers if answer.status_code == 200]
    lost = [answer for answer in answers if answer.status_code == 412]
    assert all(faults(answer) == {("http.If-Match", "version-conflict")} for answer in lost)
    read = await bridge.fhir(f"Consent/{made['id']}", "kommun-registers")
    assert read.json() == winner.json()


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (None, 428, "required"),
        ("*", 400, "value"),
        ("1", 400, "value"),
        ('W/"0"', 400, "value"),
        ('W/"1", W/"2"', 400, "value"),
        ('W/"2"', 412, "version-conflict"),
        ('"1"', 200, None),
        ('W/"1"', 200, None),
    ],
)
async def test_an_update_states_the_version_that_it_replaces(
    bridge: Bridge, header: str | None, status: int, code: str | None
) -> None:
    made = await filed(bridge, consent())
    headers = consents.MEDIA_TYPE | ({} if header is None else {"If-Match": header})
    answer = await bridge.fhir(f"Consent/{made['id']}", "kommun-registers", "PUT", json=made, headers=headers)
    assert answer.status_code == status
    if code is not None:
        assert faults(answer) == {("http.If-Match", code)}


async def test_an_update_that_narrows_stops_what_waits(bridge: Bridge) -> None:
    made = await filed(bridge, consent())
    await bridge.house.push(plan_consent())
    receipt = await bridge.house.push(sip())
    await bridge.house.process()
    deny = {"start": "2026-11-16", "end": "2026-11-17"}
    assert (await put(bridge, made | {"provision": provision(period=deny)}, 1)).status_code == 200
    message = await bridge.house.message(receipt)
    assert ({one.state for one in message.deliveries}, await bridge.house.contents()) == (
        {State.CANCELLED},
        0,
    )


@pytest.mark.parametrize("client", ["kommun-registers", "region-registers"])
async def test_any_party_that_is_named_revokes_a_permit_for_good(bridge: Bridge, client: str) -> None:
    made = await filed(bridge, consent("C-1"))
    await bridge.house.push(plan_consent())
    receipt = await bridge.house.push(sip())
    await bridge.house.process()
    answer = await put(bridge, made | {"status": "inactive"}, 1, client)
    assert (answer.status_code, answer.json()["status"]) == (200, "inactive")
    assert {one.state for one in (await bridge.house.message(receipt)).deliveries} == {State.CANCELLED}
    assert await states(bridge) is State.WITHHELD
    again = await put(bridge, made, 2)
    assert (again.status_code, faults(again)) == (422, {("Consent.status", "consent-ended")})
    anew = await post(bridge, consent("C-1"))
    assert (anew.status_code, faults(anew)) == (409, {("Consent.identifier", "identifier-in-use")})


async def test_a_revocation_is_answered_when_what_had_left_has_ended_and_says_how_many(
    tmp_path: Path,
) -> None:
    region = SlowSystem()
    async with bridged(tmp_path, outside=Outside(region=region)) as bridge:
        made = await filed(bridge, consent())
        for screening_id in ("SCR-1", "SCR-2"):
            await bridge.house.push(screening(screening_id))
            await bridge.house.process()
        delivering = asyncio.create_task(bridge.house.deliver())
        await region.came.wait()
        answering = asyncio.create_task(put(bridge, made | {"status": "inactive"}, 1))
        await asyncio.sleep(0.3)
        assert (await states(bridge), answering.done()) == (State.WITHHELD, False)
        region.answers.set()
        await delivering
        bridge.house.attempts.ended()
        answer = await answering
        assert answer.headers["sambro-revocation"] == "cancelled=1, in-flight=1, unfinished=0"


async def test_what_does_not_narrow_has_nothing_to_tell(bridge: Bridge) -> None:
    assert "sambro-revocation" not in (await post(bridge, consent())).headers
    assert "sambro-revocation" in (await post(bridge, block())).headers


async def test_a_second_revocation_is_as_good_as_the_first(bridge: Bridge) -> None:
    made = await filed(bridge, consent()) | {"status": "inactive"}
    answers = [await put(bridge, made, version) for version in (1, 2)]
    assert [(answer.status_code, answer.headers["etag"]) for answer in answers] == [(200, 'W/"2"')] * 2


async def test_a_revocation_keeps_the_terms_as_they_stood(bridge: Bridge) -> None:
    made = await filed(bridge, consent())
    bare = {name: made[name] for name in ("resourceType", "id", "scope", "category")} | {"status": "inactive"}
    ended = (await put(bridge, bare, 1)).json()
    assert {name: ended[name] for name in made if name not in ("meta", "status")} == {
        name: made[name] for name in made if name not in ("meta", "status")
    }


async def test_who_was_given_something_under_it_is_told_when_it_ends(bridge: Bridge) -> None:
    made = await filed(bridge, consent("C-1"))
    await bridge.house.carry(screening())
    for version, change in enumerate(({"dateTime": "2026-11-20"}, {"status": "inactive"}), start=1):
        assert (await put(bridge, made | change, version)).status_code == 200
        await bridge.house.work()
    [notice] = bridge.house.region.notices
    assert (notice.consent_id, notice.ended_at) == (made["id"], bridge.house.clock())
    assert bridge.house.kommun.notices == []


async def test_what_was_pushed_is_changed_and_ended_by_fhir(bridge: Bridge) -> None:
    await bridge.house.push(bodies.consent("S-1"))
    params = {"patient.identifier": TOLVAN}
    [entry, _] = (await bridge.fhir("Consent", "kommun-registers", params=params)).json()["entry"]
    pushed: Json = entry["resource"]
    changed = await put(bridge, pushed, 1)
    assert changed.status_code == 200, changed.text
    assert (await put(bridge, pushed | {"status": "inactive"}, 2)).status_code == 200
    assert await states(bridge) is State.WITHHELD


async def test_what_was_filed_by_fhir_is_revoked_by_the_push_channel(bridge: Bridge) -> None:
    await filed(bridge, consent("C-1"))
    await bridge.house.push(revocation("C-1"))
    assert [kept.row.status for kept in (await bridge.house.standing()).consents] == ["inactive"]


async def test_a_revocation_that_came_first_by_push_keeps_the_consent_from_ever_counting(
    bridge: Bridge,
) -> None:
    await bridge.house.push(revocation("S-1"))
    named = [{"system": "https://w3id.org/sambro/push/1/samtyckeId", "value": "S-1"}]
    answer = await post(bridge, consent(identifier=named))
    assert (answer.status_code, faults(answer)) == (422, {("Consent.identifier", "consent-ended")})


async def test_a_block_is_heard_at_once_and_ended_by_its_registrar_alone(bridge: Bridge) -> None:
    await filed(bridge, consent())
    made = await filed(bridge, block(organization=[unit(bodies.KOMMUN_UNIT), unit(REGION_UNIT)]))
    assert "extension" not in made
    assert await states(bridge) is State.WITHHELD
    other = await put(bridge, made | {"status": "inactive"}, 1, "region-registers")
    assert (other.status_code, faults(other)) == (403, {("Consent.status", "registrar-only")})
    assert (await put(bridge, made | {"status": "inactive"}, 1)).status_code == 200
    assert await states(bridge) is State.ACCEPTED


@pytest.mark.parametrize("change", [{}, {"status": "entered-in-error"}])
async def test_another_party_only_revokes(bridge: Bridge, change: Json) -> None:
    made = await filed(bridge, consent())
    answer = await put(bridge, made | change, 1, "region-registers")
    assert (answer.status_code, faults(answer)) == (403, {("Consent.status", "registrar-only")})


async def test_a_permit_entered_in_error_ends_at_one_persons_word(bridge: Bridge) -> None:
    made = await filed(bridge, consent())
    answer = await put(bridge, made | {"status": "entered-in-error"}, 1)
    assert (answer.status_code, answer.json()["status"]) == (200, "entered-in-error")
    assert await states(bridge) is State.WITHHELD


async def _revoked(bridge: Bridge) -> Json:
    made = await filed(bridge, consent())
    ended: Json = (await put(bridge, made | {"status": "inactive"}, 1)).json()
    return ended


async def _block(bridge: Bridge) -> Json:
    return await filed(bridge, block())


async def _deny(bridge: Bridge) -> Json:
    return await filed(bridge, consent(provision=provision("deny")))


@pytest.mark.parametrize("make", [_revoked, _block, _deny])
async def test_what_narrowed_is_found_to_be_an_error_by_two_persons(bridge: Bridge, make: Any) -> None:
    made = await make(bridge)
    version = int(made["meta"]["versionId"])
    error = made | {"status": "entered-in-error"}
    nameless = await put(bridge, error, version)
    assert (nameless.status_code, faults(nameless)) == (422, {("Consent.status", "practitioner-required")})
    for _ in range(2):
        asked = await put(bridge, error, version, practitioner=FIRST)
        assert (asked.status_code, asked.headers["etag"]) == (202, f'W/"{version}"')
        assert faults(asked) == {("Consent.status", "second-person-awaited")}
    [kept] = (await bridge.house.standing()).consents
    assert (kept.row.version, kept.row.status) == (version, made["status"])
    confirmed = await put(bridge, error, version, practitioner=SECOND)
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "entered-in-error")
    assert (await bridge.house.audit())[-2]["outcomeDesc"] == "second-person-awaited"


async def test_a_request_that_nobody_confirmed_in_a_week_is_made_anew(bridge: Bridge) -> None:
    error = await _block(bridge) | {"status": "entered-in-error"}
    await put(bridge, error, 1, practitioner=FIRST)
    bridge.house.clock.move(days=7, seconds=1)
    assert (await put(bridge, error, 1, practitioner=SECOND)).status_code == 202
    assert (await put(bridge, error, 1, practitioner=FIRST)).status_code == 200


async def test_a_request_is_for_the_version_that_was_seen(bridge: Bridge) -> None:
    made = await _block(bridge)
    await put(bridge, made | {"status": "entered-in-error"}, 1, practitioner=FIRST)
    await put(bridge, made, 1)
    assert (
        await put(bridge, made | {"status": "entered-in-error"}, 2, practitioner=SECOND)
    ).status_code == 202


async def test_what_was_entered_in_error_is_neither_revoked_nor_moved_later(bridge: Bridge) -> None:
    made = await filed(bridge, consent())
    await put(bridge, made | {"status": "entered-in-error"}, 1)
    answer = await put(bridge, made | {"status": "inactive"}, 2)
    assert (answer.status_code, faults(answer)) == (422, {("Consent.status", "consent-ended")})
    await bridge.house.push(bodies.enrolment("avslut"))
    assert [kept.row.status for kept in (await bridge.house.standing()).consents] == ["entered-in-error"]


OLD = [
    {"policy": None},
    {"dateTime": None},
    {"scope": {"coding": [{"system": CONSENT_SCOPE, "code": "research"}]}},
    {"provision": provision(purpose=[{"system": ACT_REASON, "code": "NOSUCH"}])},
]


@pytest.mark.parametrize("lack", OLD, ids=["policy", "dateTime", "scope", "purpose"])
@pytest.mark.parametrize("status", ["active", "inactive", "entered-in-error"])
async def test_what_its_profile_would_have_refused_can_be_narrowed_and_ended(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch, lack: Json, status: str
) -> None:
    with monkeypatch.context() as before:
        before.setattr(ConsentProfile, "faults", lambda *_: iter(()))
        made = await filed(bridge, consent(**lack))
    made["provision"]["period"]["end"] = "2026-12-01"
    widened = made | {"verification": [{"verified": "yes"}]}
    if status == "active":
        answer = await put(bridge, widened, 1)
        assert faults(answer) == {("Consent.verification[0].verified", "value")}
    assert (await put(bridge, made | {"status": status}, 1)).status_code == 200


async def test_what_the_push_format_files_is_good_by_its_profile(bridge: Bridge) -> None:
    """So that the registrar may go on with it by FHIR."""
    block = bodies.consent("SP-1", kategori="sparr", mottagare=None, andamal=None, period=None)
    for body in (bodies.consent(), plan_consent(), block):
        await bridge.house.push(body)
    standing = (await bridge.house.standing()).consents
    profile = ConsentProfile(profile_checker())
    assert len(standing) == 3
    for one in standing:
        assert list(profile.faults(one.resource or {}, one.compiled, ())) == []


async def test_a_deny_may_leave_out_from_whom_and_is_of_everybody_then(bridge: Bridge) -> None:
    await filed(bridge, consent(organization=None, provision=provision("deny")))
