"""Conditions of a provision that can be met only resource by resource.

A condition is True, False, or None where it cannot be told; what permits needs True, what denies reaches all but False.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Final, Literal

from adapter.domain.identity import PERSONNUMMER, RESERVNUMMER, SAMORDNINGSNUMMER
from adapter.domain.records import RECORD_TYPE_SYSTEM, RESOURCE_TYPES
from adapter.gate.actors import all_of, any_of
from adapter.gate.facts import Facts
from adapter.gate.reading import Period
from adapter.gate.references import Ref
from adapter.gate.request import Code

Pair = tuple[str, str | None]
"""A resource type with a record type that it can be."""
Meaning = Literal["instance", "related", "dependents", "authoredby"]
Records = Callable[[Ref], Facts | None]
"""Finds a resource among the records at hand by a reference."""

PERSONAL: Final = frozenset({PERSONNUMMER, SAMORDNINGSNUMMER, RESERVNUMMER})


@lru_cache(maxsize=256)
def asked_pairs(types: frozenset[str], record_types: frozenset[str]) -> frozenset[Pair]:
    """What is asked for, as pairs; both empty is everything. A type that carries no record type stands alone."""
    carried = {(kind, record.value) for record, kinds in RESOURCE_TYPES.items() for kind in kinds}
    pairs: set[Pair] = {
        pair
        for pair in carried
        if (not types or pair[0] in types) and (not record_types or pair[1] in record_types)
    }
    if not record_types:
        pairs |= set(product(types - {kind for kind, _ in carried}, [None]))
    return frozenset(pairs)


@lru_cache(maxsize=1024)
def _limited(
    pairs: frozenset[Pair], types: frozenset[str] | None, record_types: frozenset[str] | None
) -> frozenset[Pair]:
    """The pairs of these types and record types; None is no limit."""
    return frozenset(
        pair
        for pair in pairs
        if (types is None or pair[0] in types) and (record_types is None or pair[1] in record_types)
    )


@dataclass(frozen=True, slots=True)
class DataRule:
    """``provision.data``: resources by reference, as R4's consent-data-meaning says, one step."""

    meaning: Meaning
    ref: Ref

    def holds(self, facts: Facts, records: Records) -> bool | None:
        """Whether a resource is meant; ``related`` needs the instance itself, which may not be at hand."""
        if self.meaning == "authoredby":
            return any_of(_same(self.ref, author) for author in facts.authors) if facts.authors else None
        if self.meaning == "instance":
            return _is_instance(self.ref, facts)
        if self.meaning == "dependents":
            return any_of([_is_instance(self.ref, facts), self._is_referred_to_by(facts, records)])
        instance = records(self.ref)
        refers = None if instance is None else any(points_at(ref, facts) for ref in instance.references)
        return any_of([_is_instance(self.ref, facts), refers and (True if self.ref.is_exact else None)])

    def _is_referred_to_by(self, facts: Facts, records: Records) -> bool | None:
        instance = records(self.ref)
        if instance is None:
            return any_of(_same(self.ref, ref) for ref in facts.references)
        refers = any(points_at(ref, instance) for ref in facts.references)
        return refers and (True if self.ref.is_exact else None)

    def __str__(self) -> str:
        identifier = self.ref.identifier
        text = self.ref.key or (f"{identifier.system}|{identifier.value}" if identifier else "")
        return text if self.meaning == "instance" else f"{self.meaning} {text}"


@dataclass(frozen=True)
class Conditions:
    """One provision's conditions on a resource; None is no limit, entries of one condition are alternatives."""

    classes: frozenset[str] | None = None
    codes: frozenset[Code] | None = None
    period: Period | None = None
    period_text: str = ""
    data: tuple[DataRule, ...] | None = None
    labels: frozenset[Code] | None = None

    def pairs(self, asked: frozenset[Pair]) -> frozenset[Pair]:
        """The asked-for pairs that class and code let through; a foreign code may mean any of them, no label none."""
        if self.labels is not None and not self.labels:
            return frozenset()
        return _limited(asked, self.classes, self._record_types)

    @cached_property
    def is_decided_by_pairs(self) -> bool:
        """Whether nothing is left to be seen in the resource itself."""
        return self.period is None and self.data is None and self.labels is None and not self._foreign_codes

    def holds(self, facts: Facts, records: Records) -> bool | None:
        """Whether a resource meets every condition."""
        return all_of(
            self.classes is None or facts.type in self.classes,
            self.codes is None or self._holds_code(self.codes, facts),
            self.period is None or _is_within(self.period, facts),
            self.data is None or any_of(rule.holds(facts, records) for rule in self.data),
            self.labels is None or _is_labelled(self.labels, facts),
        )

    @cached_property
    def _foreign_codes(self) -> frozenset[Code]:
        return frozenset(code for code in self.codes or () if code[0] != RECORD_TYPE_SYSTEM)

    @cached_property
    def _record_types(self) -> frozenset[str] | None:
        """The record types that it is limited to; None if a foreign code may mean any of them."""
        return (
            None if self.codes is None or self._foreign_codes else frozenset(code for _, code in self.codes)
        )

    def _holds_code(self, codes: frozenset[Code], facts: Facts) -> bool | None:
        if (RECORD_TYPE_SYSTEM, facts.record_type) in codes or not codes.isdisjoint(facts.codes):
            return True
        possible = {
            (RECORD_TYPE_SYSTEM, record.value)
            for record, kinds in RESOURCE_TYPES.items()
            if facts.type in kinds
        }
        if facts.record_type is None and not possible.isdisjoint(codes):
            return None
        return False if self._foreign_codes.isdisjoint(facts.codes_anywhere) else None


def _is_within(period: Period, facts: Facts) -> bool | None:
    if facts.interval is None:
        return None
    if period.encloses(facts.interval):
        return True
    return None if period.overlaps(facts.interval) else False


def _is_labelled(labels: frozenset[Code], facts: Facts) -> bool | None:
    if not labels.isdisjoint(facts.labels):
        return True
    return False if labels.isdisjoint(facts.stated_labels) else None


def _is_instance(ref: Ref, facts: Facts) -> bool | None:
    if ref.key in facts.keys or ref.identifier in facts.identifiers:
        return True if ref.is_exact else None
    if ref.type is not None and ref.type != facts.type:
        return False
    if ref.key is not None and facts.key is not None:
        return False
    return False if ref.identifier and _systems(facts) >= {ref.identifier.system} else None


def _systems(facts: Facts) -> set[str]:
    return {identifier.system for identifier in facts.identifiers}


def points_at(ref: Ref, facts: Facts) -> bool:
    """Whether a reference in a record points at a resource, by whatever means."""
    return ref.key in facts.keys or ref.identifier in facts.identifiers


def _same(one: Ref, other: Ref) -> bool | None:
    """Whether two references mean the same; a person's number never means a record."""
    if one.key is not None and one.key == other.key:
        return True if one.is_exact and other.is_exact else None
    if one.identifier is not None and one.identifier == other.identifier:
        return True
    if one.type and other.type and one.type != other.type:
        return False
    if other.key is None and other.identifier is not None and other.identifier.system in PERSONAL:
        return False
    if one.key is not None and other.key is not None:
        return False
    both = one.identifier is not None and other.identifier is not None
    return False if both and one.identifier.system == other.identifier.system else None  # type: ignore[union-attr]
