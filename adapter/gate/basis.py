"""Which Consents let through what was released: what the recipient is told of when one of them ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapter.gate.conditions import Records
from adapter.gate.decision import Decision
from adapter.gate.enforce import ReleasedBundle
from adapter.gate.facts import Facts
from adapter.gate.grant import Grant, find_among
from adapter.gate.labels import labelled, protection_of


def basis_of(
    release: ReleasedBundle, resources: Sequence[Mapping[str, Any]], protection: frozenset[str]
) -> frozenset[str]:
    """The ids of the Consents by which a release of ``resources`` was made, those to the plans in it included.

    ``protection`` is what ``enforce`` was given. A Consent that only narrowed is none of them. Where nothing passed but the minimal
    Patient, which any permit carries, every permit is.
    """
    stated = [Facts(resource) for resource in resources]
    carried = protection.union(*map(protection_of, stated))
    facts = [labelled(item, carried) for item in stated]
    passed = {f"{resource['resourceType']}/{resource['id']}" for resource in release.resources}
    records = find_among(facts)
    found = [
        consent
        for item in facts
        if item.key in passed
        for grant in release.decision.scope
        for consent in _permitting(grant, item, records)
    ]
    return frozenset(found or _permits(release.decision))


def _permitting(grant: Grant, facts: Facts, records: Records) -> Iterator[str]:
    if not grant.releases(facts, records):
        return
    for permits in grant.permits:
        yield from (permit.consent[0] for permit in permits if permit.covers(facts, records))
    if grant.with_plans(()).lacks_sip_consent(facts, records):
        for plan in grant.plans:
            yield from _permitting(plan, facts, records)


def _permits(decision: Decision) -> list[str]:
    return [permit.consent[0] for grant in decision.scope for permits in grant.permits for permit in permits]
