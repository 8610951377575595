"""How the registry finds a Consent again: by the business identifier that its registrar gave it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement, Party
from adapter.domain.records import RECORD_ID
from adapter.exchange.standing import StandingConsent
from adapter.gate.consent import ENDED
from adapter.store import consents
from adapter.store.consents import ConsentRow
from adapter.store.keys import Keyring

_PUSHED: Final = "https://w3id.org/sambro/push/1/samtyckeId"


@dataclass(frozen=True, slots=True)
class ConsentKeys:
    """``id`` is the Consent's, ``identifier`` finds it, ``revoked`` are the tombstones that any party of the agreement may lay."""

    id: str
    identifier: str
    revoked: frozenset[str]

    @property
    def tombstones(self) -> frozenset[str]:
        """What a revocation lays down for good."""
        return self.revoked | {self.identifier}


def consent_keys(
    keyring: Keyring,
    agreement: Agreement,
    party: Party,
    person_keys: Iterable[str],
    name: tuple[str, ...],
) -> ConsentKeys:
    """The keys of the Consent that a party calls ``name`` (``names_of``); ``person_keys`` are those of every number of the person."""
    registrar = party.identifiers[0].value
    return ConsentKeys(
        id=keyring.record_id(registrar, "Consent", *name),
        identifier=keyring.record_id("consent", registrar, *name),
        revoked=frozenset(keyring.record_id("revoked", agreement.id, key, *name) for key in person_keys),
    )


def names_of(resource: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Its business identifiers, ours aside, as ``consent_keys`` takes them: the push format's is a value alone, on every wire."""
    for identifier in resource.get("identifier", ()):
        system, value = identifier.get("system"), identifier.get("value")
        if system and value and system != RECORD_ID:
            yield (value,) if system == _PUSHED else (system, value)


def earlier(
    connection: Connection, keys: ConsentKeys, resource: Mapping[str, Any]
) -> tuple[ConsentRow | None, bool]:
    """The current version of what is filed under these keys, and whether it has ended for good."""
    return (
        consents.consent_by_identifier(connection, keys.identifier),
        consents.is_tombstoned(connection, keys.identifier)
        # Any party may have revoked a permit of that id; what narrows ends by its own registrar alone.
        or (permits(resource) and consents.is_tombstoned(connection, *keys.revoked)),
    )


def permits(resource: Mapping[str, Any] | None) -> bool:
    """Whether a Consent opens something by its root: whoever it names may end it; what denies or blocks its registrar alone."""
    provision = (resource or {}).get("provision") or {}
    return bool(provision.get("type") == "permit")


def is_standing_permit(consent: StandingConsent) -> bool:
    """Whether a consent opens something: what cannot be read, denies or blocks is kept wherever it narrows."""
    return consent.row.status not in ENDED and permits(consent.resource)
