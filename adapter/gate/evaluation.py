"""One Consent against one request: what it permits, what it denies, and what it leaves in doubt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from adapter.domain.identity import PersonId
from adapter.domain.instants import stockholm_date
from adapter.gate.actors import all_of, any_matches
from adapter.gate.conditions import Conditions, Pair
from adapter.gate.consent import CompiledConsent
from adapter.gate.grant import Denial, Permit
from adapter.gate.provision import Provision
from adapter.gate.request import AccessRequest, Code
from adapter.gate.verdict import Reason


class Question(NamedTuple):
    """A request with what every Consent needs of it, worked out once.

    ``category`` is the one asked by, ``asked`` the pairs asked for, ``purposes`` each stated one once, ``age`` the person's in years (None
    if the number does not tell), ``is_emergency`` whether a purpose is emergency treatment.
    """

    request: AccessRequest
    category: frozenset[Code]
    persons: frozenset[PersonId]
    asked: frozenset[Pair]
    purposes: tuple[str, ...]
    age: int | None
    is_emergency: bool

    def about(self, category: frozenset[Code]) -> Question:
        """The same question by another category."""
        return Question(
            self.request, category, self.persons, self.asked, self.purposes, self.age, self.is_emergency
        )


@dataclass(slots=True)
class Findings:
    """What the Consents of one agreement say. ``permits`` by stated purpose; ``counted`` are the Consents that count at all."""

    permits: dict[str, list[Permit]] = field(default_factory=dict)
    blocks: list[Denial] = field(default_factory=list)
    denials: list[Denial] = field(default_factory=list)
    doubts: list[tuple[tuple[str, str], Reason]] = field(default_factory=list)
    counted: list[tuple[str, str]] = field(default_factory=list)


def counts(consent: CompiledConsent, question: Question) -> bool:
    """Whether nothing readable rules a Consent out: status, scope, category, person, agreement, or the period."""
    request, root = question.request, consent.root
    if not consent.is_block:
        if consent.categories is not None and consent.categories.isdisjoint(question.category):
            return False
        if consent.agreement is not None and consent.agreement != request.agreement:
            return False
    if consent.status not in (None, "active") or consent.is_privacy is False:
        return False
    if consent.persons is not None and consent.persons.isdisjoint(question.persons):
        return False
    if root is None:
        return True
    return root.is_in_period(request) and not (root.effect == "permit" and has_grown_up(consent, question))


def evaluate(
    consent: CompiledConsent,
    opens_sender: bool,
    question: Question,
    findings: Findings,
) -> None:
    """Add what a Consent says to ``findings``. ``opens_sender``: its registrar's permits open this sender's records."""
    if not counts(consent, question):
        return
    findings.counted.append(consent.reference)
    fault = fault_of(consent, question)
    if consent.root is None or fault is not None:
        findings.doubts.append((consent.reference, fault or Reason.CONSENT_UNREADABLE))
        return
    # The same for every purpose: asked once.
    applies = consent.root.applies(question.request)
    is_sender = None if consent.senders is None else any_matches(consent.senders, question.request.sender)
    case = _Case(consent, consent.root, opens_sender, question, findings, applies, is_sender)
    for purpose in question.purposes or (None,):
        if consent.root.effect == "permit":
            case.permit_at_root(purpose)
        else:
            case.deny_at_root(purpose)


def fault_of(consent: CompiledConsent, question: Question) -> Reason | None:
    """Why a Consent cannot be evaluated for this request, the gravest fault first; None if it can."""
    if consent.fault is not None or consent.root is None or consent.root.effect == "deny":
        return consent.fault
    return Reason.ELEMENT_NOT_EVALUATED if _lacks_maturity(consent, question) else None


def has_grown_up(consent: CompiledConsent, question: Question) -> bool:
    """Whether a guardian had a part in it and the person is 18 by now: what it permits has ended, what it denies stands."""
    return consent.decided_by in ("guardian", "both") and question.age is not None and question.age >= 18


def age_at(request: AccessRequest) -> int | None:
    """The person's age in whole years on the Stockholm day of the request; None if the number does not tell."""
    return age_of(request.person, request.at)


def age_of(person: PersonId, at: datetime) -> int | None:
    """A person's age in whole years on the Stockholm day of an instant; None if the number does not tell."""
    try:
        born = person.birth_date
    except (ValueError, IndexError):
        return None
    return None if born is None else _years(born, stockholm_date(at))


def _years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _lacks_maturity(consent: CompiledConsent, question: Question) -> bool:
    if question.age is None or not 13 <= question.age < 18:
        return False
    return consent.decided_by is None or not consent.maturity_is_assessed


@dataclass(slots=True)
class _Case:
    consent: CompiledConsent
    root: Provision
    opens_sender: bool
    question: Question
    findings: Findings
    applies: bool | None
    is_sender: bool | None

    def permit_at_root(self, purpose: str | None) -> None:
        root = all_of(self.applies, self.root.has_purpose(purpose))
        if root:
            self._permit(purpose, (self.root.conditions,))
        for nested in self._nested_in_period():
            denies = all_of(
                root,
                nested.applies(self.question.request),
                nested.has_purpose(purpose),
                self._is_sender(default=True),
            )
            self._deny(denies, (self.root.conditions, nested.conditions))

    def deny_at_root(self, purpose: str | None) -> None:
        root = all_of(self.applies, self.root.has_purpose(purpose), self._is_sender(default=True))
        exceptions, is_in_doubt = [], False
        for nested in self._nested_in_period():
            if not nested.conditions.pairs(self.question.asked):
                continue
            excepted = self._is_excepted(nested, purpose)
            is_in_doubt = is_in_doubt or excepted is None
            if excepted:
                exceptions.append(nested.conditions)
                if root and not self.consent.is_block:
                    self._permit(purpose, (self.root.conditions, nested.conditions))
        denies = all_of(root, None) if is_in_doubt else root
        self._deny(denies, (self.root.conditions,), tuple(exceptions))

    def _is_excepted(self, nested: Provision, purpose: str | None) -> bool | None:
        if has_grown_up(self.consent, self.question):
            return False
        lifts = nested.lifts_for(self.question.request.recipient) if self.consent.is_block else True
        excepted = all_of(nested.applies(self.question.request), nested.has_purpose(purpose), lifts)
        return None if excepted and _lacks_maturity(self.consent, self.question) else excepted

    def _permit(self, purpose: str | None, conditions: tuple[Conditions, ...]) -> None:
        """A permit counts only from a registrar who may open this sender, for a sender that it names."""
        if purpose is None or not self.opens_sender or self._is_sender(default=False) is not True:
            return
        permit = Permit.of(self.consent.reference, conditions, self.question.asked)
        if permit.reach:
            self.findings.permits.setdefault(purpose, []).append(permit)

    def _deny(
        self, denies: bool | None, conditions: tuple[Conditions, ...], exceptions: tuple[Conditions, ...] = ()
    ) -> None:
        if denies is False:
            return
        denial = Denial.of(self.consent.reference, conditions, self.question.asked, exceptions)
        if not denial.reach:
            return
        if denies is None:
            self.findings.doubts.append((self.consent.reference, Reason.ELEMENT_NOT_EVALUATED))
        elif self.consent.is_block:
            self.findings.blocks.append(denial)
        else:
            self.findings.denials.append(denial)

    def _is_sender(self, *, default: bool) -> bool | None:
        return default if self.consent.senders is None else self.is_sender

    def _nested_in_period(self) -> Iterator[Provision]:
        return (nested for nested in self.root.nested if nested.is_in_period(self.question.request))
