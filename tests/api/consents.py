"""Consents as a FHIR client files them, each a whole valid one that a test bends in one place."""

from __future__ import annotations

from itertools import count
from typing import Any, Final

import httpx

from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER
from adapter.domain.records import AGREEMENT_EXTENSION, CANONICAL, CONSENT_CATEGORY, RECORD_TYPE_SYSTEM
from adapter.domain.states import State
from adapter.gate.vocabulary import ACT_REASON, CONSENT_SCOPE, PARTICIPATION_TYPE
from adapter.store.persons import epochs
from tests.api.bridge import Bridge
from tests.exchange.bodies import KOMMUN_UNIT, REGION_UNIT, TOLVAN, Json, screening
from tests.exchange.parties import person

AGREEMENT: Final = "https://w3id.org/sambro/agreement/alingsas-socialmedicinska"
SYSTEM: Final = "https://journal.example.org/samtycke"
_numbers = count(1)


def unit(hsa_id: str) -> Json:
    return {"type": "Organization", "identifier": {"system": HSA_ID, "value": hsa_id}}


def organization(number: str) -> Json:
    return {"type": "Organization", "identifier": {"system": ORGANISATIONSNUMMER, "value": number}}


def actor(reference: Json) -> Json:
    return {"role": {"coding": [{"system": PARTICIPATION_TYPE, "code": "IRCP"}]}, "reference": reference}


def agreement(uri: str = AGREEMENT) -> Json:
    return {"url": AGREEMENT_EXTENSION, "valueUri": uri}


def extension(name: str, **value: str) -> Json:
    return {"url": f"{CANONICAL}/StructureDefinition/{name}", **value}


def category(code: str) -> list[Json]:
    return [{"coding": [{"system": CONSENT_CATEGORY, "code": code}]}]


def provision(effect: str = "permit", **changes: Any) -> Json:
    """Everything of the kommun's for the region's reception, for a year."""
    made: Json = {
        "type": effect,
        "period": {"start": "2026-11-16", "end": "2027-11-15"},
        "actor": [actor(unit(REGION_UNIT))],
        "purpose": [{"system": ACT_REASON, "code": code} for code in ("TREAT", "COC")],
        "code": [
            {"coding": [{"system": RECORD_TYPE_SYSTEM, "code": code}]} for code in ("SIP", "AUDIT", "DUDIT")
        ],
    }
    return _bent(made, changes)


def consent(value: str = "", *, number: str = TOLVAN, **changes: Any) -> Json:
    """A permit from the kommun's unit; ``changes`` are elements, None takes one away."""
    made: Json = {
        "resourceType": "Consent",
        "identifier": [{"system": SYSTEM, "value": value or f"C-{next(_numbers)}"}],
        "status": "active",
        "scope": {"coding": [{"system": CONSENT_SCOPE, "code": "patient-privacy"}]},
        "category": category("osl-waiver"),
        "patient": {"identifier": person(number).as_fhir()},
        "dateTime": "2026-11-16",
        "organization": [unit(KOMMUN_UNIT)],
        "policy": [{"uri": "https://lagen.nu/2009:400"}],
        "provision": provision(),
    }
    return _bent(made, changes)


def block(value: str = "", *, number: str = TOLVAN, **changes: Any) -> Json:
    """A block of all that the kommun's unit has."""
    return consent(
        value, number=number, **{"category": category("sparr"), "provision": {"type": "deny"}} | changes
    )


def _bent(made: Json, changes: Json) -> Json:
    bent = made | changes
    return {name: element for name, element in bent.items() if element is not None}


MEDIA_TYPE: Final[Json] = {"Content-Type": "application/fhir+json"}


async def post(bridge: Bridge, body: Any, client: str = "kommun-registers", **headers: str) -> httpx.Response:
    """Create; ``headers`` are written with underscores."""
    return await bridge.fhir("Consent", client, "POST", json=body, headers=MEDIA_TYPE | _named(headers))


async def put(
    bridge: Bridge,
    body: Json,
    version: int | None,
    client: str = "kommun-registers",
    practitioner: str | None = None,
) -> httpx.Response:
    """Update the Consent of the body's id, expecting ``version`` to be its current one."""
    headers = MEDIA_TYPE | ({} if version is None else {"If-Match": f'W/"{version}"'})
    if practitioner is not None:
        headers |= {"Authorization": f"Bearer {bridge.user_token(client, practitioner)}"}
    return await bridge.fhir(f"Consent/{body['id']}", client, "PUT", json=body, headers=headers)


async def filed(bridge: Bridge, body: Json, client: str = "kommun-registers") -> Json:
    """A Consent as it was filed."""
    answer = await post(bridge, body, client)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def faults(answer: httpx.Response) -> set[tuple[str, str]]:
    """Path and code of each issue of a refusal."""
    return {
        (*issue.get("expression", issue.get("location", [""])), issue["details"]["coding"][0]["code"])
        for issue in answer.json()["issue"]
    }


async def states(bridge: Bridge) -> State:
    """What a screening of the kommun's becomes: accepted, or withheld."""
    return (await bridge.house.push(screening())).state


async def epoch(bridge: Bridge) -> int:
    """The epoch of the test person."""
    key = bridge.house.keyring.person_key(person(TOLVAN))
    return (await bridge.house.database.read(lambda connection: epochs(connection, key))).person


def _named(headers: dict[str, str]) -> Json:
    return {name.replace("_", "-"): value for name, value in headers.items()}
