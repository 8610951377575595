"""The consent decision: block > deny > indeterminate > permit, and no release without a permit (IHE PCF, Consent Decision).

Pure: the request brings its instant, the caller the Consents. Anything that goes wrong inside is indeterminate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any, Final, NamedTuple

from adapter.gate.conditions import Pair, asked_pairs
from adapter.gate.evaluation import Findings, Question, age_at, evaluate
from adapter.gate.facts import Facts
from adapter.gate.grant import Denial, Grant, Permit, find_among
from adapter.gate.obligations import Obligation, obligations_of
from adapter.gate.request import SIP_PLAN, AccessRequest
from adapter.gate.verdict import Reason, Verdict, gravest
from adapter.gate.versions import Registered, standing
from adapter.gate.vocabulary import vocabulary

__all__ = [
    "POLICY",
    "Decision",
    "Obligation",
    "Reason",
    "Registered",
    "Verdict",
    "decide",
    "sip_condition",
    "unite",
]

POLICY: Final = "sambro-gate/1"
"""The version of the rules of this package; raised with every change of a verdict."""

_PLAN: Final[Pair] = ("CarePlan", "SIP")
_NO_PAIRS: Final[frozenset[Pair]] = frozenset()
_consent: Final = attrgetter("consent")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate said. ``consents`` are the (id, version) that it rests on; ``alert``: a human should look.

    ``scope`` is what the filter applies: a resource passes if one of its grants releases it.
    """

    verdict: Verdict
    reason: Reason
    consents: tuple[tuple[str, str], ...]
    policy: str
    at: datetime
    alert: bool
    scope: tuple[Grant, ...] = field(default=(), repr=False, compare=False)

    @property
    def obligations(self) -> tuple[Obligation, ...]:
        """What may be released of what was asked, told in words each time it is asked for."""
        return obligations_of(self.scope)


def decide(request: AccessRequest, consents: Iterable[Registered]) -> Decision:
    """Decide a request on the Consents at hand; never raises.

    A request that names no agreement is decided apart for each one that the Consents name, and the results are united.
    """
    try:
        present = standing(consents)
        if request.agreement is not None:
            return _decide_in_agreement(request, present)
        return unite([_decide_in_agreement(*part) for part in _parts(request, present)])
    except Exception:  # whatever went wrong, nobody may take it for a permit
        return _decision(request, Verdict.INDETERMINATE, Reason.CONSENT_UNREADABLE)


def unite(decisions: Sequence[Decision]) -> Decision:
    """The union of decisions made apart, each on one agreement's Consents: a permit by one is a permit."""
    if len(decisions) == 1:
        return decisions[0]
    alert = any(decision.alert for decision in decisions)
    permits = [decision for decision in decisions if decision.verdict is Verdict.PERMIT]
    if not permits:
        reason = gravest(decision.reason for decision in decisions)
        return replace(next(decision for decision in decisions if decision.reason is reason), alert=alert)
    return replace(
        permits[0],
        consents=tuple(sorted({consent for permit in permits for consent in permit.consents})),
        alert=alert,
        scope=tuple(grant for permit in permits for grant in permit.scope),
    )


def sip_condition(
    plan: Mapping[str, Any], request: AccessRequest, consents: Iterable[Registered]
) -> Decision:
    """Decide whether a plan may stand: all but a draft or revoked one need a ``sip-plan`` Consent in force for the same pair.

    Deny with ``sip-consent-missing`` if none permits; indeterminate stays indeterminate.
    """
    facts = Facts(plan)
    about_plan = replace(request, category=SIP_PLAN, types=frozenset(), record_types=frozenset({"SIP"}))
    decision = decide(about_plan, consents)
    grant = Grant(frozenset({_PLAN}), False, (), (), decision.scope)
    if not grant.lacks_sip_consent(facts, find_among([facts])):
        return replace(decision, verdict=Verdict.PERMIT, reason=Reason.CONSENT)
    if decision.verdict is Verdict.INDETERMINATE:
        return decision
    return replace(decision, verdict=Verdict.DENY, reason=Reason.SIP_CONSENT_MISSING, scope=())


def _parts(
    request: AccessRequest, present: Sequence[Registered]
) -> Iterable[tuple[AccessRequest, Sequence[Registered]]]:
    """The request once for each agreement named; what names none is its own part, and narrows every other."""
    named = sorted({item.consent.agreement for item in present if item.consent.agreement is not None})
    apart = [item for item in present if item.consent.agreement is None or item.consent.is_block]
    narrowing = [replace(item, opens_sender=False) for item in apart if item.consent.is_everywhere]
    for agreement in named:
        own = [item for item in present if item.consent.agreement == agreement and not item.consent.is_block]
        yield replace(request, agreement=agreement), own + narrowing
    if apart or not named:
        yield request, apart


class _Ruling(NamedTuple):
    """A decision on one category, its Consents not yet sorted out."""

    verdict: Verdict
    reason: Reason
    rests_on: Sequence[tuple[str, str]]
    alert: bool
    scope: tuple[Grant, ...] = ()


def _decide_in_agreement(request: AccessRequest, present: Sequence[Registered]) -> Decision:
    question = _question(request)
    ruling = _weigh(question, _find(question, present))
    if ruling.scope and request.category != SIP_PLAN and _PLAN in question.asked:
        about_plans = question.about(SIP_PLAN)
        ruling = _with_plans(ruling, _weigh(about_plans, _find(about_plans, present)))
    return _decision(request, *ruling)


def _with_plans(ruling: _Ruling, plans: _Ruling) -> _Ruling:
    scope = tuple([grant.with_plans(plans.scope) for grant in ruling.scope])
    return _Ruling(ruling.verdict, ruling.reason, ruling.rests_on, ruling.alert or plans.alert, scope)


def _question(request: AccessRequest) -> Question:
    return Question(
        request=request,
        category=request.category,
        persons=request.persons,
        asked=asked_pairs(request.types, request.record_types),
        purposes=tuple(sorted(set(request.purposes))),
        age=age_at(request),
        is_emergency=any(map(vocabulary().is_emergency, request.purposes)),
    )


def _find(question: Question, present: Sequence[Registered]) -> Findings:
    findings = Findings()
    for item in present:
        try:
            evaluate(item.consent, item.opens_sender, question, findings)
        except Exception:  # one Consent that breaks the evaluation must not hide the others' denials
            findings.doubts.append((item.consent.reference, Reason.CONSENT_UNREADABLE))
    return findings


def _weigh(question: Question, findings: Findings) -> _Ruling:
    """Block > deny > indeterminate > permit."""
    asked, narrowing = question.asked, findings.blocks + findings.denials
    alert = question.is_emergency or bool(findings.doubts)
    denied = _taken(narrowing)
    if asked and denied >= asked:
        blocks = findings.blocks if _taken(findings.blocks) >= asked else []
        reason = Reason.BLOCKED if blocks else Reason.CONSENT_DENIES
        return _Ruling(Verdict.DENY, reason, _consents(blocks or narrowing), alert)
    if findings.doubts:
        reason = gravest(reason for _, reason in findings.doubts)
        return _Ruling(Verdict.INDETERMINATE, reason, [consent for consent, _ in findings.doubts], alert)
    permits = () if question.is_emergency else _permits_of(question, findings)
    if _is_anything_left(asked - denied, permits):
        return _permit(question, permits, narrowing)
    rests_on = _consents(narrowing) if narrowing else findings.counted
    return _Ruling(Verdict.DENY, _why_nothing(question, findings), rests_on, alert)


def _taken(denials: Iterable[Denial]) -> frozenset[Pair]:
    return _NO_PAIRS.union(*[denial.taken for denial in denials])


def _consents(found: Iterable[Permit | Denial]) -> list[tuple[str, str]]:
    return [item.consent for item in found]


def _permits_of(question: Question, findings: Findings) -> tuple[tuple[Permit, ...], ...]:
    """For each stated purpose its permits, sorted, so that the order of the Consents leaves no trace."""
    each = [findings.permits.get(purpose, ()) for purpose in question.purposes]
    return tuple([tuple(sorted(permits, key=_consent)) for permits in each])


def _is_anything_left(pairs: frozenset[Pair], permits: tuple[tuple[Permit, ...], ...]) -> bool:
    """Whether of some pair something is permitted for every stated purpose."""
    for alternatives in permits:
        pairs = pairs.intersection(chain.from_iterable([permit.reach for permit in alternatives]))
    return bool(permits and pairs)


def _why_nothing(question: Question, findings: Findings) -> Reason:
    if findings.blocks:
        return Reason.BLOCKED
    if findings.denials:
        return Reason.CONSENT_DENIES
    if not findings.counted:
        return Reason.NO_CONSENT
    known = vocabulary().kinds_of
    stated = bool(question.purposes) and all(purpose in known for purpose in question.purposes)
    return Reason.NO_MATCH if stated else Reason.NO_PURPOSE


def _permit(
    question: Question, permits: tuple[tuple[Permit, ...], ...], narrowing: Sequence[Denial]
) -> _Ruling:
    denials = tuple(sorted(narrowing, key=_consent))
    grant = Grant(question.asked, not question.request.record_types, permits, denials)
    rests_on = _consents([*chain.from_iterable(permits), *denials])
    return _Ruling(Verdict.PERMIT, Reason.CONSENT, rests_on, alert=False, scope=(grant,))


def _decision(
    request: AccessRequest,
    verdict: Verdict,
    reason: Reason,
    rests_on: Iterable[tuple[str, str]] = (),
    alert: bool = True,
    scope: tuple[Grant, ...] = (),
) -> Decision:
    consents = tuple(sorted({consent for consent in rests_on if consent[0]}))
    return Decision(verdict, reason, consents, POLICY, request.at, alert, scope)
