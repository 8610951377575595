"""What the words of a Consent mean, looked up by hand: codes, instants, and whom a Reference names.

Written from the specification alone and shares no line with adapter/gate: it is what the gate is compared with. FHIR R4 Consent,
Reference and Bundle; HL7 v3 ActReason, ActCode and Confidentiality.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
STOCKHOLM = ZoneInfo("Europe/Stockholm")

BASE = "https://w3id.org/sambro/fhir"
CATEGORY = f"{BASE}/CodeSystem/consent-category"
RECORD_TYPE = f"{BASE}/CodeSystem/record-type"
DUDIT = f"{BASE}/CodeSystem/dudit"
AGREEMENT = f"{BASE}/StructureDefinition/agreement"
DECIDED_BY = f"{BASE}/StructureDefinition/consent-decided-by"
ASSESSED_BY = f"{BASE}/StructureDefinition/consent-maturity-assessed-by"
ASSESSED_ON = f"{BASE}/StructureDefinition/consent-maturity-assessed-on"
SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
ACTION = "http://terminology.hl7.org/CodeSystem/consentaction"
PURPOSE = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
SECURITY_LABEL = "http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel"
RESOURCE_TYPE = "http://hl7.org/fhir/resource-types"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"

PERSONNUMMER = "http://electronichealth.se/identifier/personnummer"
SAMORDNINGSNUMMER = "http://electronichealth.se/identifier/samordningsnummer"
HSA_ID = "urn:oid:1.2.752.29.4.19"
ORGANISATIONSNUMMER = "urn:oid:2.5.4.97"
_OTHER_NAMES = {
    "urn:oid:1.2.752.129.2.1.3.1": PERSONNUMMER,
    "urn:oid:1.2.752.129.2.1.3.3": SAMORDNINGSNUMMER,
    "urn:oid:1.2.752.129.2.1.4.1": HSA_ID,
}

STATUSES = {"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"}
ACTIONS = {"access", "disclose", "use"}
EMERGENCY = {"BTG", "ETREAT"}
KINDS_OF_PURPOSE = {
    "TREAT": {"CLINTRL", "COC", "ETREAT", "BTG", "ERTREAT", "POPHLTH"},
    "ETREAT": {"BTG", "ERTREAT"},
    "HOPERAT": {"CAREMGT", "HQUALIMP", "HOUTCOMS", "PATADMIN", "PATSFTY"},
}
PURPOSES = set(KINDS_OF_PURPOSE) | set().union(*KINDS_OF_PURPOSE.values()) | {"HPAYMT", "HRESCH", "HMARKT"}
LABELS = {
    CONFIDENTIALITY: {"U", "L", "M", "N", "R", "V"},
    ACT_CODE: {"ETH", "ETHUD", "PSY", "SUD"},
    SECURITY_LABEL: {"sekretessmarkering", "skyddadFolkbokforing"},
}
TYPES_OF = {
    "SIP": ["CarePlan", "Goal", "CareTeam", "Task", "DocumentReference"],
    "AUDIT": ["Observation", "QuestionnaireResponse"],
    "DUDIT": ["Observation", "QuestionnaireResponse"],
    "enrolment": ["EpisodeOfCare"],
    "person": ["Patient"],
}
AUDIT_CODES = {(LOINC, code) for code in ("72110-0", "75624-7", "72109-2", "75626-2")} | {
    (SNOMED, "443280005"),
    (SNOMED, "763256006"),
}


class Holds(IntEnum):
    """Whether a condition holds. Of several that must all hold it is the smallest that decides."""

    NO = 0
    UNKNOWN = 1
    """The request does not say what we would have to know."""
    SOME = 2
    """Of some records; asked only while no record is in hand."""
    YES = 3


def either(answers: Iterable[Holds]) -> Holds:
    """Whether one of several holds: surely, or that is in doubt, or it does of some records, or not."""
    found = set(answers)
    return next((one for one in (Holds.YES, Holds.UNKNOWN, Holds.SOME) if one in found), Holds.NO)


def opposite(holds: Holds) -> Holds:
    """What follows for "unless": YES and NO change places."""
    return {Holds.YES: Holds.NO, Holds.NO: Holds.YES}.get(holds, holds)


class Unreadable(Exception):
    """The Consent says something that we cannot evaluate; ``reason`` is the code that the decision carries."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def system(text: Any) -> Any:
    """The one name of an identifier system that has several."""
    return _OTHER_NAMES.get(text, text) if isinstance(text, str) else text


def pairs(identifiers: Any) -> set[tuple[str, str]]:
    """Identifiers as (system, value); those without either are nobody's."""
    found = identifiers if isinstance(identifiers, list) else [identifiers]
    return {
        (system(one["system"]), one["value"]) for one in found if one and "system" in one and "value" in one
    }


def codings(concept: Json) -> set[tuple[str | None, str]]:
    """The codings of a CodeableConcept as (system, code)."""
    return {(one.get("system"), one["code"]) for one in concept.get("coding", []) if "code" in one}


def interval(text: str) -> tuple[datetime, datetime]:
    """From when until when (not included) a FHIR date or dateTime lasts; days are Stockholm's."""
    if not isinstance(text, str):
        raise Unreadable("element-not-evaluated")
    try:
        if re.fullmatch(r"\d{4}", text):
            return _midnight(int(text), 1, 1), _midnight(int(text) + 1, 1, 1)
        if re.fullmatch(r"\d{4}-\d{2}", text):
            year, month = int(text[:4]), int(text[5:])
            return _midnight(year, month, 1), _midnight(year + month // 12, month % 12 + 1, 1)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text)
            after = day + timedelta(days=1)
            return _midnight(day.year, day.month, day.day), _midnight(after.year, after.month, after.day)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})", text):
            instant = datetime.fromisoformat(text).astimezone(UTC)
            return instant, instant + timedelta(seconds=1)
    except ValueError:
        pass
    raise Unreadable("element-not-evaluated")


def _midnight(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=STOCKHOLM).astimezone(UTC)


def covers(period: Json, at: datetime) -> bool:
    """Whether an instant lies in a Period; a missing end or start is no limit."""
    started = "start" not in period or interval(period["start"])[0] <= at
    return started and ("end" not in period or at < interval(period["end"])[1])


@dataclass
class Named:
    """Whom a Reference names. ``kind`` is a resource type or "" where the reference does not say."""

    kind: str
    identifiers: set[tuple[str, str]]
    practitioner: Named | None = None
    organization: Named | None = None
    roles: set[tuple[str | None, str]] | None = None


def resolve(reference: Json, consent: Json, bundle: Json) -> Named:
    """Whom a Reference names: by its identifier, a contained resource, or a fullUrl of the same Bundle; else nobody."""
    if pairs(reference.get("identifier")):
        return Named(reference.get("type", ""), pairs(reference["identifier"]))
    resource = _target(reference.get("reference", ""), consent, bundle)
    if resource["resourceType"] == "PractitionerRole":
        return _practitioner_role(resource, consent, bundle)
    if not pairs(resource.get("identifier")):
        raise Unreadable("actor-unresolved")
    return Named(resource["resourceType"], pairs(resource["identifier"]))


def _practitioner_role(resource: Json, consent: Json, bundle: Json) -> Named:
    named = Named("PractitionerRole", set())
    if "practitioner" in resource:
        named.practitioner = resolve(resource["practitioner"], consent, bundle)
    if "organization" in resource:
        named.organization = resolve(resource["organization"], consent, bundle)
    if "code" in resource:
        named.roles = set().union(*(codings(concept) for concept in resource["code"]))
    if not (named.practitioner or named.organization or named.roles):
        raise Unreadable("actor-unresolved")
    return named


def _target(reference: str, consent: Json, bundle: Json) -> Json:
    for contained in consent.get("contained", []):
        if reference == f"#{contained.get('id')}":
            return dict(contained)
    for entry in bundle.get("entry", []):
        if reference and reference == entry.get("fullUrl") and "resource" in entry:
            return dict(entry["resource"])
    raise Unreadable("actor-unresolved")
