"""The release filter: of the resources at hand, what a permit lets through, and of each no more than the rules name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, Self

from adapter.domain.errors import SambroError
from adapter.domain.identity import Identifier, PersonId, canonical_system
from adapter.domain.records import RecordType
from adapter.gate.conditions import PERSONAL, Records
from adapter.gate.decision import Decision
from adapter.gate.facts import Facts
from adapter.gate.grant import Grant, find_among
from adapter.gate.labels import labelled, protection_of
from adapter.gate.pruning import NotReleasable, Pruner, without_references
from adapter.gate.references import Ref, ref_of
from adapter.gate.rules import ReleaseRules, Shape
from adapter.gate.verdict import Reason, Verdict

Protected = Literal["withhold", "release"]
Subjects = Literal["known", "trusted"]
_ALERTS: Final = frozenset(
    {
        "modifier-extension",
        "element-undefined",
        "other-person",
        "subject-unknown",
        Reason.PROTECTED_IDENTITY.value,
    }
)
_SUBJECTS: Final = ("subject", "patient", "for")


class ReleaseRefused(SambroError):
    """Nothing is released. ``code`` says why, for log and audit; never to be shown to the requester."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Withheld:
    """A resource that does not pass, and why: a Reason's code, or the alert."""

    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class Filtered:
    """What passes, built anew; what does not; and the codes that a human should see."""

    resources: tuple[dict[str, Any], ...]
    withheld: tuple[Withheld, ...]
    alerts: tuple[str, ...]


def filter_resources(
    resources: Sequence[Mapping[str, Any]],
    decision: Decision,
    *,
    persons: frozenset[PersonId],
    protection: frozenset[str],
    protected: Protected,
    rules: ReleaseRules,
    subjects: Subjects = "known",
) -> Filtered:
    """Apply a decision to the resources of one person.

    ``protection`` are the protected-identity codes that the registry knows; ``protected`` what the agreement's flow does with records
    that say something in free text or name a unit. ``subjects``: whether a record must say that it is this person's (``known``), or only
    must not say that it is somebody else's (``trusted``: whoever gathered them answers for the rest). Raises ReleaseRefused if the decision is no permit or anything at all goes wrong.
    """
    if decision.verdict is not Verdict.PERMIT:
        raise ReleaseRefused(decision.reason.value)
    try:
        stated = [Facts(resource) for resource in resources]
        carried = protection.union(*map(protection_of, stated))
        facts = [labelled(item, carried) for item in stated]
        return _Filter(decision.scope, facts, persons, carried, protected, rules, subjects).run()
    except Exception as error:  # half a filter is none: the whole answer is refused
        raise ReleaseRefused("filter-failed") from error


@dataclass(frozen=True, slots=True)
class _Passed:
    """A resource that passes so far: as it came, the rule for it, and what that leaves of it."""

    facts: Facts
    shape: Shape
    pruned: dict[str, Any]


@dataclass(slots=True)
class _Filter:
    scope: tuple[Grant, ...]
    facts: Sequence[Facts]
    persons: frozenset[PersonId]
    protection: frozenset[str]
    protected: Protected
    rules: ReleaseRules
    subjects: Subjects
    records: Records = field(init=False)
    person_systems: frozenset[str] = field(init=False)
    withheld: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.records = find_among(self.facts)
        self.person_systems = PERSONAL.union(person.system for person in self.persons)

    def run(self) -> Filtered:
        passed = [item for facts in self.facts if (item := self._passed(facts)) is not None]
        self._withhold_parts_of_plans()
        released = [item for item in passed if id(item.facts) not in self.withheld]
        kept_back = [facts for facts in self.facts if id(facts) in self.withheld]
        keep = _References(self.scope, [item.facts for item in released], kept_back, self.records).keep
        withheld = tuple(Withheld(_name(facts), self.withheld[id(facts)]) for facts in kept_back)
        return Filtered(
            resources=tuple(without_references(item.pruned, item.shape, keep) for item in released),
            withheld=withheld,
            alerts=tuple(sorted({item.code for item in withheld} & _ALERTS)),
        )

    def _passed(self, facts: Facts) -> _Passed | None:
        """What passes of one resource, its references not yet looked at; None, with its code noted, if it is withheld."""
        try:
            shape = self._shape(facts)
            return _Passed(facts, shape, self._pruned(facts, shape))
        except NotReleasable as refusal:
            self.withheld[id(facts)] = refusal.code
            return None

    def _pruned(self, facts: Facts, shape: Shape) -> dict[str, Any]:
        self._require_own(facts)
        pruner = Pruner()
        pruned = pruner.prune(facts.resource, shape)
        if facts.type == "Patient":
            return self._protect(pruned) if self.protection else pruned
        if self.protection and self.protected == "withhold" and pruner.reveals:
            raise NotReleasable(Reason.PROTECTED_IDENTITY)
        return pruned

    def _shape(self, facts: Facts) -> Shape:
        """The rule for a resource that the grants release; a Patient that they do not passes in the minimal form."""
        releasing = [grant for grant in self.scope if grant.releases(facts, self.records)]
        if not releasing and facts.type in self.rules.minimal:
            return self.rules.minimal[facts.type]
        if not releasing or facts.type not in self.rules.resources:
            raise NotReleasable(Reason.NO_MATCH)
        if all(grant.lacks_sip_consent(facts, self.records) for grant in releasing):
            raise NotReleasable(Reason.SIP_CONSENT_MISSING)
        return self.rules.resources[facts.type]

    def _protect(self, patient: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in patient.items() if name not in self.rules.protected_without}
        return kept | {"name": [{"text": self.rules.protected_name}]} if "name" in kept else kept

    def _require_own(self, facts: Facts) -> None:
        """Hold a resource to what it says of whom it is about; in doubt it is not this person's."""
        stated = facts.identifiers if facts.type == "Patient" else self._subjects(facts)
        persons = [PersonId(canonical_system(item.system) or item.system, item.value) for item in stated]
        named = [person for person in persons if person.system in self.person_systems]
        if named and self.persons.isdisjoint(named):
            raise NotReleasable("other-person")
        if not named and self.subjects == "known":
            raise NotReleasable("subject-unknown")

    def _subjects(self, facts: Facts) -> frozenset[Identifier]:
        subjects = [facts.resource.get(name) for name in _SUBJECTS]
        refs = [ref_of(subject) for subject in subjects if isinstance(subject, Mapping)]
        found = [patient.identifiers for ref in refs if (patient := self.records(ref)) is not None]
        return frozenset([ref.identifier for ref in refs if ref.identifier is not None]).union(*found)

    def _withhold_parts_of_plans(self) -> None:
        """A plan that lacks its consent keeps back the goals, team and tasks that belong to it and to no plan that passes.

        So does one that is not released anyway: a Consent to its parts alone is none to the plan.
        """
        plans = [facts for facts in self.facts if facts.type == "CarePlan"]
        kept_back = [plan for plan in plans if id(plan) in self.withheld]
        if not kept_back:
            return
        passing = _Links.of(plan for plan in plans if id(plan) not in self.withheld)
        # By the places in the scope of the grants that release a part: many parts share few of them.
        lacking: dict[tuple[int, ...], _Links] = {}
        for facts in self.facts:
            if (
                facts.type == "CarePlan"
                or facts.record_type is not RecordType.SIP
                or id(facts) in self.withheld
            ):
                continue
            releasing = tuple(n for n, one in enumerate(self.scope) if one.releases(facts, self.records))
            if releasing not in lacking:
                lacking[releasing] = _Links.of(self._lacking(kept_back, releasing))
            links = _Links.of([facts])
            if lacking[releasing].join(links) and not passing.join(links):
                self.withheld[id(facts)] = Reason.SIP_CONSENT_MISSING.value

    def _lacking(self, plans: Iterable[Facts], places: Iterable[int]) -> Iterator[Facts]:
        """The plans that lack their consent in every one of the grants at these places that was asked for plans."""
        grants = [self.scope[place] for place in places]
        for plan in plans:
            said = [one.lacks_sip_consent(plan, self.records) for one in grants if one.asks_for(plan)]
            if said and all(said):
                yield plan


class _Links(NamedTuple):
    """By what some resources are known, and what they refer to: literal references and business identifiers."""

    known_by: frozenset[object]
    refer_to: frozenset[object]

    @classmethod
    def of(cls, several: Iterable[Facts]) -> Self:
        """The links of these resources."""
        known_by, refer_to = set[object](), set[object]()
        for facts in several:
            known_by.update(facts.keys, facts.identifiers)
            refer_to.update(part for ref in facts.references for part in (ref.key, ref.identifier))
        return cls(frozenset(known_by), frozenset(refer_to))

    def join(self, other: _Links) -> bool:
        """Whether one of these refers to one of those, or the other way."""
        return not (self.known_by.isdisjoint(other.refer_to) and self.refer_to.isdisjoint(other.known_by))


class _References:
    """What may be left of a reference: none to what is withheld, and none to what is not at hand unless it would pass unseen."""

    def __init__(
        self,
        scope: tuple[Grant, ...],
        released: Sequence[Facts],
        withheld: Sequence[Facts],
        records: Records,
    ) -> None:
        self._scope = scope
        self._records = records
        self._released = frozenset[str]().union(*[facts.keys for facts in released])
        self._withheld = frozenset[str | None]().union(*[facts.keys for facts in withheld])
        # The person's own number is known to whoever asks.
        others = [facts.identifiers for facts in withheld if facts.type != "Patient"]
        self._hidden = frozenset[Identifier | None]().union(*others)

    def keep(self, reference: dict[str, Any]) -> dict[str, Any] | None:
        """The reference as far as it may pass."""
        ref = ref_of(reference)
        if ref.type == "RelatedPerson":
            return {"type": ref.type}
        if ref.key in self._withheld or ref.identifier in self._hidden:
            return None
        if "reference" not in reference or ref.key in self._released or self._would_pass(ref):
            return reference
        rest = {name: value for name, value in reference.items() if name != "reference"}
        return rest if "identifier" in rest or "display" in rest else None

    def _would_pass(self, ref: Ref) -> bool:
        """Whether a resource of which no more is known than type and id would be released all the same."""
        if ref.key is None or ref.type is None or not ref.is_exact:
            return False
        unseen = Facts({"resourceType": ref.type, "id": ref.key.partition("/")[2]})
        return any(grant.releases(unseen, self._records) for grant in self._scope)


def _name(facts: Facts) -> str:
    return facts.key or f"{facts.type}/"
