"""AuditEvents in the forms of IHE BALP 1.1.4, one per patient.

A person appears as a person key, also one that nobody knows: same shape either way. Where BALP has no form (no consent found, an
operation, a filing), ours is documented in docs/audit.md.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from adapter.domain.identity import Identifier
from adapter.domain.instants import as_instant
from adapter.domain.records import CANONICAL, PERSON_KEY
from adapter.domain.requester import Requester
from adapter.gate.decision import Decision, Verdict

_DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_AUDIT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_INTERACTION: Final = "http://hl7.org/fhir/restful-interaction"
_ENTITY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_ACT_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ROLE_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_RESOURCE_TYPES: Final = "http://hl7.org/fhir/resource-types"
_BALP: Final = "https://profiles.ihe.net/ITI/BALP"
_PROFILE: Final = f"{_BALP}/StructureDefinition/IHE.BasicAudit."
_SOURCE: Final = {
    "observer": {"display": "Sambro"},
    "type": [{"system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4"}],
}
_SERVER: Final = {
    "type": {"coding": [{"system": _DCM, "code": "110153"}]},
    "who": {"display": "Sambro"},
    "requestor": False,
}

Interaction = Literal["create", "update"]
_WRITES: Final[dict[Interaction, tuple[str, str]]] = {
    "create": ("PatientCreate", "C"),
    "update": ("PatientUpdate", "U"),
}

AUDIT_SUBTYPE: Final = f"{CANONICAL}/CodeSystem/audit-subtype"
FOLLOW_UP: Final = f"{CANONICAL}/follow-up"
RELEASE_WITHOUT_CONSENT: Final = f"{CANONICAL}/release-without-consent"
SUCCESS: Final = "0"
MINOR_FAILURE: Final = "4"
SERIOUS_FAILURE: Final = "8"


@dataclass(frozen=True, slots=True)
class Act:
    """What one audit row says happened: when, about whom, on whose request.

    ``person_key`` is None only where no person is named. ``request_id`` is the X-Request-Id or the message id that ties the rows of one request together.
    """

    at: datetime
    person_key: str | None
    request_id: str


@dataclass(frozen=True, slots=True)
class Grantor:
    """Who asked for a Consent: the person, or a guardian (``person_key`` None: one who is not named)."""

    person_key: str | None
    is_guardian: bool


def authorization(
    act: Act,
    decision: Decision,
    sender: Identifier,
    recipient: Identifier,
    purposes: Sequence[str],
    *,
    refused: str | None,
    releases: Sequence[str] = (),
) -> dict[str, Any]:
    """BALP AuthZconsent (DCM 110113, AuthZ-Consent): the gate's decision, permit (outcome 0) or not (8).

    ``refused`` is the code for which a permitted release was kept back after all (protected identity, no plan consent), or None.
    ``releases`` are ids of the releases without consent that it rests on.

    A deny for want of a consent has no Consent entity: our documented form.
    """
    agents = [
        _agent("110150", {"display": "Sambro"}, requestor=False),
        _recipient(recipient, purposes),
        {
            "type": {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleClass", "code": "PROV"}]
            },
            "who": {"identifier": sender.as_fhir()},
            "requestor": False,
        },
    ]
    entities = [
        *_patient(act.person_key),
        *(_consent(*consent) for consent in decision.consents),
        *map(_release, releases),
    ]
    return _event(
        act,
        profile="AuthZconsent",
        kind=(_DCM, "110113"),
        subtype=(f"{_BALP}/CodeSystem/AuthZsubType", "AuthZ-Consent"),
        action="E",
        outcome=SUCCESS if decision.verdict is Verdict.PERMIT and refused is None else SERIOUS_FAILURE,
        description=refused or decision.reason.value,
        agents=agents,
        entities=entities,
    )


def query(act: Act, requester: Requester, resource_type: str, statement: str, outcome: str) -> dict[str, Any]:
    """BALP PatientQuery: a search. ``statement`` is the query with the person's identifier already replaced by the person key."""
    entity = _object("24") | {"query": _base64(f"{resource_type}?{statement}")}
    return _rest(act, requester, "PatientQuery", "search", "E", entity, outcome)


def read(
    act: Act, requester: Requester, resource_type: str, resource_id: str, outcome: str
) -> dict[str, Any]:
    """BALP PatientRead: a read by id."""
    entity = _object("4") | {"what": {"reference": f"{resource_type}/{resource_id}"}}
    return _rest(act, requester, "PatientRead", "read", "R", entity, outcome)


def disclosure(act: Act, sender: Identifier, recipient: Identifier, records: Sequence[str]) -> dict[str, Any]:
    """BALP PrivacyDisclosure.Source (DCM 110106): records released to a recipient, by reference."""
    agents = [
        _SERVER | {"who": {"identifier": sender.as_fhir()}},
        _agent("110152", {"identifier": recipient.as_fhir()}, requestor=True),
    ]
    reports = [_object("3") | {"what": {"reference": record}} for record in records]
    return _event(
        act,
        profile="PrivacyDisclosure.Source",
        kind=(_DCM, "110106"),
        subtype=("http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose"),
        action="R",
        outcome=SUCCESS,
        description=None,
        agents=agents,
        entities=[*_patient(act.person_key), *reports],
    )


def filing(act: Act, party: Identifier, event: str, what: str | None, outcome: str) -> dict[str, Any]:
    """A message that a party's system filed: BALP Create's shape with our subtype for the wire's event.

    ``what`` is a reference to what came into force (``Consent/<id>``), if anything did.
    """
    agents = [
        _agent("110153", {"identifier": party.as_fhir()}, requestor=True),
        _SERVER | {"requestor": False},
    ]
    entities = [*_patient(act.person_key), *([_object("4") | {"what": {"reference": what}}] if what else [])]
    return _event(
        act,
        profile=None,
        kind=(_AUDIT_TYPE, "rest"),
        subtype=(_INTERACTION, "create"),
        action="C",
        outcome=outcome,
        description=event,
        agents=agents,
        entities=entities,
    )


def registration(
    act: Act,
    requester: Requester,
    interaction: Interaction,
    reference: str,
    outcome: str,
    *,
    grantor: Grantor | None = None,
    description: str | None = None,
) -> dict[str, Any]:
    """BALP PatientCreate or PatientUpdate: a Consent filed or changed by FHIR. The user of the token registered it, ``grantor`` asked for it."""
    agents = [
        _agent("110153", {"display": requester.client_id}, requestor=False),
        _agent("110152", {"display": "Sambro"}, requestor=False),
        _user(requester) | {"type": {"coding": [{"system": _PARTICIPATION, "code": "AUT"}]}},
        *([] if grantor is None else [_grantor(grantor)]),
    ]
    profile, action = _WRITES[interaction]
    return _event(
        act,
        profile=profile,
        kind=(_AUDIT_TYPE, "rest"),
        subtype=(_INTERACTION, interaction),
        action=action,
        outcome=outcome,
        description=description,
        agents=agents,
        entities=[_object("4") | {"what": {"reference": reference}}, *_patient(act.person_key)],
    )


def receipt(act: Act, requester: Requester) -> dict[str, Any]:
    """``$confirm-receipt``: an operation, for which BALP has no form; ours is its Query's without a person."""
    return _rest(act, requester, None, "operation", "E", _object("24"), SUCCESS)


def acknowledgement(at: datetime, code: str) -> dict[str, Any]:
    """An administrator took a loss in the audit as it is (``code``): DICOM's security alert, our subtype; it is about no patient."""
    return _event(
        Act(at, None, "sambro audit acknowledge"),
        profile=None,
        kind=(_DCM, "110113"),
        subtype=(AUDIT_SUBTYPE, "acknowledgement"),
        action="E",
        outcome=SERIOUS_FAILURE,
        description=code,
        agents=[_agent("110150", {"display": "Sambro"}, requestor=True)],
        entities=[],
    )


def unaudited(act: Act, client: str | None, interaction: str, code: str) -> dict[str, Any]:
    """A request that was refused since the database could not be written to: our own form, marked as spooled by its subtype.

    ``client`` is the token's client id, None if it was refused or not read; ``interaction`` the route's name; ``code`` the fault.
    """
    who = {"display": client} if client is not None else {"display": "unknown"}
    return _event(
        act,
        profile=None,
        kind=(_AUDIT_TYPE, "rest"),
        subtype=(AUDIT_SUBTYPE, "spooled"),
        action="E",
        outcome=SERIOUS_FAILURE,
        description=code,
        agents=[_agent("110152", who, requestor=True), _SERVER],
        entities=[_object("24") | {"query": _base64(interaction)}, *_patient(act.person_key)],
    )


def lifting(act: Act, party: Identifier, consent: str, recipients: Sequence[Identifier]) -> dict[str, Any]:
    """A party lifted its own block for a time. Ours: a consent's update, ``outcomeDesc`` ``block-lifted``.

    ``consent`` is the block's version by reference, ``recipients`` those for whom it is lifted.
    """
    agents = [
        _agent("110153", {"identifier": party.as_fhir()}, requestor=True),
        _SERVER,
        *(_recipient(recipient, ()) | {"requestor": False} for recipient in recipients),
    ]
    return _event(
        act,
        profile=None,
        kind=(_AUDIT_TYPE, "rest"),
        subtype=(_INTERACTION, "update"),
        action="U",
        outcome=SUCCESS,
        description="block-lifted",
        agents=agents,
        entities=[*_patient(act.person_key), _object("4") | {"what": {"reference": consent}}],
    )


def release_without_consent(
    act: Act, requester: Requester, ground: str, release_id: str, recipient: Identifier
) -> dict[str, Any]:
    """``$release-without-consent``: an operation, for which BALP has no form. Ours names the ground and the recipient unit."""
    event = _rest(act, requester, None, "operation", "E", _release(release_id), SUCCESS)
    return event | {
        "outcomeDesc": ground,
        "agent": [*event["agent"], _recipient(recipient, ()) | {"requestor": False}],
    }


def emergency_access(act: Act, requester: Requester) -> dict[str, Any]:
    """A requester stated BTG or ETREAT and was refused: our own form of a security alert (DCM 110113)."""
    event = _rest(act, requester, None, "operation", "E", _object("24"), SERIOUS_FAILURE)
    return event | {
        "type": {"system": _DCM, "code": "110113"},
        "subtype": [{"system": AUDIT_SUBTYPE, "code": "emergency-access"}],
        "outcomeDesc": "emergency-access-refused",
    }


def followed_up(act: Act, entry_id: str, administrator: str) -> dict[str, Any]:
    """An administrator has seen to an entry of the follow-up list. Ours."""
    return _event(
        act,
        profile=None,
        kind=(_DCM, "110100"),
        subtype=(AUDIT_SUBTYPE, "follow-up"),
        action="U",
        outcome=SUCCESS,
        description=None,
        agents=[_agent("110150", {"display": administrator}, requestor=True), _SERVER],
        entities=[
            *_patient(act.person_key),
            _object("24") | {"what": {"identifier": {"system": FOLLOW_UP, "value": entry_id}}},
        ],
    )


def _rest(
    act: Act,
    requester: Requester,
    profile: str | None,
    interaction: str,
    action: str,
    entity: dict[str, Any],
    outcome: str,
) -> dict[str, Any]:
    agents = [
        _agent("110152", {"display": requester.client_id}, requestor=False),
        _SERVER,
        _user(requester),
    ]
    return _event(
        act,
        profile=profile,
        kind=(_AUDIT_TYPE, "rest"),
        subtype=(_INTERACTION, interaction),
        action=action,
        outcome=outcome,
        description=None,
        agents=agents,
        entities=[entity, *_patient(act.person_key)],
    )


def _event(
    act: Act,
    *,
    profile: str | None,
    kind: tuple[str, str],
    subtype: tuple[str, str],
    action: str,
    outcome: str,
    description: str | None,
    agents: list[dict[str, Any]],
    entities: list[dict[str, Any]],
) -> dict[str, Any]:
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "type": {"system": kind[0], "code": kind[1]},
        "subtype": [{"system": subtype[0], "code": subtype[1]}],
        "action": action,
        "recorded": as_instant(act.at),
        "outcome": outcome,
        "agent": agents,
        "source": _SOURCE,
        "entity": [*entities, _request(act.request_id)],
    }
    if profile is not None:
        event["meta"] = {"profile": [_PROFILE + profile]}
    if description is not None:
        event["outcomeDesc"] = description
    return event


def _user(requester: Requester) -> dict[str, Any]:
    """Who acts behind the client: the practitioner, else the unit, else the organisation; the token by its id."""
    user = requester.practitioner or requester.unit or requester.organization
    agent = _recipient(user, requester.purposes) | {"policy": [f"urn:ietf:params:oauth:jti:{requester.jti}"]}
    if requester.roles:
        agent["role"] = [{"coding": [{"system": s, "code": c}]} for s, c in requester.roles]
    return agent


def _grantor(grantor: Grantor) -> dict[str, Any]:
    who = {"identifier": {"system": PERSON_KEY, "value": grantor.person_key}} if grantor.person_key else None
    agent: dict[str, Any] = {
        "type": {"coding": [{"system": _ROLE_CODE, "code": "GRANTOR"}]},
        "who": who or {"display": "guardian"},
        "requestor": False,
    }
    if grantor.is_guardian:
        agent["role"] = [{"coding": [{"system": _ROLE_CODE, "code": "GUARD"}]}]
    return agent


def _agent(role: str, who: dict[str, Any], *, requestor: bool) -> dict[str, Any]:
    return {"type": {"coding": [{"system": _DCM, "code": role}]}, "who": who, "requestor": requestor}


def _recipient(who: Identifier, purposes: Sequence[str]) -> dict[str, Any]:
    agent: dict[str, Any] = {
        "type": {"coding": [{"system": _PARTICIPATION, "code": "IRCP"}]},
        "who": {"identifier": who.as_fhir()},
        "requestor": True,
    }
    if purposes:
        agent["purposeOfUse"] = [
            {"coding": [{"system": _ACT_REASON, "code": purpose}]} for purpose in purposes
        ]
    return agent


def _patient(person_key: str | None) -> list[dict[str, Any]]:
    if person_key is None:
        return []
    patient = {
        "type": {"system": _ENTITY_TYPE, "code": "1"},
        "role": {"system": _OBJECT_ROLE, "code": "1"},
        "what": {"identifier": {"system": PERSON_KEY, "value": person_key}},
    }
    return [patient]


def _consent(consent_id: str, version: str) -> dict[str, Any]:
    return {
        "type": {"system": _RESOURCE_TYPES, "code": "Consent"},
        "what": {"reference": f"Consent/{consent_id}/_history/{version}"},
    }


def _release(release_id: str) -> dict[str, Any]:
    return _object("24") | {"what": {"identifier": {"system": RELEASE_WITHOUT_CONSENT, "value": release_id}}}


def _object(role: str) -> dict[str, Any]:
    return {"type": {"system": _ENTITY_TYPE, "code": "2"}, "role": {"system": _OBJECT_ROLE, "code": role}}


def _request(request_id: str) -> dict[str, Any]:
    return {
        "type": {"system": f"{_BALP}/CodeSystem/BasicAuditEntityType", "code": "XrequestId"},
        "what": {"identifier": {"value": request_id}},
    }


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")
