"""The head of a Consent: what rules it out or in before its provision is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from adapter.domain.errors import IdentityError
from adapter.domain.identity import (
    PERSONNUMMER,
    SAMORDNINGSNUMMER,
    PersonId,
    canonical_system,
    parse_person_id,
)
from adapter.domain.instants import interval_of, stockholm_date
from adapter.domain.records import AGREEMENT_EXTENSION, CANONICAL, CONSENT_CATEGORY
from adapter.gate.actors import Context, Target, read_target
from adapter.gate.facts import as_list
from adapter.gate.reading import REFERENCE, Node
from adapter.gate.references import identifier_of
from adapter.gate.request import Code
from adapter.gate.verdict import Reason
from adapter.gate.vocabulary import CONSENT_SCOPE

DECIDED_BY: Final = f"{CANONICAL}/StructureDefinition/consent-decided-by"
MATURITY_ASSESSED_BY: Final = f"{CANONICAL}/StructureDefinition/consent-maturity-assessed-by"
MATURITY_ASSESSED_ON: Final = f"{CANONICAL}/StructureDefinition/consent-maturity-assessed-on"

_STATUSES: Final = frozenset({"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"})
_SCOPES: Final = frozenset({"adr", "research", "patient-privacy", "treatment"})
Extensions = Mapping[str, list[Mapping[str, Any]]]


def extensions(node: Node) -> Extensions:
    """The root's extensions by URL."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for extension in node.children("extension") or ():
        found.setdefault(extension.text("url") or "", []).append(extension.value)
    return found


def read_meta(node: Node) -> tuple[str, datetime | None]:
    """The version id, empty if none, and the instant of the last update."""
    meta = node.child("meta")
    if meta is None:
        return "", None
    updated = meta.text("lastUpdated")
    try:
        return meta.text("versionId") or "", None if updated is None else interval_of(updated)[0]
    except ValueError:
        return "", None


def read_status(node: Node) -> str | None:
    """A status that R4 knows; None, noted, otherwise."""
    status = node.text("status")
    if status in _STATUSES:
        return status
    node.fault(Reason.CONSENT_UNREADABLE, "status")
    return None


def read_scope(node: Node) -> bool | None:
    """Whether the scope is ``patient-privacy``; None, noted, if it is no scope that R4 knows."""
    scope = node.child("scope")
    codes = {code for system, code in scope.concept() if system == CONSENT_SCOPE} if scope else set()
    if codes and codes <= _SCOPES:
        return "patient-privacy" in codes
    node.fault(Reason.CONSENT_UNREADABLE, "scope")
    return None


def read_categories(node: Node) -> frozenset[Code] | None:
    """Its categories; None, noted, if none of ours is among them and one cannot be read."""
    concepts = [child.concept() for child in node.children("category") or ()]
    codes = frozenset(code for concept in concepts for code in concept)
    is_ours = any(system == CONSENT_CATEGORY for system, _ in codes)
    if is_ours or (concepts and all(concepts) and all(map(all, codes))):
        return codes
    node.fault(Reason.CONSENT_UNREADABLE, "category")
    return None


def read_persons(node: Node, context: Context, at: datetime | None) -> frozenset[PersonId] | None:
    """Whom it is about; None, noted, if that cannot be read."""
    patient = node.child("patient")
    persons = None if patient is None else _persons_of(patient, context, at)
    if not persons:
        node.fault(Reason.CONSENT_UNREADABLE, "patient")
        return None
    return persons


def _persons_of(patient: Node, context: Context, at: datetime | None) -> frozenset[PersonId] | None:
    patient.check(REFERENCE)
    reference = patient.value.get("reference")
    identifiers: list[Any] = as_list(patient.value.get("identifier"))
    if not identifiers and isinstance(reference, str):
        resource = context.find(reference) or {}
        identifiers = as_list(resource.get("identifier")) if resource.get("resourceType") == "Patient" else []
    read = [person_identifier(identifier, at) for identifier in identifiers]
    return None if None in read else frozenset(person for person in read if person is not None)


def person_identifier(value: object, at: datetime | None = None) -> PersonId | None:
    """Read a person's Identifier; one of a system that we do not know is taken as it stands.

    None if it is malformed, or has ten digits and no ``at`` to tell the century by.
    """
    identifier = identifier_of(value)
    if identifier is None:
        return None
    system = canonical_system(identifier.system)
    if system is None:
        return PersonId(identifier.system, identifier.value)
    digits = sum(map(str.isdecimal, identifier.value))
    if at is None and system in (PERSONNUMMER, SAMORDNINGSNUMMER) and digits < 12:
        return None
    try:
        return parse_person_id(
            identifier.value, today=stockholm_date(at) if at else date.max, system=identifier.system
        )
    except IdentityError:
        return None


def read_agreement(node: Node, extensions: Extensions) -> str | None:
    """The agreement that it names; None if it names none, or, noted, not exactly one."""
    stated = extensions.get(AGREEMENT_EXTENSION)
    if stated is None:
        return None
    uri = stated[0].get("valueUri")
    if len(stated) == 1 and isinstance(uri, str) and uri:
        return uri
    node.fault(Reason.CONSENT_UNREADABLE, "extension")
    return None


def read_senders(node: Node, context: Context) -> tuple[Target, ...] | None:
    """Whose records it is about (``Consent.organization``); None if it names nobody."""
    children = node.children("organization")
    if children is None:
        return None
    return tuple(target for child in children if (target := read_target(child, context)) is not None)


def read_decided_by(extensions: Extensions) -> str | None:
    """Who decided: ``minor``, ``guardian`` or ``both``; None if it does not say."""
    stated = extensions.get(DECIDED_BY, [])
    value = stated[0].get("valueCode") if len(stated) == 1 else None
    return value if value in ("minor", "guardian", "both") else None


def maturity_is_assessed(extensions: Extensions) -> bool:
    """Whether it says by whom and on which day the maturity of a minor was assessed."""
    by, on = extensions.get(MATURITY_ASSESSED_BY, [{}]), extensions.get(MATURITY_ASSESSED_ON, [{}])
    assessor, day = by[0].get("valueString"), on[0].get("valueDate")
    try:
        return (
            isinstance(assessor, str)
            and bool(assessor.strip())
            and isinstance(day, str)
            and date.fromisoformat(day) is not None
        )
    except ValueError:
        return False
