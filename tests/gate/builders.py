"""Consents, requests and records of the test person, each a whole valid one that a test bends in one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, PERSONNUMMER, Identifier, PersonId
from adapter.domain.records import AGREEMENT_EXTENSION, CONSENT_CATEGORY, RECORD_TYPE_SYSTEM
from adapter.gate.consent import compile_consent
from adapter.gate.decision import Decision, Registered, decide
from adapter.gate.enforce import ReleasedBundle, enforce
from adapter.gate.origin import Origin
from adapter.gate.request import AccessRequest, Code, Side
from adapter.gate.rules import release_rules
from adapter.gate.vocabulary import (
    ACT_REASON,
    CONFIDENTIALITY,
    CONSENT_ACTION,
    CONSENT_SCOPE,
    PARTICIPATION_TYPE,
    RESOURCE_TYPES,
)

Json = dict[str, Any]

AGREEMENT = "https://example.org/avtal/alingsas"
NOW = datetime(2024, 6, 3, 10, tzinfo=UTC)
PERSON = PersonId(PERSONNUMMER, "191212121212")
OTHER_PERSON = PersonId(PERSONNUMMER, "196101182803")
MINOR = PersonId(PERSONNUMMER, "200302022389")
AT_SIXTEEN = datetime(2019, 6, 3, 10, tzinfo=UTC)

KOMMUN = Identifier(ORGANISATIONSNUMMER, "2120001231")
KOMMUN_HSA = Identifier(HSA_ID, "SE2120001231-000000000001")
IFO = Identifier(HSA_ID, "SE2120001231-000000000002")
REGION = Identifier(ORGANISATIONSNUMMER, "2321000131")
REGION_HSA = Identifier(HSA_ID, "SE2321000131-000000000001")
PSYKIATRI = Identifier(HSA_ID, "SE2321000131-000000000002")
VARDCENTRAL = Identifier(HSA_ID, "SE2321000131-000000000003")
STRANGER = Identifier(HSA_ID, "SE5560000167-000000000001")
NURSE = Identifier(HSA_ID, "SE2321000131-000000000009")

NURSE_ROLE: Code = ("http://snomed.info/sct", "106292003")

SENDER = Side(frozenset({KOMMUN, KOMMUN_HSA}), IFO)
RECIPIENT = Side(frozenset({REGION, REGION_HSA}), PSYKIATRI)
ASKED: Json = {
    "patient": PERSON.as_fhir(),
    "agreement": AGREEMENT,
    "sender": {"organization": KOMMUN.as_fhir(), "unit": IFO.as_fhir()},
    "requester": {"organization": REGION.as_fhir(), "unit": PSYKIATRI.as_fhir()},
    "purpose": ["TREAT"],
    "action": "disclose",
    "recordTypes": ["SIP", "AUDIT"],
}
"""A request as a file states it."""


def coding(system: str, code: str) -> Json:
    return {"system": system, "code": code}


def concept(system: str, code: str) -> Json:
    return {"coding": [coding(system, code)]}


def reference(identifier: Identifier | PersonId, kind: str | None = None) -> Json:
    return ({"type": kind} if kind else {}) | {"identifier": identifier.as_fhir()}


def actor(identifier: Identifier, kind: str | None = "Organization", role: str = "IRCP") -> Json:
    return {"role": concept(PARTICIPATION_TYPE, role), "reference": reference(identifier, kind)}


UNRESOLVABLE: Json = {
    "role": concept(PARTICIPATION_TYPE, "IRCP"),
    "reference": {"reference": "Organization/17"},
}


def purposes(*codes: str) -> list[Json]:
    return [coding(ACT_REASON, code) for code in codes]


def record_types(*codes: str) -> list[Json]:
    return [concept(RECORD_TYPE_SYSTEM, code) for code in codes]


def classes(*codes: str) -> list[Json]:
    return [coding(RESOURCE_TYPES, code) for code in codes]


def actions(*codes: str) -> list[Json]:
    return [concept(CONSENT_ACTION, code) for code in codes]


def confidentiality(*codes: str) -> list[Json]:
    return [coding(CONFIDENTIALITY, code) for code in codes]


def data(meaning: str, literal: str) -> list[Json]:
    return [{"meaning": meaning, "reference": {"reference": literal}}]


def permit(**elements: Any) -> Json:
    return {"type": "permit"} | elements


def deny(**elements: Any) -> Json:
    return {"type": "deny"} | elements


def consent(
    provision: Json | None = None,
    *,
    id: str = "c1",
    category: str = "osl-waiver",
    sender: Identifier | None = KOMMUN,
    agreement: str | None = AGREEMENT,
    person: PersonId = PERSON,
    **elements: Any,
) -> Json:
    """A Consent in force whose root provision is ``provision`` (by default: permit everything); ``elements`` replace its own."""
    made: Json = {
        "resourceType": "Consent",
        "id": id,
        "meta": {"versionId": "1"},
        "status": "active",
        "scope": concept(CONSENT_SCOPE, "patient-privacy"),
        "category": [concept(CONSENT_CATEGORY, category)],
        "patient": reference(person, "Patient"),
        "provision": permit() if provision is None else provision,
    }
    if sender is not None:
        made["organization"] = [reference(sender, "Organization")]
    if agreement is not None:
        made["extension"] = [{"url": AGREEMENT_EXTENSION, "valueUri": agreement}]
    return made | elements


def block(provision: Json | None = None, **elements: Any) -> Json:
    """A block (spärr) on everything, or by ``provision``."""
    root = deny() if provision is None else provision
    return consent(root, category="sparr", agreement=None, **{"id": "b1"} | elements)


def without(resource: Json, name: str) -> Json:
    return {key: value for key, value in resource.items() if key != name}


def request(**fields: Any) -> AccessRequest:
    """The region's psychiatry asks the kommun's IFO for everything, for treatment."""
    given: dict[str, Any] = {
        "person": PERSON,
        "agreement": AGREEMENT,
        "sender": SENDER,
        "recipient": RECIPIENT,
        "purposes": ("TREAT",),
        "at": NOW,
    }
    return AccessRequest(**given | fields)


def registered(resources: Iterable[object], *, opens_sender: bool = True) -> list[Registered]:
    return [Registered(compile_consent(resource, at=NOW), opens_sender) for resource in resources]


def decided(*resources: object, **fields: Any) -> Decision:
    """The decision on Consents that were all registered by a party that may open the sender's records."""
    return decide(request(**fields), registered(resources))


def released(
    resources: Sequence[Json],
    *,
    sender: Side,
    recipient: Side,
    at: datetime,
    origin: Origin | None = None,
    record_types: frozenset[str] = frozenset(),
) -> ReleasedBundle:
    """What the gate makes of ``resources`` when the person consents to everything, plans included."""
    asked = request(sender=sender, recipient=recipient, at=at, record_types=record_types)
    owners = [reference(owner) for owner in sender.organizations]
    given = [consent(category=name, id=name, organization=owners) for name in ("osl-waiver", "sip-plan")]
    decision = decide(asked, registered(given))
    rules, nobody = release_rules(), frozenset[str]()
    return enforce(decision, resources, request=asked, rules=rules, protection=nobody, origin=origin)


def care_plan(id: str = "1", **elements: Any) -> Json:
    """A draft plan, which needs no ``sip-plan`` Consent."""
    return {
        "resourceType": "CarePlan",
        "id": id,
        "status": "draft",
        "intent": "plan",
        "subject": reference(PERSON, "Patient"),
        "period": {"start": "2022-02-01", "end": "2022-11-30"},
    } | elements


def goal(id: str = "1", **elements: Any) -> Json:
    return {
        "resourceType": "Goal",
        "id": id,
        "lifecycleStatus": "active",
        "subject": reference(PERSON, "Patient"),
        "target": [{"dueDate": "2024-12-01"}],
    } | elements


def audit(id: str = "1", **elements: Any) -> Json:
    return _screening(id, coding("http://loinc.org", "75624-7")) | elements


def dudit(id: str = "1", **elements: Any) -> Json:
    return _screening(id, coding("https://w3id.org/sambro/fhir/CodeSystem/dudit", "dudit-total")) | elements


def _screening(id: str, code: Json) -> Json:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [code]},
        "subject": reference(PERSON, "Patient"),
        "effectiveDateTime": "2024-05-02",
        "valueInteger": 12,
    }


def patient(id: str = "1", **elements: Any) -> Json:
    return {
        "resourceType": "Patient",
        "id": id,
        "identifier": [PERSON.as_fhir()],
        "name": [{"family": "Tolvansson", "given": ["Tolvan"]}],
        "gender": "male",
        "address": [{"city": "Alingsås"}],
        "telecom": [{"system": "phone", "value": "0701740605"}],
    } | elements


def bundle(*resources: Json, **elements: Any) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": item} for item in resources],
    } | elements
