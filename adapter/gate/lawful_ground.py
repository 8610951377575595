"""Release without consent: what a sender's own act opens for a day, on a ground in law (OSL 25:12, 26:9; ``lawful_grounds.yaml``).

It stands in for the person's waiver and for nothing else: a block still wins, and so does whatever could be one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final

import yaml

from adapter.domain.identity import Identifier
from adapter.domain.records import RECORD_TYPE_SYSTEM
from adapter.gate.actors import Target
from adapter.gate.conditions import Conditions
from adapter.gate.consent import CompiledConsent
from adapter.gate.decision import POLICY, Decision, decide
from adapter.gate.evaluation import age_at
from adapter.gate.provision import Provision
from adapter.gate.reading import Period
from adapter.gate.request import BLOCK, OSL_WAIVER, SIP_PLAN, AccessRequest
from adapter.gate.verdict import Reason, Verdict
from adapter.gate.versions import Registered, standing
from adapter.gate.vocabulary import CONSENT_ACTION

LONGEST: Final = timedelta(hours=24)
_STILL_ASKED: Final = SIP_PLAN | {BLOCK}
_DISCLOSE: Final = frozenset({(CONSENT_ACTION, "disclose")})


@dataclass(frozen=True, slots=True)
class LawfulGround:
    """A ground: the law, the kinds of party whose records it opens, and the age below which alone it holds, if there is one."""

    code: str
    law: str
    senders: frozenset[str]
    under_age: int | None
    swedish: str


@dataclass(frozen=True, slots=True)
class LawfulGrounds:
    """The grounds by code; ``version`` names the data in every decision that rests on one."""

    version: str
    by_code: Mapping[str, LawfulGround]


@cache
def lawful_grounds() -> LawfulGrounds:
    """The grounds, read once from the package's data."""
    raw = yaml.safe_load(files("adapter.gate").joinpath("lawful_grounds.yaml").read_text("utf-8"))
    grounds = {
        code: LawfulGround(code, row["law"], frozenset(row["senders"]), row.get("under_age"), row["swedish"])
        for code, row in raw["grounds"].items()
    }
    return LawfulGrounds(raw["version"], grounds)


@dataclass(frozen=True, slots=True)
class FiledRelease:
    """One release without consent as a sender's official filed it, for one person.

    ``ground`` is a code of LawfulGrounds, ``agreement`` a URI, ``record_types`` codes of ``B/CodeSystem/record-type``. It holds from
    ``filed_at`` up to, not at, ``ends_at``.
    """

    id: str
    ground: str
    agreement: str
    sender_unit: Identifier
    recipient_unit: Identifier
    record_types: frozenset[str]
    filed_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Grounded:
    """A permit on lawful grounds, and the releases that it rests on."""

    decision: Decision
    releases: tuple[FiledRelease, ...]


def holds(ground: LawfulGround, sender_kind: str, age: int | None) -> bool:
    """Whether a ground opens records of that kind of party about a person of that age; None: the number does not tell."""
    is_young = ground.under_age is None or (age is not None and age < ground.under_age)
    return sender_kind in ground.senders and is_young


def decide_on_grounds(
    request: AccessRequest,
    releases: Iterable[FiledRelease],
    consents: Iterable[Registered],
    *,
    sender_kind: str,
) -> Grounded | None:
    """The permit that the releases filed for this person give where the Consents gave none; None if they give none either.

    ``consents`` are all of the person's. Those that are surely no more than a waiver, given or refused, are passed over: the law does
    not ask for them here. Blocks, consents to plans and whatever cannot be read are weighed as in every decision.
    """
    applicable = [release for release in releases if _is_about(release, request, sender_kind)]
    if not applicable:
        return None
    others = [item for item in standing(consents) if _may_stop_it(item.consent)]
    permits = [Registered(_as_permit(release, request), True) for release in applicable]
    decision = decide(request, [*permits, *others])
    if decision.verdict is not Verdict.PERMIT:
        return None
    own = {permit.consent.reference for permit in permits}
    grounded = replace(
        decision,
        reason=Reason.LAWFUL_GROUND,
        consents=tuple(consent for consent in decision.consents if consent not in own),
        policy=f"{POLICY} {lawful_grounds().version}",
    )
    used = {consent_id for consent_id, _ in decision.consents}
    return Grounded(grounded, tuple(release for release in applicable if release.id in used))


def _is_about(release: FiledRelease, request: AccessRequest, sender_kind: str) -> bool:
    """Whether a release could bear on a request; its terms are weighed as a Consent's are."""
    ground = lawful_grounds().by_code.get(release.ground)
    return (
        ground is not None
        and holds(ground, sender_kind, age_at(request))
        and request.category == OSL_WAIVER
        and request.agreement == release.agreement
        and release.ends_at <= release.filed_at + LONGEST
    )


def _may_stop_it(consent: CompiledConsent) -> bool:
    """Whether it is a block, a consent to a plan, or could be: a coding that lacks its system or its code may mean either."""
    categories = consent.categories
    if categories is None or not all(map(all, categories)):
        return True
    return not categories.isdisjoint(_STILL_ASKED)


def _as_permit(release: FiledRelease, request: AccessRequest) -> CompiledConsent:
    """The release as the permit that it stands in for. Nobody consents, so nobody's maturity is in question."""
    terms = Provision(
        effect="permit",
        period=Period(release.filed_at, release.ends_at),
        actors=(Target(organization=frozenset({release.recipient_unit})),),
        actions=_DISCLOSE,
        purposes=None,
        conditions=Conditions(
            codes=frozenset((RECORD_TYPE_SYSTEM, record_type) for record_type in release.record_types)
        ),
    )
    return CompiledConsent(
        id=release.id,
        status="active",
        is_privacy=True,
        categories=OSL_WAIVER,
        persons=request.persons,
        agreement=release.agreement,
        senders=(Target(organization=frozenset({release.sender_unit})),),
        decided_by="minor",
        maturity_is_assessed=True,
        root=terms,
    )
