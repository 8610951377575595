"""The pieces that AuditEvents are put together from: agents and entities as IHE BALP 1.1.4 slices them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final

from adapter.domain.identity import Identifier
from adapter.domain.instants import as_instant
from adapter.domain.records import CANONICAL, PERSON_KEY

DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
AUDIT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTION: Final = "http://hl7.org/fhir/restful-interaction"
BALP: Final = "https://profiles.ihe.net/ITI/BALP"
PROFILE: Final = f"{BALP}/StructureDefinition/IHE."
REQUEST_ID: Final = f"{CANONICAL}/StructureDefinition/audit-request-id"
OUR_SUBTYPE: Final = f"{CANONICAL}/CodeSystem/audit-subtype"
RELEASE_WITHOUT_CONSENT: Final = f"{CANONICAL}/release-without-consent"
MESSAGE: Final = f"{CANONICAL}/message"

APPLICATION: Final = (DCM, "110150")
DESTINATION: Final = (DCM, "110152")
SOURCE: Final = (DCM, "110153")
RECIPIENT: Final = ("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")
CUSTODIAN: Final = ("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "CST")
AUTHOR: Final = ("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "AUT")
GRANTOR: Final = ("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "GRANTOR")
GUARDIAN: Final = ("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "GUARD")
PROVIDER: Final = ("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV")
AUTHORIZATION_SERVER: Final = (f"{BALP}/CodeSystem/UserAgentTypes", "AuthzOauthService")
AUTHORIZER: Final = ("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "authserver")

SUCCESS: Final = "0"
MINOR_FAILURE: Final = "4"
SERIOUS_FAILURE: Final = "8"

OURSELVES: Final = {"display": "Sambro"}
_HERE: Final = {"address": "sambro", "type": "1"}
_ENTITY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_CONSENT: Final = {"system": "http://hl7.org/fhir/resource-types", "code": "Consent"}
_SOURCE_TYPE: Final = {"system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4"}

Json = dict[str, Any]
Code = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Act:
    """What one audit row says happened: when, about whom, on whose request.

    ``person_key`` is None only where no person is named. ``request_id`` is the X-Request-Id or the message id that ties the rows of one
    request together. ``caller`` is the network address of who asked; None where nobody asked over a network.
    """

    at: datetime
    person_key: str | None
    request_id: str
    caller: str | None = None


def event(
    act: Act,
    *,
    kind: Code,
    subtype: Code,
    action: str,
    outcome: str,
    agents: Sequence[Json],
    entities: Sequence[Json] = (),
    profile: str | None = None,
    description: str | None = None,
    observer: Json = OURSELVES,
    request_as_entity: bool = True,
) -> Json:
    """An AuditEvent. ``description`` is a code, never prose; ``profile`` is the end of a BALP profile's name.

    ``observer`` is on whose behalf it is recorded. The request's id is an entity, as BALP has it; ``request_as_entity`` False where its
    profile allows no such entity: an extension then.
    """
    resource: Json = {
        "resourceType": "AuditEvent",
        "type": {"system": kind[0], "code": kind[1]},
        "subtype": [{"system": subtype[0], "code": subtype[1]}],
        "action": action,
        "recorded": as_instant(act.at),
        "outcome": outcome,
        "agent": [*agents],
        "source": {"site": "Sambro", "observer": observer, "type": [_SOURCE_TYPE]},
        "entity": [*entities],
    }
    if request_as_entity:
        resource["entity"].append(_request(act.request_id))
    else:
        resource["extension"] = [{"url": REQUEST_ID, "valueString": act.request_id}]
    if profile is not None:
        resource["meta"] = {"profile": [PROFILE + profile]}
    if description is not None:
        resource["outcomeDesc"] = description
    return resource


def consents_of(resource: Mapping[str, Any]) -> frozenset[str]:
    """The Consents that an event's decision rests on, by versioned reference."""
    return frozenset(
        reference_of(entity)
        for entity in resource.get("entity", ())
        if entity.get("type") == _CONSENT and "what" in entity
    )


def reference_of(entity: Mapping[str, Any]) -> str:
    """What an entity refers to; empty for what is no resource."""
    return str(entity.get("what", {}).get("reference", ""))


def request_id_of(resource: Mapping[str, Any]) -> str:
    """The request or message that a row belongs to, wherever its form keeps it; empty if it names none."""
    for extension in resource.get("extension", ()):
        if extension.get("url") == REQUEST_ID:
            return str(extension["valueString"])
    for entity in resource.get("entity", ()):
        if entity.get("type", {}).get("code") == "XrequestId":
            return str(entity["what"]["identifier"]["value"])
    return ""


def agent(role: Code, who: Json, *, requestor: bool = False) -> Json:
    """Somebody who took part."""
    return typed(role) | {"who": who, "requestor": requestor}


def typed(role: Code) -> Json:
    """The part of an agent that says in what role somebody takes part."""
    return {"type": {"coding": [{"system": role[0], "code": role[1]}]}}


def machine(role: Code, who: Json, address: str | None = None) -> Json:
    """A system that took part, with its place in the network; without an address it is this one."""
    return agent(role, who) | {"network": _HERE if address is None else _network(address)}


def told_to_us(who: Json, address: str | None) -> list[Json]:
    """The agents of what a system tells or asks in nobody's name: that system, and us."""
    return [machine(SOURCE, who, address) | {"requestor": True}, machine(DESTINATION, OURSELVES)]


def user(who: Json, purposes: Sequence[str], role: Code = RECIPIENT) -> Json:
    """On whose behalf something was asked, and for what."""
    asking = agent(role, who, requestor=True)
    if purposes:
        asking["purposeOfUse"] = [
            {"coding": [{"system": _ACT_REASON, "code": purpose}]} for purpose in purposes
        ]
    return asking


def client(client_id: str | None) -> Json:
    """A client by its id; None is this process."""
    return OURSELVES if client_id is None else {"display": client_id}


def identified(identifier: Identifier) -> Json:
    """A logical reference to an organisation or unit."""
    return {"identifier": identifier.as_fhir()}


def patient(person_key: str | None) -> list[Json]:
    """The entity of the person, if one is named."""
    if person_key is None:
        return []
    what = {"identifier": {"system": PERSON_KEY, "value": person_key}}
    return [
        {
            "type": {"system": _ENTITY_TYPE, "code": "1"},
            "role": {"system": _OBJECT_ROLE, "code": "1"},
            "what": what,
        }
    ]


def consent(consent_id: str, version: str) -> Json:
    """A Consent that a decision rests on."""
    return {
        "type": _CONSENT,
        "what": {"reference": f"Consent/{consent_id}/_history/{version}"},
    }


def query(statement: str) -> Json:
    """What was asked, base64. The caller has taken out whatever names a person."""
    return _object("24") | {"query": b64encode(statement.encode()).decode("ascii")}


def data(reference: str, *, is_report: bool = False) -> Json:
    """A resource that was read, filed or handed over, by reference."""
    return _object("3" if is_report else "4") | {"what": {"reference": reference}}


def message(message_id: str) -> Json:
    """A message of the log."""
    return own(MESSAGE, message_id)


def own(system: str, value: str) -> Json:
    """Something of ours that has an identifier and is no resource."""
    return _object("4") | {"what": {"identifier": {"system": system, "value": value}}}


def named(name: str) -> Json:
    """Something of ours that has a name and no address: a screen, a command, an operation."""
    return _object("4") | {"name": name}


def _object(role: str) -> Json:
    return {"type": {"system": _ENTITY_TYPE, "code": "2"}, "role": {"system": _OBJECT_ROLE, "code": role}}


def _request(request_id: str) -> Json:
    return {
        "type": {"system": f"{BALP}/CodeSystem/BasicAuditEntityType", "code": "XrequestId"},
        "what": {"identifier": {"value": request_id}},
    }


def _network(address: str) -> Json:
    """FHIR network-type: 2 an IP address, 1 a machine's name."""
    try:
        ip_address(address)
    except ValueError:
        return {"address": address, "type": "1"}
    return {"address": address, "type": "2"}
