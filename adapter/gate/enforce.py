"""The consent enforcement point: the one place that makes a release (IHE PCF, Consent Enforcement Point).

Senders and builders of answers take a ``ReleasedBundle`` and nothing wider, so that a way around the gate is a type error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass
from datetime import datetime
from typing import Any, Final, final

from adapter.domain.identity import Identifier, PersonId
from adapter.gate.decision import POLICY, Decision
from adapter.gate.facts import Facts
from adapter.gate.labels import protection_of
from adapter.gate.origin import Origin, provenance_of
from adapter.gate.pruning import NotReleasable, Pruner
from adapter.gate.release import Filtered, Protected, ReleaseRefused, filter_resources
from adapter.gate.request import AccessRequest
from adapter.gate.rules import ReleaseRules
from adapter.gate.verdict import Reason, Verdict

__all__ = ["ReleaseRefused", "ReleasedBundle", "disclose_consents", "enforce"]

_MAKER: Final = object()
_WHOLLY_WITHHELD: Final = (Reason.PROTECTED_IDENTITY.value, Reason.SIP_CONSENT_MISSING.value)


@final
@dataclass(frozen=True, slots=True)
class ReleasedBundle:
    """What may leave, for one recipient, on one decision. Only ``enforce`` can make one.

    ``resources`` are built anew by the filter: nobody else holds them. ``withheld`` are references (``Observation/2``) and ``alerts``
    codes, both for log and audit only. ``provenance`` says where the records among them come from, for whom it may say so.
    """

    resources: tuple[Mapping[str, Any], ...]
    provenance: Mapping[str, Any] | None
    decision: Decision
    person: PersonId
    sender_unit: Identifier | None
    recipient_unit: Identifier | None
    record_types: frozenset[str]
    released_at: datetime
    withheld: tuple[str, ...]
    alerts: tuple[str, ...]
    maker: InitVar[object]

    def __post_init__(self, maker: object) -> None:
        if maker is not _MAKER:
            raise TypeError("a ReleasedBundle is made by enforce only")


def enforce(
    decision: Decision,
    resources: Sequence[Mapping[str, Any]],
    *,
    request: AccessRequest,
    rules: ReleaseRules,
    protection: frozenset[str],
    protected: Protected = "withhold",
    origin: Origin | None = None,
) -> ReleasedBundle:
    """Make the release that a decision allows of one person's resources.

    ``request`` is the one that was decided. ``protection`` are the registry's protected-identity codes of the person; ``protected`` is the
    flow's word on them. ``origin`` is what a Provenance of the release says, None for no Provenance. Raises ReleaseRefused: no permit, a
    decision of another instant, a fault in the filter, or everything but the Patient kept back for protected identity or for want of the
    plan's own consent; its ``code`` says which.
    """
    if decision.at != request.at:
        raise ReleaseRefused("decision-of-another-request")
    filtered = filter_resources(
        resources,
        decision,
        persons=request.persons,
        protection=protection,
        protected=protected,
        rules=rules,
    )
    code = refusal_of(filtered)
    if code is not None:
        raise ReleaseRefused(code)
    return ReleasedBundle(
        resources=filtered.resources,
        provenance=_provenance(origin, resources, filtered, rules, protection, protected),
        decision=decision,
        person=request.person,
        sender_unit=request.sender.unit,
        recipient_unit=request.recipient.unit,
        record_types=request.record_types,
        released_at=decision.at,
        withheld=tuple(item.reference for item in filtered.withheld),
        alerts=filtered.alerts,
        maker=_MAKER,
    )


def disclose_consents(
    consents: Sequence[Mapping[str, Any]],
    *,
    person: PersonId,
    reader: Identifier | None,
    at: datetime,
    rules: ReleaseRules,
) -> ReleasedBundle:
    """The release of Consents themselves, to a party that registered them or that they name; the caller has seen to that.

    ``reader`` is the reading unit. One that holds what the rules cannot judge is left out.
    """
    resources, withheld, alerts = [], [], []
    for consent in consents:
        try:
            resources.append(Pruner().prune(consent, rules.resources["Consent"]))
        except NotReleasable as fault:
            withheld.append(f"Consent/{consent.get('id')}")
            alerts.append(fault.code)
    return ReleasedBundle(
        resources=tuple(resources),
        provenance=None,
        decision=Decision(Verdict.PERMIT, Reason.CONSENT, (), POLICY, at, bool(alerts)),
        person=person,
        sender_unit=None,
        recipient_unit=reader,
        record_types=frozenset(),
        released_at=at,
        withheld=tuple(withheld),
        alerts=tuple(dict.fromkeys(alerts)),
        maker=_MAKER,
    )


def _provenance(
    origin: Origin | None,
    resources: Sequence[Mapping[str, Any]],
    filtered: Filtered,
    rules: ReleaseRules,
    protection: frozenset[str],
    protected: Protected,
) -> Mapping[str, Any] | None:
    if origin is None:
        return None
    try:
        carried = protection.union(*(protection_of(Facts(resource)) for resource in resources))
        # It names a unit's organisation, which is kept back of such a person.
        if carried and protected == "withhold":
            return None
        return provenance_of(origin, filtered.resources, rules.provenance)
    except Exception as error:  # as a fault in the filter: the whole release is refused
        raise ReleaseRefused("filter-failed") from error


def refusal_of(filtered: Filtered) -> str | None:
    """The code for which everything but the Patient was kept back; None if a record passes, or none stood in its way."""
    if any(resource["resourceType"] != "Patient" for resource in filtered.resources):
        return None
    codes = {item.code for item in filtered.withheld}
    return next((code for code in _WHOLLY_WITHHELD if code in codes), None)
