"""Liftings: the party that blocked opens its block for a time, for a named unit or person, and says why (PDL 4:4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement, Party
from adapter.domain.errors import Issue
from adapter.domain.identity import ORGANISATIONSNUMMER, Identifier
from adapter.domain.records import CANONICAL
from adapter.exchange import audit_events, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.follow_up import FollowUpList
from adapter.exchange.standing import StandingConsent
from adapter.exchange.trail import Trail
from adapter.gate.actors import Target
from adapter.gate.consent import compile_consent
from adapter.gate.facts import as_list
from adapter.gate.provision import Provision
from adapter.store.follow_up import FollowUpKind

REASON: Final = f"{CANONICAL}/StructureDefinition/lifting-reason"
LIFTED: Final = "block-lifted"
_LONGEST_REASON: Final = 4000


class Lifting(NamedTuple):
    """A nested permit of a block: its place, what it says, and what that means."""

    place: int
    resource: Mapping[str, Any]
    terms: Provision

    @property
    def why(self) -> str | None:
        """The reason, if one is stated soundly."""
        found = [item for item in as_list(self.resource.get("extension")) if isinstance(item, Mapping)]
        stated = [item for item in found if item.get("url") == REASON]
        text = stated[0].get("valueString") if len(stated) == 1 else None
        sound = isinstance(text, str) and text.strip() and len(text) <= _LONGEST_REASON
        return text if sound else None


@dataclass(frozen=True, slots=True)
class Liftings:
    """Judges what is new in a block that is filed, and writes it down. ``agreements`` tell organisations from units."""

    agreements: Sequence[Agreement]
    audit: Trail
    follow_up: FollowUpList

    def faults(
        self, resource: Mapping[str, Any], current: StandingConsent | None, now: datetime
    ) -> Iterator[Issue]:
        """What the gate cannot know of a lifting: path and code of every rule that it breaks.

        ``current`` is the version that the filing party's own block has now: nobody lifts another's, nor one that does not stand.
        """
        stands = current is not None and current.compiled.is_block and current.row.status == "active"
        for lifting in new_liftings(resource, current, now):
            path = f"Consent.provision.provision[{lifting.place}]"
            if not stands:
                yield Issue(path, "no-such-block")
            if not all(map(self._is_unit_or_person, lifting.terms.actors or ())):
                yield Issue(f"{path}.actor", "unit-or-person-required")
            if lifting.why is None:
                yield Issue(f"{path}.extension", "reason-required")
            if _is_over(lifting.terms, now):
                yield Issue(f"{path}.period.end", "period-ended")

    def note(
        self,
        connection: Connection,
        lifted: Sequence[Lifting],
        filed: StandingConsent,
        agreement: Agreement,
        party: Party,
        cause: str,
    ) -> None:
        """Write the new liftings of a filed version down, in its transaction; ``cause`` is the id of what filed it."""
        row = filed.row
        reference = f"Consent/{row.id}/_history/{row.version}"
        for lifting in lifted:
            units, persons = _recipients(lifting.terms)
            act = audit_events.Act(row.filed_at, row.person_key, cause)
            event = audit_events.lifting(act, party.identifiers[0], reference, [*units, *persons])
            self.audit.append(connection, [trail.row(AuditKind.LIFTING, act.person_key, act.at, event)])
            self.follow_up.add(
                connection,
                FollowUpKind.LIFTING,
                row.filed_at,
                agreement=agreement.id,
                party=party.id,
                person_key=row.person_key,
                reference=reference,
                recipients=tuple(unit.value for unit in units),
                codes=(),
                ends_at=lifting.terms.period.end if lifting.terms.period else None,
                official=" ".join(person.value for person in persons) or None,
                why=lifting.why,
            )

    def _is_unit_or_person(self, target: Target) -> bool:
        """Whether a recipient is a unit or a person, and not a whole organisation or everyone of a role."""
        if target.practitioner is not None:
            return True
        places = (target.anyone or frozenset()) | (target.organization or frozenset())
        return bool(places) and not any(map(self._is_organisation, places))

    def _is_organisation(self, identifier: Identifier) -> bool:
        return identifier.system == ORGANISATIONSNUMMER or any(
            identifier in party.identifiers for agreement in self.agreements for party in agreement.parties
        )


def new_liftings(
    resource: Mapping[str, Any], current: StandingConsent | None, now: datetime
) -> Sequence[Lifting]:
    """The liftings of a block that its current version does not have; none for what is no block, or cannot be evaluated."""
    compiled = compile_consent(resource, at=now)
    if not compiled.is_block or compiled.root is None or compiled.faults:
        return ()
    known = _nested(current.resource or {}) if current is not None else ()
    pairs = zip(_nested(resource), compiled.root.nested, strict=True)
    return [Lifting(place, raw, terms) for place, (raw, terms) in enumerate(pairs) if raw not in known]


def _nested(resource: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    nested: Sequence[Mapping[str, Any]] = resource.get("provision", {}).get("provision", ())
    return nested


def _is_over(terms: Provision, now: datetime) -> bool:
    return terms.period is not None and terms.period.end is not None and terms.period.end <= now


def _recipients(terms: Provision) -> tuple[list[Identifier], list[Identifier]]:
    """The units and the persons that a lifting names."""
    units, persons = set[Identifier](), set[Identifier]()
    for target in terms.actors or ():
        units |= (target.anyone or frozenset()) | (target.organization or frozenset())
        persons |= target.practitioner or frozenset()
    return sorted(units, key=_value), sorted(persons, key=_value)


def _value(identifier: Identifier) -> str:
    return identifier.value
