"""What IHE BALP 1.1.4 asks of the AuditEvents that we write, as a table, and what of it an event does not keep to.

Derived by hand from the StructureDefinitions of the package ihe.iti.balp 1.1.4 (CC-BY-4.0) and compared with them: fixed codes, slices
by ``type`` with their cardinality, what an agent or entity must or must not have. The optional slices that we never write are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

_DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_INTERACTION: Final = "http://hl7.org/fhir/restful-interaction"
_BALP: Final = "https://profiles.ihe.net/ITI/BALP"

Code = tuple[str, str]
Json = dict[str, Any]


@dataclass(frozen=True)
class Slice:
    """Agents or entities of one type: how many, what each must have (dotted paths), what it may not, and what is fixed."""

    type: Code
    least: int
    most: int | None
    required: tuple[str, ...] = ("who",)
    forbidden: tuple[str, ...] = ()
    requestor: bool | None = None
    role: Code | None = None
    is_source: bool = False
    """Whether it must be the audit's source, too (BALP's invariant val-audit-source)."""


@dataclass(frozen=True)
class Profile:
    """One profile. ``outcomes`` None: any. ``closed``: no entity outside the slices."""

    type: Code
    subtypes: frozenset[Code]
    action: str
    outcomes: frozenset[str] | None
    agents: tuple[Slice, ...]
    entities: tuple[Slice, ...]
    closed: bool = False


_PATIENT: Final = Slice(
    ("http://terminology.hl7.org/CodeSystem/audit-entity-type", "1"),
    1,
    1,
    ("what",),
    role=("http://terminology.hl7.org/CodeSystem/object-role", "1"),
)
_REQUEST: Final = Slice(
    (f"{_BALP}/CodeSystem/BasicAuditEntityType", "XrequestId"), 0, 1, ("what.identifier.value",)
)
_SYSTEM: Final = ("who", "network")
_USER: Final = Slice(
    ("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
    0,
    1,
    forbidden=("media", "network"),
    requestor=True,
)
_NOT_AN_ORGANIZATION: Final = ("role", "altId", "name", "location", "media", "network")


def _disclosure(code: str, action: str) -> Profile:
    return Profile(
        (_DCM, code),
        frozenset({("http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose")}),
        action,
        None,
        (
            Slice((_DCM, "110153"), 1, 1, _SYSTEM, is_source=action == "R"),
            Slice((_DCM, "110152"), 1, 1, _SYSTEM, is_source=action == "C"),
        ),
        (_PATIENT,),
    )


def _rest(subtypes: tuple[str, ...], action: str, client: str, server: str, data: Slice) -> Profile:
    return Profile(
        ("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest"),
        frozenset((_INTERACTION, code) for code in subtypes),
        action,
        frozenset({"0"}),
        (
            Slice((_DCM, client), 1, 1, _SYSTEM, ("media",)),
            Slice((_DCM, server), 1, 1, _SYSTEM, ("media",)),
            _USER,
        ),
        (data, _PATIENT, _REQUEST),
    )


def _write(interaction: str, action: str) -> Profile:
    """Create and update alike; who acts stands by DataSources (AUT, INF, CST), we write AUT."""
    author = Slice(
        ("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "AUT"),
        0,
        1,
        forbidden=("media", "network"),
        requestor=True,
    )
    data = Slice(_DATA, 1, 1, ("what", "role"))
    created = _rest((interaction,), action, "110153", "110152", data)
    return replace(created, agents=(*created.agents[:2], author))


_DATA: Final = ("http://terminology.hl7.org/CodeSystem/audit-entity-type", "2")
PROFILES: Final[Mapping[str, Profile]] = {
    "BasicAudit.PatientRead": _rest(
        ("read", "vread"), "R", "110152", "110153", Slice(_DATA, 1, 1, ("what",))
    ),
    "BasicAudit.PatientQuery": _rest(
        ("search", "search-type", "search-system"),
        "E",
        "110153",
        "110152",
        Slice(
            _DATA,
            1,
            1,
            ("query",),
            ("what", "lifecycle", "detail"),
            role=("http://terminology.hl7.org/CodeSystem/object-role", "24"),
        ),
    ),
    "BasicAudit.PrivacyDisclosure.Source": _disclosure("110106", "R"),
    "BasicAudit.PrivacyDisclosure.Recipient": _disclosure("110107", "C"),
    "BasicAudit.AuthZconsent": Profile(
        (_DCM, "110113"),
        frozenset({(f"{_BALP}/CodeSystem/AuthZsubType", "AuthZ-Consent")}),
        "E",
        None,
        (
            Slice(
                (_DCM, "110150"),
                1,
                1,
                _SYSTEM,
                ("role", "altId", "name", "location", "media", "purposeOfUse"),
            ),
            Slice(_USER.type, 1, 1, forbidden=("altId", "location", "media", "network"), requestor=True),
            Slice(
                ("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV"),
                1,
                1,
                forbidden=(*_NOT_AN_ORGANIZATION, "policy"),
                requestor=False,
            ),
            Slice(
                ("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "authserver"),
                1,
                1,
                forbidden=(*_NOT_AN_ORGANIZATION, "policy", "purposeOfUse"),
                requestor=False,
                is_source=True,
            ),
        ),
        (
            _PATIENT,
            Slice(("http://hl7.org/fhir/resource-types", "Consent"), 1, None, ("what",)),
            Slice((f"{_BALP}/CodeSystem/UserAgentTypes", "UserOauthAgent"), 0, 1, ("what.identifier.value",)),
        ),
        closed=True,
    ),
    "BasicAudit.PatientCreate": _write("create", "C"),
    "BasicAudit.PatientUpdate": _write("update", "U"),
    "IUA.71": Profile(
        (_DCM, "110114"),
        frozenset({("urn:ihe:event-type-code", "ITI-71")}),
        "E",
        frozenset({"0"}),
        (
            Slice((_DCM, "110150"), 1, 1, _SYSTEM, ("media",)),
            Slice((f"{_BALP}/CodeSystem/UserAgentTypes", "AuthzOauthService"), 1, 1, _SYSTEM, ("media",)),
            Slice(_USER.type, 0, 1, forbidden=("altId", "media", "network"), requestor=True),
        ),
        (
            Slice(
                _DATA,
                1,
                1,
                ("query",),
                ("what",),
                role=("http://terminology.hl7.org/CodeSystem/object-role", "24"),
            ),
        ),
        closed=True,
    ),
}
"""By the last part of the profile's name (after ``IHE.``); those of the package's that we state."""


def stated(event: Json) -> str | None:
    """The profile that an event states, by its name in PROFILES."""
    profiles = event.get("meta", {}).get("profile", [])
    return profiles[0].partition("/IHE.")[2] if profiles else None


def faults(event: Json, profile: Profile) -> list[str]:
    """Where an event does not keep to a profile."""
    return list(_faults(event, profile))


def _faults(event: Json, profile: Profile) -> Iterator[str]:
    if _code(event["type"]) != profile.type:
        yield "type"
    if not any(_code(subtype) in profile.subtypes for subtype in event.get("subtype", ())):
        yield "subtype"
    if event.get("action") != profile.action:
        yield "action"
    if event.get("outcome") is None or event["outcome"] not in (profile.outcomes or {event["outcome"]}):
        yield "outcome"
    if "modifierExtension" in event:
        yield "modifierExtension"
    agents = [(_code(agent["type"]["coding"][0]), agent) for agent in event["agent"]]
    entities = [(_code(entity["type"]), entity) for entity in event.get("entity", ())]
    for one in profile.agents:
        yield from (f"agent {fault}" for fault in _sliced(one, agents))
        if one.is_source and any(
            agent["who"] != event["source"]["observer"] for code, agent in agents if code == one.type
        ):
            yield f"agent {one.type[1]}: not the audit's source"
    for one in profile.entities:
        yield from (f"entity {fault}" for fault in _sliced(one, entities))
    known = {one.type for one in profile.entities}
    if profile.closed:
        yield from (f"entity {code[1]}: not in the slices" for code, _ in entities if code not in known)


def _sliced(one: Slice, found: list[tuple[Code, Json]]) -> Iterator[str]:
    mine = [element for code, element in found if code == one.type]
    name = one.type[1]
    if not one.least <= len(mine) <= (len(mine) if one.most is None else one.most):
        yield f"{name}: {len(mine)} of them"
    for element in mine:
        yield from (f"{name}: no {path}" for path in one.required if not _has(element, path))
        yield from (f"{name}: {path}" for path in one.forbidden if _has(element, path))
        if one.requestor is not None and element.get("requestor") is not one.requestor:
            yield f"{name}: requestor"
        if one.role is not None and _code(element.get("role", {})) != one.role:
            yield f"{name}: role"


def _has(element: Any, path: str) -> bool:
    for step in path.split("."):
        if not isinstance(element, dict) or step not in element:
            return False
        element = element[step]
    return True


def _code(coding: Json) -> Code:
    return coding.get("system", ""), coding.get("code", "")
