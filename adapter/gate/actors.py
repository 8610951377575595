"""Whom a reference in a Consent names, and whether one side of a request is that one.

A reference resolves by its identifier, a contained resource, or a fullUrl in the same Bundle; otherwise ``actor-unresolved``. A
match is True, False, or None where it cannot be told: a permit takes None for no, a deny for doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adapter.domain.errors import IdentityError
from adapter.domain.identity import ORGANISATIONSNUMMER, Identifier, canonical_system, parse_organization_id
from adapter.gate.reading import REFERENCE, Node
from adapter.gate.request import Code, Side
from adapter.gate.verdict import Reason

_RELATIVES: Final = frozenset({"Patient", "RelatedPerson"})
_ROLE: Final = frozenset(
    {
        "resourceType",
        "meta",
        "language",
        "text",
        "identifier",
        "active",
        "practitioner",
        "organization",
        "code",
        "telecom",
    }
)
_IDENTIFIER: Final = frozenset({"use", "type", "system", "value", "period", "assigner"})


@dataclass(frozen=True, slots=True)
class Context:
    """Where references of a Consent resolve: its contained resources, and the Bundle that it came in by fullUrl."""

    contained: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    bundle: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    base: str = ""

    def find(self, reference: str) -> Mapping[str, Any] | None:
        """The resource that a literal reference points to, or None."""
        if reference.startswith("#"):
            return self.contained.get(reference[1:])
        found = self.bundle.get(reference)
        return self.bundle.get(self.base + reference) if found is None and self.base else found


@dataclass(frozen=True, slots=True)
class Target:
    """Who is named. What is None is no limit; ``anyone`` are identifiers that do not say of what kind of thing they are."""

    anyone: frozenset[Identifier] | None = None
    organization: frozenset[Identifier] | None = None
    practitioner: frozenset[Identifier] | None = None
    roles: frozenset[Code] | None = None
    is_relative: bool = False

    def matches(self, side: Side) -> bool | None:
        """Whether that side is the one named."""
        if self.is_relative:
            return False
        return all_of(
            self.anyone is None or _is_anyone(self.anyone, side),
            self.organization is None or _is_organization(self.organization, side),
            self.practitioner is None or _is_practitioner(self.practitioner, side),
            self.roles is None or _has_role(self.roles, side),
        )

    def names_within(self, side: Side) -> bool | None:
        """Whether a unit or a person of that side is named, and not merely its organisation."""
        places = (self.anyone or frozenset()) | (self.organization or frozenset())
        if self.practitioner is None and (not places or not places.isdisjoint(side.organizations)):
            return False
        return self.matches(side)


def all_of(*claims: bool | None) -> bool | None:
    """Kleene's and: False beats what cannot be told, which beats True."""
    return False if False in claims else None if None in claims else True


def any_of(claims: Iterable[bool | None]) -> bool | None:
    """Kleene's or: True beats what cannot be told, which beats False."""
    unsure = False
    for claim in claims:
        if claim:
            return True
        unsure = unsure or claim is None
    return None if unsure else False


def any_matches(targets: Iterable[Target], side: Side) -> bool | None:
    """Whether that side is one of those named."""
    return any_of([target.matches(side) for target in targets])


def read_target(node: Node, context: Context) -> Target | None:
    """Read a Reference to an actor or organisation; None, noted, if it does not resolve."""
    resource = _resource(node, context)
    if resource is not None and resource.value.get("resourceType") == "PractitionerRole":
        return _read_role(resource, context)
    return _read_plain(node, resource)


def _resource(node: Node, context: Context) -> Node | None:
    """The resource that a literal reference points to; None if it has an identifier instead, or points nowhere."""
    node.check(REFERENCE)
    reference = None if "identifier" in node.value else node.text("reference")
    resource = None if reference is None else context.find(reference)
    if resource is None:
        return None
    if resource.get("modifierExtension"):
        node.fault(Reason.ELEMENT_NOT_EVALUATED)
    return Node(resource, node.path, node.faults)


def _read_plain(node: Node, resource: Node | None) -> Target | None:
    if resource is not None:
        return _target_of(
            resource.text("resourceType"), _read_identifiers(resource.children("identifier") or ()), node
        )
    identifier = node.child("identifier")
    return _target_of(node.text("type"), _read_identifiers([identifier] if identifier else []), node)


def _target_of(kind: str | None, identifiers: frozenset[Identifier], node: Node) -> Target | None:
    if kind in _RELATIVES:
        return Target(is_relative=True)
    if identifiers and kind is None:
        return Target(anyone=identifiers)
    if identifiers and kind == "Organization":
        return Target(organization=identifiers)
    if identifiers and kind == "Practitioner":
        return Target(practitioner=identifiers)
    node.fault(Reason.ACTOR_UNRESOLVED)
    return None


def _read_role(role: Node, context: Context) -> Target | None:
    role.check(_ROLE | {"id"})
    if role.value.get("active") is False:
        role.fault(Reason.ACTOR_UNRESOLVED)
    organization = _read_part(role, "organization", context)
    practitioner = _read_part(role, "practitioner", context)
    concepts = role.children("code")
    roles = (
        None if concepts is None else frozenset(code for concept in concepts for code in concept.concept())
    )
    if organization is None and practitioner is None and roles is None:
        role.fault(Reason.ACTOR_UNRESOLVED)
        return None
    return Target(organization=organization, practitioner=practitioner, roles=roles)


def _read_part(role: Node, name: str, context: Context) -> frozenset[Identifier] | None:
    node = role.child(name)
    # A role inside a role would go on for ever where two point at each other: it stays unresolved.
    target = None if node is None else _read_plain(node, _resource(node, context))
    if target is None:
        return None
    found = target.anyone or (target.organization if name == "organization" else target.practitioner)
    if not found:
        role.fault(Reason.ACTOR_UNRESOLVED, name)
    return found


def _read_identifiers(nodes: Iterable[Node]) -> frozenset[Identifier]:
    read = set()
    for node in nodes:
        node.check(_IDENTIFIER)
        system, value = node.text("system"), node.text("value")
        if system is not None and value is not None:
            read.add(organization_identifier(system, value))
    return frozenset(read)


def organization_identifier(system: str, value: str) -> Identifier:
    """The identifier under its canonical system; an organisationsnummer or HSA-id in its canonical form."""
    try:
        return parse_organization_id(value, system=system)
    except IdentityError:
        return Identifier(canonical_system(system) or system, value)


def _is_anyone(named: frozenset[Identifier], side: Side) -> bool | None:
    return side.practitioner in named or _is_organization(named, side)


def _is_organization(named: frozenset[Identifier], side: Side) -> bool | None:
    if side.unit in named or not side.organizations.isdisjoint(named):
        return True
    # Only identifiers of one system can be told apart; an organisationsnummer never names a unit.
    of_unit = {ORGANISATIONSNUMMER} if side.unit is None else {ORGANISATIONSNUMMER, side.unit.system}
    comparable = of_unit.intersection([identifier.system for identifier in side.organizations])
    return False if comparable.issuperset([identifier.system for identifier in named]) else None


def _is_practitioner(named: frozenset[Identifier], side: Side) -> bool | None:
    if side.practitioner is None:
        return None
    if side.practitioner in named:
        return True
    return False if all(identifier.system == side.practitioner.system for identifier in named) else None


def _has_role(named: frozenset[Code], side: Side) -> bool | None:
    if not side.roles.isdisjoint(named):
        return True
    stated = {system for system, _ in side.roles}
    return False if all(system in stated for system, _ in named) else None
