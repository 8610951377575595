"""Residual rules of a token (``ihe_pcf``; IHE PCF, update to ITI-71, 3.71.4.2.2.1.4): they take away of a decision, and never add.

What a ``forbid`` rule may mean is not released, unless a ``permit`` rule surely means it. The elements of a rule are ANDed and their
repetitions ORed, as in the Consent's provision that they come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import orjson

from adapter.domain.errors import Issue
from adapter.domain.identity import PersonId, canonical_system
from adapter.gate.actors import Context
from adapter.gate.conditions import Conditions, Pair
from adapter.gate.decision import Decision
from adapter.gate.facts import Facts
from adapter.gate.grant import Denial, Grant
from adapter.gate.provision import read_root
from adapter.gate.reading import Node, is_bounded
from adapter.gate.references import identifier_of
from adapter.gate.verdict import Reason, Verdict

_MEMBERS: Final = frozenset({"patient_id", "doc_id", "acp", "residual"})
_RULE: Final = frozenset({"type", "securityLabel", "dataPeriod", "data"})
_EFFECTS: Final = {"forbid": "deny", "permit": "permit"}
_CX: Final = re.compile(r"([0-9A-Za-z-]{1,32})\^\^\^[^\^&]*&([0-9.]{1,64})&ISO", re.ASCII)
_MAX_RULES: Final = 50
_MAX_COMPILED: Final = 1_000
_TOKEN: Final = ("", "")


@dataclass(frozen=True, slots=True)
class Residual:
    """The one person whom a token is about, and the conditions of its rules by their type."""

    person: PersonId
    forbids: tuple[Conditions, ...]
    permits: tuple[Conditions, ...]

    def forbids_unseen(self, resource: Mapping[str, Any]) -> bool:
        """Whether the rules take a resource away that no filter judges, by what stands in it alone."""
        facts = Facts(resource)
        return any(denial.covers(facts, lambda _: None) for denial in self._denials(frozenset()))

    def narrow(self, decision: Decision, person: PersonId) -> Decision:
        """What is left of a decision about a person: nothing of another one's, and no more than it let through before."""
        if decision.verdict is not Verdict.PERMIT:
            return decision
        scope = tuple(
            grant._replace(denials=grant.denials + self._denials(grant.asked)) for grant in decision.scope
        )
        if person != self.person or not any(map(_is_anything_left, scope)):
            return replace(decision, verdict=Verdict.DENY, reason=Reason.NO_MATCH, scope=())
        return replace(decision, scope=scope)

    def _denials(self, asked: frozenset[Pair]) -> tuple[Denial, ...]:
        return tuple(Denial.of(_TOKEN, (rule,), asked, self.permits) for rule in self.forbids)


@lru_cache(_MAX_COMPILED)
def residual_of(claim: str) -> Residual:
    """The rules in the JSON of an ``ihe_pcf`` extension.

    Raises ValueError for anything that is not wholly understood: another member, a patient who is not named by a number (CX, or a logical
    Reference), a rule or condition that we could not evaluate.
    """
    stated = orjson.loads(claim)
    if not isinstance(stated, dict) or not is_bounded(stated) or not stated.keys() <= _MEMBERS:
        raise ValueError("unknown-member")
    if not _is_named(stated.get("doc_id")) or not _is_named(stated.get("acp", "none")):
        raise ValueError("consent-malformed")
    rules = stated.get("residual", [])
    if not isinstance(rules, list) or len(rules) > _MAX_RULES:
        raise ValueError("rules-malformed")
    return Residual(
        _patient(stated.get("patient_id")),
        tuple(_conditions(rules, "forbid")),
        tuple(_conditions(rules, "permit")),
    )


def _is_named(value: object) -> bool:
    """Whether it is the name of something, or a list of names; which Consents the issuer looked at decides nothing here."""
    names = value if isinstance(value, list) else [value]
    return bool(names) and all(isinstance(name, str | dict) and name for name in names)


def _patient(value: object) -> PersonId:
    """The person by number; a URL would have to be resolved, and by whom is not said."""
    if isinstance(value, str) and (match := _CX.fullmatch(value)):
        number, authority = match.groups()
    elif isinstance(value, dict) and value.keys() <= {"type", "identifier"}:
        identifier = identifier_of(value.get("identifier"))
        number, authority = ("", "") if identifier is None else (identifier.value, identifier.system)
    else:
        raise ValueError("patient-not-by-number")
    system = canonical_system(authority)
    if system is None:
        raise ValueError("patient-not-by-number")
    return PersonId(system, number)


def _conditions(rules: Sequence[object], kind: str) -> Iterator[Conditions]:
    for rule in rules:
        if not isinstance(rule, dict) or rule.get("type") not in _EFFECTS or not rule.keys() <= _RULE:
            raise ValueError("rule-malformed")
        if rule["type"] == kind:
            faults: list[Issue] = []
            node = Node(rule | {"type": _EFFECTS[kind]}, "residual", faults)
            conditions = read_root(node, Context()).conditions
            if faults:
                raise ValueError("rule-not-evaluated")
            yield conditions


def _is_anything_left(grant: Grant) -> bool:
    return bool(grant.asked.difference(*(denial.taken for denial in grant.denials)))
