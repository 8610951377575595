"""``Consent.provision``, compiled: who, what for and which action at once, the rest as conditions on each resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, get_args

from adapter.domain.instants import STOCKHOLM
from adapter.domain.records import RECORD_TYPE_SYSTEM, RecordType
from adapter.gate.actors import Context, Target, all_of, any_matches, any_of, read_target
from adapter.gate.conditions import Conditions, DataRule, Meaning
from adapter.gate.reading import REFERENCE, Node, Period
from adapter.gate.references import ref_of
from adapter.gate.request import AccessRequest, Code, Side
from adapter.gate.verdict import Reason
from adapter.gate.vocabulary import (
    ACT_CODE,
    ACT_REASON,
    ACTIONS,
    CONSENT_ACTION,
    PARTICIPATION_TYPE,
    RESOURCE_TYPES,
    vocabulary,
)

Effect = Literal["permit", "deny"]

_ELEMENTS: Final = frozenset(
    {
        "type",
        "period",
        "actor",
        "action",
        "securityLabel",
        "purpose",
        "class",
        "code",
        "dataPeriod",
        "data",
        "provision",
    }
)
_RECIPIENT: Final = (PARTICIPATION_TYPE, "IRCP")
_MEANINGS: Final[Mapping[str, Meaning]] = {meaning: meaning for meaning in get_args(Meaning)}
_RECORD_TYPES: Final = frozenset((RECORD_TYPE_SYSTEM, record.value) for record in RecordType)
_ETH: Final = (ACT_CODE, "ETH")
_ETHUD: Final = (ACT_CODE, "ETHUD")


@dataclass(frozen=True, slots=True)
class Provision:
    """One provision. What is None is no limit; entries of one element are alternatives. ``nested`` reverse its effect."""

    effect: Effect
    period: Period | None
    actors: tuple[Target, ...] | None
    actions: frozenset[Code] | None
    purposes: frozenset[Code] | None
    conditions: Conditions
    nested: tuple[Provision, ...] = ()

    def applies(self, request: AccessRequest) -> bool | None:
        """Whether it is about this request, purpose and root period left aside; None where that cannot be told."""
        return all_of(
            self.actions is None or (CONSENT_ACTION, request.action) in self.actions,
            self.actors is None or any_matches(self.actors, request.recipient),
        )

    def is_in_period(self, request: AccessRequest) -> bool:
        """Whether the instant lies in its period."""
        return self.period is None or self.period.contains(request.at)

    def has_purpose(self, purpose: str | None) -> bool | None:
        """Whether it is about a purpose: exact in a permit, with its kinds in a deny. None or unknown is no purpose."""
        kinds = None if purpose is None else vocabulary().kinds_of.get(purpose)
        if self.effect == "permit":
            exact = self.purposes is None or (ACT_REASON, purpose) in self.purposes
            return kinds is not None and exact
        if self.purposes is None:
            return True
        if kinds is None:
            return None
        return any((ACT_REASON, kind) in self.purposes for kind in (purpose, *kinds))

    def lifts_for(self, side: Side) -> bool | None:
        """Whether it names a unit or a person of that side for at most seven whole days: what lifts a block."""
        if self.actors is None or not self.is_a_week_at_most:
            return False
        return any_of(actor.names_within(side) for actor in self.actors)

    @property
    def is_a_week_at_most(self) -> bool:
        """Whether its period has both ends, at most seven whole Stockholm days apart."""
        if self.period is None or self.period.start is None or self.period.end is None:
            return False
        ends = (self.period.start, self.period.end)
        start, end = (instant.astimezone(STOCKHOLM).replace(tzinfo=None) for instant in ends)
        return end - start <= timedelta(days=7)


def read_root(node: Node, context: Context) -> Provision:
    """Read the root provision with its nested ones; a deny, noted, if its effect cannot be told."""
    effect = _read_effect(node)
    return _read(node, effect or "deny", context, nested=_read_nested(node, effect, context))


def _read_nested(node: Node, parent: Effect | None, context: Context) -> tuple[Provision, ...]:
    nested = []
    for child in node.children("provision") or ():
        effect = _read_effect(child)
        if effect is None or effect == parent or "provision" in child.value:
            child.fault(Reason.ELEMENT_NOT_EVALUATED)
        nested.append(_read(child, effect or "deny", context, nested=()))
    return tuple(nested)


def _read_effect(node: Node) -> Effect | None:
    match node.text("type"):
        case "permit":
            return "permit"
        case "deny":
            return "deny"
        case _:
            node.fault(Reason.ELEMENT_NOT_EVALUATED, "type")
            return None


def _read(node: Node, effect: Effect, context: Context, nested: tuple[Provision, ...]) -> Provision:
    node.check(_ELEMENTS)
    purposes = _read_codings(node, "purpose")
    actions = _read_concepts(node, "action")
    if effect == "deny":
        _refuse_unknown(node, "purpose", purposes, {(ACT_REASON, code) for code in vocabulary().kinds_of})
        _refuse_unknown(node, "action", actions, {(CONSENT_ACTION, code) for code in ACTIONS})
    return Provision(
        effect=effect,
        period=node.period("period"),
        actors=_read_actors(node, context),
        actions=actions,
        purposes=purposes,
        conditions=_read_conditions(node, effect),
        nested=nested,
    )


def _read_conditions(node: Node, effect: Effect) -> Conditions:
    classes = _read_codings(node, "class")
    codes = _read_concepts(node, "code")
    labels = _read_codings(node, "securityLabel")
    if effect == "deny":
        _refuse_unknown(
            node, "class", classes, {(RESOURCE_TYPES, code) for code in vocabulary().resource_types}
        )
        _refuse_unknown(node, "securityLabel", labels, vocabulary().labels)
        _refuse_unknown(node, "code", codes, _comparable(codes))
        labels = labels | {_ETHUD} if labels and _ETH in labels else labels
    else:
        codes, labels = _complete(codes), _complete(labels)
    period = node.period("dataPeriod")
    return Conditions(
        classes=None
        if classes is None
        else frozenset(code for system, code in classes if system == RESOURCE_TYPES),
        codes=codes,
        period=period,
        period_text="" if period is None else _period_text(node.value["dataPeriod"]),
        data=_read_data(node),
        labels=labels,
    )


def _complete(codes: frozenset[Code] | None) -> frozenset[Code] | None:
    """What a permit may match: a code without a system is no match in it."""
    return None if codes is None else frozenset(filter(all, codes))


def _comparable(codes: frozenset[Code] | None) -> frozenset[Code]:
    """Record types of ours, and complete codes of any other system: those are looked for in each resource."""
    return (
        frozenset(code for code in codes or () if all(code) and code[0] != RECORD_TYPE_SYSTEM) | _RECORD_TYPES
    )


def _read_codings(node: Node, name: str) -> frozenset[Code] | None:
    children = node.children(name)
    return None if children is None else frozenset(child.coding() for child in children)


def _read_concepts(node: Node, name: str) -> frozenset[Code] | None:
    children = node.children(name)
    if children is None:
        return None
    # A concept without a coding says something that no code tells: it stays as one that nothing equals.
    return frozenset(code for child in children for code in (child.concept() or {("", "")}))


def _refuse_unknown(
    node: Node, name: str, codes: frozenset[Code] | None, known: frozenset[Code] | set[Code]
) -> None:
    if codes is not None and not codes <= known:
        node.fault(Reason.ELEMENT_NOT_EVALUATED, name)


def _read_actors(node: Node, context: Context) -> tuple[Target, ...] | None:
    children = node.children("actor")
    if children is None:
        return None
    return tuple(target for child in children if (target := _read_actor(child, context)) is not None)


def _read_actor(node: Node, context: Context) -> Target | None:
    node.check(frozenset({"role", "reference"}))
    role, reference = node.child("role"), node.child("reference")
    if role is None or _RECIPIENT not in role.concept():
        node.fault(Reason.ELEMENT_NOT_EVALUATED, "role")
    if reference is None:
        node.fault(Reason.ACTOR_UNRESOLVED, "reference")
        return None
    return read_target(reference, context)


def _read_data(node: Node) -> tuple[DataRule, ...] | None:
    children = node.children("data")
    if children is None:
        return None
    return tuple(rule for child in children if (rule := _read_data_rule(child)) is not None)


def _read_data_rule(node: Node) -> DataRule | None:
    node.check(frozenset({"meaning", "reference"}))
    meaning, reference = _MEANINGS.get(node.text("meaning") or ""), node.child("reference")
    if reference is None or meaning is None:
        node.fault(Reason.ELEMENT_NOT_EVALUATED)
        return None
    reference.check(REFERENCE)
    ref = ref_of(reference.value)
    if ref.key is None and ref.identifier is None:
        node.fault(Reason.ELEMENT_NOT_EVALUATED, "reference")
        return None
    return DataRule(meaning, ref)


def _period_text(value: Mapping[str, object]) -> str:
    return f"{value.get('start') or ''}/{value.get('end') or ''}"
