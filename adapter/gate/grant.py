"""What Consents let through and take away of what was asked, and the grant that says so of each resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from adapter.gate.conditions import Conditions, Pair, Records
from adapter.gate.facts import Facts


class Permit(NamedTuple):
    """What one permitting provision lets through: its own conditions and its parent's.

    ``reach`` are the asked-for pairs of which something may pass.
    """

    consent: tuple[str, str]
    conditions: tuple[Conditions, ...]
    reach: frozenset[Pair]

    @classmethod
    def of(cls, consent: tuple[str, str], conditions: tuple[Conditions, ...], asked: frozenset[Pair]) -> Self:
        """The permit of a Consent (id, version) for what was asked."""
        return cls(consent, conditions, _reach(conditions, asked))

    def covers(self, facts: Facts, records: Records) -> bool:
        """Whether a resource surely meets every condition."""
        return all(conditions.holds(facts, records) is True for conditions in self.conditions)


class Denial(NamedTuple):
    """What one denying provision takes away, less its exceptions.

    ``reach`` are the asked-for pairs of which something may be taken away, ``taken`` those that go wholly.
    """

    consent: tuple[str, str]
    conditions: tuple[Conditions, ...]
    exceptions: tuple[Conditions, ...]
    reach: frozenset[Pair]
    taken: frozenset[Pair]

    @classmethod
    def of(
        cls,
        consent: tuple[str, str],
        conditions: tuple[Conditions, ...],
        asked: frozenset[Pair],
        exceptions: tuple[Conditions, ...] = (),
    ) -> Self:
        """The denial of a Consent (id, version) for what was asked."""
        touched = _reach(conditions, asked)
        surely = [item.pairs(touched) for item in exceptions if item.is_decided_by_pairs]
        perhaps = [item.pairs(touched) for item in exceptions]
        wholly = all(item.is_decided_by_pairs for item in conditions)
        taken = touched.difference(*perhaps) if wholly else frozenset[Pair]()
        return cls(consent, conditions, exceptions, touched.difference(*surely), taken)

    def covers(self, facts: Facts, records: Records) -> bool:
        """Whether a resource may meet every condition, and surely no exception."""
        if any(exception.holds(facts, records) is True for exception in self.exceptions):
            return False
        return all(conditions.holds(facts, records) is not False for conditions in self.conditions)


class Grant(NamedTuple):
    """What one agreement's Consents release, resource by resource.

    ``permits`` holds for each stated purpose its alternatives. ``plans`` are the grants of the ``sip-plan`` Consents, without which no
    plan in force is released. ``by_type``: record types were not asked for, so that a resource of none
    can pass.
    """

    asked: frozenset[Pair]
    by_type: bool
    permits: tuple[tuple[Permit, ...], ...]
    denials: tuple[Denial, ...]
    plans: tuple[Grant, ...] = ()

    def with_plans(self, plans: tuple[Grant, ...]) -> Grant:
        """The same with the grants of the ``sip-plan`` Consents."""
        return Grant(self.asked, self.by_type, self.permits, self.denials, plans)

    def releases(self, facts: Facts, records: Records) -> bool:
        """Whether a resource was asked for and every purpose is permitted for it, and nothing denies it."""
        return (
            self.asks_for(facts)
            and bool(self.permits)
            and all(any(permit.covers(facts, records) for permit in permits) for permits in self.permits)
            and not any(denial.covers(facts, records) for denial in self.denials)
        )

    def lacks_sip_consent(self, facts: Facts, records: Records) -> bool:
        """Whether it is a plan that needs a ``sip-plan`` Consent (all but a draft or revoked one) and has none."""
        if facts.type != "CarePlan" or facts.resource.get("status") in ("draft", "revoked"):
            return False
        return not any(grant.releases(facts, records) for grant in self.plans)

    def asks_for(self, facts: Facts) -> bool:
        """Whether it is among what was asked for."""
        if facts.record_type is not None:
            return (facts.type, facts.record_type.value) in self.asked
        return self.by_type and any(kind == facts.type for kind, _ in self.asked)


def find_among(records: Iterable[Facts]) -> Records:
    """A finder of resources by literal reference or business identifier."""
    by_key: Mapping[object, Facts] = {
        key: facts for facts in records for key in (*facts.keys, *facts.identifiers)
    }
    return lambda ref: by_key.get(ref.key) or by_key.get(ref.identifier)


def _reach(conditions: Iterable[Conditions], asked: frozenset[Pair]) -> frozenset[Pair]:
    for each in conditions:
        asked = each.pairs(asked)
    return asked
