"""The words for what is exchanged: record types, and the codes and canonical URLs that name them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

CANONICAL: Final = "https://w3id.org/sambro/fhir"
CONSENT_CATEGORY: Final = f"{CANONICAL}/CodeSystem/consent-category"
RECORD_TYPE_SYSTEM: Final = f"{CANONICAL}/CodeSystem/record-type"
DUDIT_SYSTEM: Final = f"{CANONICAL}/CodeSystem/dudit"
AGREEMENT_EXTENSION: Final = f"{CANONICAL}/StructureDefinition/agreement"
PERSON_KEY: Final = f"{CANONICAL}/person-key"
NOBODY: Final = f"{CANONICAL}/asked"
"""System of the identity under which the audit keeps that somebody unknown was asked about."""
RECORD_ID: Final = f"{CANONICAL}/record-id"
"""System of our own business identifier on every record that we map: its value is the deterministic id."""
OUR_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The form of every id that we give out. What a caller names in another form is none of them: nobody looks it up, and nothing repeats it."""
NOTICE_TOPIC: Final = f"{CANONICAL}/CodeSystem/notice-topic"
"""What a notice of ours is about: ``basis-ended``."""
SECURITY_LABEL: Final = "http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel"
PROTECTION_CODES: Final = frozenset({"sekretessmarkering", "skyddadFolkbokforing"})


class RecordType(StrEnum):
    """What may pass: the codes of ``B/CodeSystem/record-type``."""

    SIP = "SIP"
    AUDIT = "AUDIT"
    DUDIT = "DUDIT"
    ENROLMENT = "enrolment"
    PERSON = "person"


class ConsentCategory(StrEnum):
    """The codes of ``B/CodeSystem/consent-category``."""

    OSL_WAIVER = "osl-waiver"
    SIP_PLAN = "sip-plan"
    BLOCK = "sparr"


class Mode(StrEnum):
    """How a record type is exchanged (design.md, "Exchange modes")."""

    QUERY = "query"
    FORWARD = "forward"
    HOLD = "hold"


RESOURCE_TYPES: Final[dict[RecordType, tuple[str, ...]]] = {
    RecordType.SIP: ("CarePlan", "Goal", "CareTeam", "Task", "DocumentReference"),
    RecordType.AUDIT: ("Observation", "QuestionnaireResponse"),
    RecordType.DUDIT: ("Observation", "QuestionnaireResponse"),
    RecordType.ENROLMENT: ("EpisodeOfCare",),
    RecordType.PERSON: ("Patient",),
}
