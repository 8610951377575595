"""Obligations: a decision's conditions on single resources, told in words. The filter applies the grant itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from adapter.domain.records import RECORD_TYPE_SYSTEM
from adapter.gate.conditions import Conditions, Pair
from adapter.gate.grant import Grant

Kind = Literal["types", "codes", "dataPeriod", "data", "labels"]
Effect = Literal["only", "except"]


@dataclass(frozen=True, slots=True)
class Obligation:
    """``only``: release nothing but what meets it; ``except``: release nothing that does. ``values`` are alternatives."""

    kind: Kind
    effect: Effect
    values: tuple[str, ...]


def obligations_of(scope: Sequence[Grant]) -> tuple[Obligation, ...]:
    """What is left when each grant alone may release: the obligations of a kind and effect that every one has."""
    tables = [_told(grant) for grant in scope]
    common = frozenset.intersection(*map(frozenset, tables)) if tables else frozenset()
    told = []
    for kind, effect in sorted(common, key=lambda item: (item[1] == "except", item[0])):
        values = [table[kind, effect] for table in tables]
        left = frozenset.union(*values) if effect == "only" else frozenset.intersection(*values)
        told.extend([Obligation(kind, effect, tuple(sorted(left)))] if left else [])
    return tuple(told)


def _told(grant: Grant) -> Mapping[tuple[Kind, Effect], frozenset[str]]:
    """The grant's conditions that do not already hold for everything asked."""
    table: dict[tuple[Kind, Effect], frozenset[str]] = {}
    limits = [_merged(permit.conditions, grant.asked) for permits in grant.permits for permit in permits]
    for kind in _common(limits):
        table[kind, "only"] = frozenset[str]().union(*(limit[kind] for limit in limits))
    for denial in grant.denials:
        # A nested deny is told by its own conditions, its parent's only where it has none.
        for kind, values in (_named(denial.conditions[-1]) or _named(denial.conditions[0])).items():
            table[kind, "except"] = table.get((kind, "except"), frozenset()) | values
    return table


def _merged(conditions: Iterable[Conditions], asked: frozenset[Pair]) -> Mapping[Kind, frozenset[str]]:
    merged: dict[Kind, frozenset[str]] = {}
    for each in conditions:
        merged |= _limits(each, asked)
    return merged


def _common(limits: Sequence[Mapping[Kind, frozenset[str]]]) -> frozenset[Kind]:
    """The kinds by which every alternative is limited."""
    return frozenset.intersection(*map(frozenset, limits))


def _limits(conditions: Conditions, asked: frozenset[Pair]) -> dict[Kind, frozenset[str]]:
    """What is named, less the classes and codes that let everything asked for through, and the values not asked for."""
    named = _named(conditions)
    types, records = {kind for kind, _ in asked}, {record for _, record in asked}
    if "types" in named and types <= named["types"]:
        del named["types"]
    if "codes" in named and records <= named["codes"]:
        del named["codes"]
    if "types" in named:
        named["types"] &= types
    return named


def _named(conditions: Conditions) -> dict[Kind, frozenset[str]]:
    named: dict[Kind, frozenset[str]] = {}
    if conditions.classes is not None:
        named["types"] = conditions.classes
    if conditions.codes is not None:
        named["codes"] = frozenset(
            code if system == RECORD_TYPE_SYSTEM else f"{system}|{code}" for system, code in conditions.codes
        )
    if conditions.period is not None:
        named["dataPeriod"] = frozenset({conditions.period_text})
    if conditions.data is not None:
        named["data"] = frozenset(map(str, conditions.data))
    if conditions.labels is not None:
        named["labels"] = frozenset(code for _, code in conditions.labels)
    return named
