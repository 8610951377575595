"""Consents as a FHIR client files them, each a whole valid one that a test bends in one place."""

from __future__ import annotations

from itertools import count
from typing import Any, Final

from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER
from adapter.domain.records import AGREEMENT_EXTENSION, CANONICAL, CONSENT_CATEGORY, RECORD_TYPE_SYSTEM
from adapter.gate.vocabulary import ACT_REASON, CONSENT_SCOPE, PARTICIPATION_TYPE
from tests.exchange.bodies import KOMMUN_UNIT, REGION_UNIT, TOLVAN, Json
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
        "purpose": [{"system": ACT_REASON, "code": "TREAT"}],
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
