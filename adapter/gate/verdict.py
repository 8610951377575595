"""What the gate says and why: the codes of interfaces.md."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """Indeterminate is handled as deny, and alerts."""

    PERMIT = "permit"
    DENY = "deny"
    INDETERMINATE = "indeterminate"


class Reason(StrEnum):
    """Why a decision came out as it did."""

    CONSENT = "consent"
    LAWFUL_GROUND = "lawful-ground"
    NO_CONSENT = "no-consent"
    NO_MATCH = "no-match"
    CONSENT_DENIES = "consent-denies"
    BLOCKED = "blocked"
    NO_PURPOSE = "no-purpose"
    SIP_CONSENT_MISSING = "sip-consent-missing"
    PROTECTED_IDENTITY = "protected-identity"
    ACTOR_UNRESOLVED = "actor-unresolved"
    ELEMENT_NOT_EVALUATED = "element-not-evaluated"
    CONSENT_UNREADABLE = "consent-unreadable"
    REGISTRY_UNAVAILABLE = "registry-unavailable"


_GRAVITY: Final = (
    Reason.BLOCKED,
    Reason.CONSENT_DENIES,
    Reason.REGISTRY_UNAVAILABLE,
    Reason.CONSENT_UNREADABLE,
    Reason.ACTOR_UNRESOLVED,
    Reason.ELEMENT_NOT_EVALUATED,
    Reason.SIP_CONSENT_MISSING,
    Reason.NO_MATCH,
    Reason.NO_PURPOSE,
    Reason.NO_CONSENT,
)


def gravest(reasons: Iterable[Reason]) -> Reason:
    """The one to give where several keep a release back; raises ValueError for none at all, or one that keeps nothing back."""
    return min(reasons, key=_GRAVITY.index)
