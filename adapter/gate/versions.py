"""Which versions of Consents still stand: recency decides between versions of one Consent only, and what was revoked has ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from adapter.domain.identity import Identifier
from adapter.gate.consent import ENDED, CompiledConsent


@dataclass(frozen=True, slots=True)
class Registered:
    """A Consent with what the agreement says of its registrar.

    ``opens_sender``: the registrar is under the sender's ``consent_from``, so that a permit of it counts. Narrowing counts from any.
    """

    consent: CompiledConsent
    opens_sender: bool


def standing(consents: Iterable[Registered]) -> Sequence[Registered]:
    """The Consents without those that a newer version replaced, or that opened something and have ended for good.

    A deny stays unless a newer version of the same id says otherwise: an older revocation does not lift it, but its
    exceptions open nothing any more.
    """
    present = list(consents)
    ids = {item.consent.id for item in present}
    if len(ids) == len(present) and not any(item.consent.status in ENDED for item in present):
        return present
    versions: defaultdict[str, list[CompiledConsent]] = defaultdict(list)
    for item in present:
        versions[item.consent.id].append(item.consent)
    tombstones = _tombstones(item.consent for item in present)
    newest = [item for item in present if not _is_replaced(item.consent, versions[item.consent.id])]
    left = [_left_of(item, tombstones) for item in newest]
    return [item for item in left if item is not None]


def _is_replaced(consent: CompiledConsent, versions: Sequence[CompiledConsent]) -> bool:
    return bool(consent.id) and len(versions) > 1 and any(_is_newer(other, consent) for other in versions)


def _is_newer(one: CompiledConsent, other: CompiledConsent) -> bool:
    """By version number, else by the last update; where neither tells, both stand."""
    if one.version.isdecimal() and other.version.isdecimal():
        return int(one.version) > int(other.version)
    if one.updated_at is not None and other.updated_at is not None:
        return one.updated_at > other.updated_at
    return False


def _tombstones(consents: Iterable[CompiledConsent]) -> frozenset[str | Identifier]:
    ended = [consent for consent in consents if consent.status in ENDED]
    return frozenset(key for consent in ended for key in _keys(consent))


def _left_of(item: Registered, tombstones: frozenset[str | Identifier]) -> Registered | None:
    """What a revocation leaves of a Consent: of a permit nothing, of what narrows all but what it opens."""
    consent = item.consent
    if tombstones.isdisjoint(_keys(consent)):
        return item
    narrows = consent.root is None or bool(consent.faults) or consent.root.effect == "deny"
    return replace(item, opens_sender=False) if narrows else None


def _keys(consent: CompiledConsent) -> frozenset[str | Identifier]:
    return frozenset({consent.id} - {""}) | consent.identifiers
