"""What a Consent by FHIR is refused for: every fault by path and code, never a value; and strangers learn nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from adapter.domain.identity import PERSONNUMMER
from adapter.gate.vocabulary import ACT_REASON, CONSENT_SCOPE
from tests.api.asker import Asker, Seen
from tests.api.bridge import Bridge, bridged
from tests.api.consents import (
    MEDIA_TYPE,
    SYSTEM,
    actor,
    agreement,
    block,
    category,
    consent,
    extension,
    faults,
    filed,
    post,
    provision,
    put,
    unit,
)
from tests.exchange.bodies import KOMMUN_UNIT, OTHER, REGION_UNIT, TOLVAN, Json
from tests.exchange.house import new_id
from tests.exchange.parties import person

YOUNG = "200302022389"
NESTED = {"type": "deny", "actor": [actor(unit("SE2321000131-E0111"))]}
GUARDIAN = extension("consent-decided-by", valueCode="guardian")
ASSESSED = [
    extension("consent-maturity-assessed-by", valueString="Mottagningens psykolog"),
    extension("consent-maturity-assessed-on", valueDate="2018-11-20"),
]

REFUSALS: dict[str, tuple[Json, set[tuple[str, str]]]] = {
    "an element that R4 does not have": (consent(colour="red"), {("Consent.colour", "unknown-element")}),
    "no status": (consent(status=None), {("Consent.status", "required")}),
    "no identifier": (consent(identifier=None), {("Consent.identifier", "required")}),
    "an identifier without a system": (consent(identifier=[{"value": "1"}]), {("Consent.identifier", "required")}),
    "two identifiers": (consent(identifier=[{"system": SYSTEM, "value": value} for value in "12"]), {("Consent.identifier", "required")}),
    "draft": (consent(status="draft"), {("Consent.status", "status-not-filed")}),
    "inactive from the start": (consent(status="inactive"), {("Consent.status", "status-not-filed")}),
    "no patient": (consent(patient=None), {("Consent.patient", "consent-unreadable"), ("Consent.patient", "required")}),
    "a patient by reference alone": (consent(patient={"reference": "Patient/1"}), {("Consent.patient", "consent-unreadable"), ("Consent.patient", "required")}),
    "a malformed number": (consent(patient={"identifier": {"system": PERSONNUMMER, "value": "191212121213"}}), {("Consent.patient", "consent-unreadable"), ("Consent.patient", "required")}),
    "another category": (consent(category=[{"coding": [{"system": "urn:x", "code": "y"}]}]), {("Consent.category", "category-unknown")}),
    "a foreign agreement": (consent(extension=[agreement("urn:other")]), {("Consent.extension", "agreement-unknown")}),
    "two agreements": (consent(extension=[agreement(), agreement()]), {("Consent.extension", "consent-unreadable")}),
    "no sender": (consent(organization=None), {("Consent.organization", "required")}),
    "a sender by reference alone": (consent(organization=[{"reference": "Organization/1"}]), {("Consent.organization[0]", "actor-unresolved")}),
    "no provision": (consent(provision=None), {("Consent.provision", "element-not-evaluated")}),
    "a provision without a type": (consent(provision=provision(type=None)), {("Consent.provision.type", "element-not-evaluated")}),
    "an actor who cannot be resolved": (consent(provision=provision(actor=[actor({"reference": "Organization/1"})])), {("Consent.provision.actor[0].reference", "actor-unresolved")}),
    "an actor in another role": (consent(provision=provision(actor=[{"role": {"coding": [{"system": "urn:x", "code": "y"}]}, "reference": unit(REGION_UNIT)}])), {("Consent.provision.actor[0].role", "element-not-evaluated")}),
    "a nested provision of its parent's type": (consent(provision=provision(provision=[NESTED | {"type": "permit"}])), {("Consent.provision.provision[0]", "element-not-evaluated")}),
    "a third level": (consent(provision=provision(provision=[NESTED | {"provision": [{"type": "permit"}]}])), {("Consent.provision.provision[0]", "element-not-evaluated"), ("Consent.provision.provision[0].provision", "element-not-kept")}),
    "an unknown purpose in a deny": (consent(provision=provision("deny", purpose=[{"system": "urn:x", "code": "y"}])), {("Consent.provision.purpose", "element-not-evaluated")}),
    "a modifier": (consent(modifierExtension=[{"url": "urn:x", "valueCode": "y"}]), {("Consent", "modifier-extension"), ("Consent.modifierExtension", "element-not-evaluated")}),
    "no end": (consent(provision=provision(period={"start": "2026-11-16"})), {("Consent.provision.period.end", "required")}),
    "25 months": (consent(provision=provision(period={"start": "2026-11-16", "end": "2028-12-16"})), {("Consent.provision.period.end", "period-too-long")}),
    "a block in one agreement": (block(extension=[agreement()]), {("Consent.extension", "block-names-agreement")}),
    "a guardian's block": (block(extension=[GUARDIAN]), {("Consent.extension", "guardian-cannot-block")}),
    "a scan": (consent(sourceAttachment={"title": "Samtycke", "contentType": "text/plain", "data": "aGVq"}), {("Consent.sourceAttachment.data", "scan-not-kept")}),
    "a scan in the address": (consent(sourceAttachment={"url": "data:text/plain;base64,aGVq"}), {("Consent.sourceAttachment.url", "scan-not-kept")}),
    "a paper without a place": (consent(sourceAttachment={"contentType": "application/pdf"}), {("Consent.sourceAttachment", "required")}),
    "a contained resource": (consent(contained=[{"resourceType": "Organization", "id": "o"}]), {("Consent.contained", "element-not-kept"), ("Consent", "dom-3")}),
    "an unknown extension": (consent(extension=[agreement(), {"url": "urn:x", "valueString": "y"}]), {("Consent.extension", "element-not-kept")}),
    "staff as who asked": (consent(performer=[{"type": "Practitioner", "identifier": unit(KOMMUN_UNIT)["identifier"]}]), {("Consent.performer[0].type", "performer-not-a-person")}),
    "somebody else as the person": (consent(performer=[{"type": "Patient", "identifier": person(OTHER).as_fhir()}]), {("Consent.performer[0].identifier", "performer-of-other-kind")}),
    "a guardian without a name": (consent(performer=[{"type": "RelatedPerson", "display": "mor"}]), {("Consent.performer[0].identifier", "required"), ("Consent.performer[0].display", "element-not-kept")}),
    "no policy": (consent(policy=None), {("Consent", "ppc-1")}),
    "no instant": (consent(dateTime=None), {("Consent.dateTime", "required")}),
    "an instant that is a number": (consent(dateTime=2026), {("Consent.dateTime", "value")}),
    "an unknown purpose": (consent(provision=provision(purpose=[{"system": ACT_REASON, "code": "NOSUCH"}])), {("Consent.provision.purpose[0]", "code")}),
    "another scope": (consent(scope={"coding": [{"system": CONSENT_SCOPE, "code": "research"}]}), {("Consent.scope", "pattern")}),
    "verified in words": (consent(verification=[{"verified": "yes"}]), {("Consent.verification[0].verified", "value")}),
    "a source of no type": (consent(sourceReference={"reference": "Foo/1"}), {("Consent.source", "reference-target")}),
    "an unknown action": (consent(provision=provision(action=[{"coding": [{"system": "urn:x", "code": "y"}]}])), {("Consent.provision.action[0]", "code")}),
    "a record type of another system": (consent(provision=provision(code=[{"coding": [{"system": "urn:x", "code": "SIP"}]}])), {("Consent.provision.code[0]", "code")}),
    "a narrative that acts": (consent(text={"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'><script>x</script></div>"}), {("Consent.text.div", "value")}),
    "what is wrong in two ways": (consent(policy=None, status="draft", category=[{"coding": [{"system": "urn:x", "code": "y"}]}]), {("Consent", "ppc-1"), ("Consent.status", "status-not-filed"), ("Consent.category", "category-unknown")}),
    "several at once": (consent(status="draft", provision=provision(period=None)), {("Consent.status", "status-not-filed"), ("Consent.provision.period.end", "required")}),
}  # fmt: skip


@pytest.mark.parametrize(("body", "found"), REFUSALS.values(), ids=REFUSALS)
async def test_a_consent_is_refused_by_path_and_code(
    bridge: Bridge, body: Json, found: set[tuple[str, str]]
) -> None:
    answer = await post(bridge, body)
    assert (answer.status_code, faults(answer)) == (422, found)
    assert TOLVAN not in answer.text
    assert (await bridge.house.standing()).consents == ()
    made = await filed(bridge, consent())
    changed = await put(bridge, body | {"id": made["id"]}, 1)
    assert changed.status_code == (200 if body.get("status") == "inactive" else 422)


@pytest.mark.parametrize(
    ("days_back", "extensions", "last", "found"),
    [
        (365 * 8, [], "2019-11-24", {("Consent.extension", "maturity-required")}),
        (365 * 8, [GUARDIAN], "2019-11-24", {("Consent.extension", "maturity-required")}),
        (365 * 8, ASSESSED, "2019-11-24", {("Consent.extension", "maturity-required")}),
        (365 * 8, [GUARDIAN, *ASSESSED], "2019-11-24", set()),
        (365 * 6, [GUARDIAN, *ASSESSED], "2021-02-02", set()),
        (365 * 6, [GUARDIAN, *ASSESSED], "2021-02-03", {("Consent.provision.period.end", "guardian-ends-at-18")}),
        (365 * 12, [GUARDIAN], "2015-11-24", set()),
        (0, [GUARDIAN], "2027-11-24", {("Consent.provision.period.end", "guardian-ends-at-18")}),
        (0, [], "2027-11-24", set()),
    ],
    ids=["15, nothing", "15, nobody assessed", "15, nobody decided", "15, all", "17, until 18", "17, a day beyond", "11, guardian", "23, guardian", "23"],
)  # fmt: skip
async def test_the_age_of_the_person_asks_for_more(
    bridge: Bridge, days_back: int, extensions: list[Json], last: str, found: set[tuple[str, str]]
) -> None:
    bridge.house.clock.move(days=-days_back)
    period = {"start": f"{int(last[:4]) - 1}-12-01", "end": last}
    body = consent(number=YOUNG, extension=extensions, provision=provision(period=period))
    answer = await post(bridge, body)
    assert answer.status_code == (422 if found else 201)
    assert not found or faults(answer) == found


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"identifier": [{"system": SYSTEM, "value": "another"}]}, "identifier"),
        ({"patient": {"identifier": person(OTHER).as_fhir()}}, "patient"),
        ({"category": category("sip-plan")}, "category"),
        ({"provision": provision("deny")}, "provision.type"),
    ],
)
async def test_an_update_leaves_what_says_which_consent_it_is(
    bridge: Bridge, change: Json, path: str
) -> None:
    made = await filed(bridge, consent())
    answer = await put(bridge, made | change, 1)
    assert (answer.status_code, faults(answer)) == (422, {(f"Consent.{path}", "element-fixed")})


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b"{", "application/fhir+json", 400),
        (b"[]", "application/json", 400),
        (b'{"resourceType":"Patient"}', "application/fhir+json; charset=utf-8", 400),
        (b"[" * 100_000, "application/fhir+json", 400),
        (b'"' + b"x" * 262_144 + b'"', "application/fhir+json", 413),
    ],
)
async def test_a_body_is_bounded_json_of_a_consent(
    bridge: Bridge, content: bytes, media_type: str, status: int
) -> None:
    headers = {"Content-Type": media_type}
    answer = await bridge.fhir("Consent", "kommun-registers", "POST", content=content, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    "condition",
    ["", "identifier=", f"identifier={SYSTEM}", "status=active", f"identifier={SYSTEM}|C-1&status=active"],
)
async def test_a_condition_that_we_do_not_know_is_refused(bridge: Bridge, condition: str) -> None:
    answer = await post(bridge, consent("C-1"), If_None_Exist=condition)
    assert (answer.status_code, faults(answer)) == (400, {("http.If-None-Exist", "value")})


async def test_a_condition_is_on_the_consents_own_identifier(bridge: Bridge) -> None:
    answer = await post(bridge, consent("C-1"), If_None_Exist=f"identifier={SYSTEM}|C-2")
    assert (answer.status_code, faults(answer)) == (
        400,
        {("http.If-None-Exist", "condition-of-other-identifier")},
    )


async def test_the_bodys_id_is_the_paths(bridge: Bridge) -> None:
    made = await filed(bridge, consent())
    headers = MEDIA_TYPE | {"If-Match": 'W/"1"'}
    for body in (consent(), made | {"id": new_id()}):
        answer = await bridge.fhir(
            f"Consent/{made['id']}", "kommun-registers", "PUT", json=body, headers=headers
        )
        assert (answer.status_code, faults(answer)) == (400, {("Consent.id", "id-of-path")})


async def test_what_is_null_is_told_where_it_stands(bridge: Bridge) -> None:
    made = await filed(bridge, consent())
    for name in ("policy", "identifier", "extension", "performer", "patient", "provision", "organization"):
        answers = [
            await post(bridge, consent() | {name: None}),
            await post(bridge, consent() | {name: None}, If_None_Exist=f"identifier={SYSTEM}|x"),
            await put(bridge, made | {name: None}, 1),
        ]
        for answer in answers:
            assert answer.status_code == 422
            assert {path for path, _ in faults(answer)} == {f"Consent.{name}"}


async def test_an_organisation_without_an_agreement_files_nothing(bridge: Bridge) -> None:
    answer = await post(bridge, consent(), "stranger-registers")
    assert (answer.status_code, faults(answer)) == (422, {("Consent.extension", "agreement-unknown")})


async def _asked(asker: Asker, consent_id: str) -> list[Seen]:
    """Every way to ask for one Consent."""
    body = consent() | {"id": consent_id}
    return [
        await asker.ask(f"Consent/{consent_id}"),
        await asker.ask(f"Consent/{consent_id}/_history/1"),
        *[
            await asker.ask(
                f"Consent/{consent_id}",
                "PUT",
                json=body | change,
                headers=MEDIA_TYPE | {"If-Match": f'W/"{version}"'},
            )
            for version in (1, 2)
            for change in ({}, {"status": "inactive"}, {"status": "entered-in-error"}, {"status": "draft"})
        ],
    ]


@pytest.mark.parametrize("client", ["stranger-registers", "region-registers"])
async def test_a_consent_that_is_not_the_requesters_to_know_of_is_one_that_does_not_exist(
    bridge: Bridge, client: str
) -> None:
    hidden = consent(provision=provision(actor=[actor(unit("SE2120001553-1002"))]))
    made = await filed(bridge, hidden)
    asker = Asker(bridge, client)
    before = len(await bridge.house.audit())
    known = await _asked(asker, made["id"])
    between = len(await bridge.house.audit())
    unknown = await _asked(asker, new_id())
    assert known == unknown
    assert {answer.status for answer in known} == {404}
    kinds = await bridge.house.audit_kinds()
    assert kinds[before:between] == kinds[between:]
    searched = [
        await asker.ask("Consent", params={"patient.identifier": number}) for number in (TOLVAN, OTHER)
    ]
    assert searched[0] == searched[1]


async def test_what_is_concealed_takes_as_long_as_the_floor(tmp_path: Path) -> None:
    async with bridged(tmp_path, floor_seconds=0.1) as bridge:
        made = await filed(bridge, consent())
        asker = Asker(bridge, "stranger-registers")
        body = made | {"status": "inactive"}
        requests: list[tuple[str, str, Any]] = [
            (f"Consent/{made['id']}", "GET", {}),
            (f"Consent/{made['id']}/_history/1", "GET", {}),
            (f"Consent/{made['id']}", "PUT", {"json": body, "headers": MEDIA_TYPE | {"If-Match": 'W/"1"'}}),
        ]  # fmt: skip
        for path, method, request in requests:
            began = time.monotonic()
            await asker.ask(path, method, **request)
            assert time.monotonic() - began >= 0.1
