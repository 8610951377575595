"""What takes effect when it is accepted: consents given, changed and revoked, enrolments that end, numbers that merge.

A change is prepared outside the transaction (mapped, checked, sealed) and applied inside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from adapter.domain.agreement import Party, Unit
from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import PERSONNUMMER, SAMORDNINGSNUMMER, PersonId
from adapter.exchange.inbox import Inbox
from adapter.exchange.ports import Act, Arrival
from adapter.exchange.standing import Registry, Standing, StandingConsent, StandingMoved, consent_row
from adapter.exchange.stopping import Stopped, Stopping
from adapter.exchange.translate import Translate
from adapter.gate.consent import compile_consent, faults_at_filing
from adapter.store import consents, persons
from adapter.store.consents import ConsentRow
from adapter.store.database import Database
from adapter.store.keys import Keyring

_ENDED: Final = "inactive"


@dataclass(frozen=True, slots=True)
class Change:
    """What a message changes: applied in its accept transaction. ``reference`` is what came into force, for the audit.

    ``narrows``: it may end what deliveries stand on (a revocation, block, deny or change, a closed enrolment), so that whoever sent
    it is told what it stopped, once the attempts that had left have ended.
    """

    apply: Callable[[Connection], Stopped]
    reference: str | None = None
    codes: tuple[str, ...] = ()
    narrows: bool = False


class Filing:
    """Prepares changes of the registry."""

    def __init__(
        self,
        *,
        database: Database,
        keyring: Keyring,
        registry: Registry,
        translate: Translate,
        stopping: Stopping,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._registry = registry
        self._translate = translate
        self._stopping = stopping

    async def prepare(
        self, inbox: Inbox, unit: Unit, arrival: Arrival, standing: Standing, now: datetime
    ) -> Change:
        """The change that an arrival makes; raises InputError for a consent that we refuse, naming what we refuse."""
        if arrival.act is Act.CONSENT:
            return await self._consent(inbox, unit, arrival, standing, now)
        if arrival.act is Act.MERGE:
            return await self._merge(inbox, arrival, standing, now)
        return await self._enrolment(inbox, arrival, standing, now)

    async def _consent(
        self, inbox: Inbox, unit: Unit, arrival: Arrival, standing: Standing, now: datetime
    ) -> Change:
        resource = self._translate.consent(inbox, unit, arrival, now)
        identifier = self._keyring.record_id(
            "consent", inbox.party.identifiers[0].value, arrival.record_key or ""
        )
        revoked = frozenset(
            self._keyring.record_id("revoked", inbox.agreement.id, key, arrival.record_key or "")
            for key in standing.keys
        )
        row, buried = await self._database.read(
            lambda connection: (
                consents.consent_by_identifier(connection, identifier),
                consents.is_tombstoned(connection, identifier)
                # Any party may have revoked a permit of that id; what narrows ends by its own registrar alone.
                or (_permits(resource) and consents.is_tombstoned(connection, *revoked)),
            )
        )
        if row is not None and row.person_key not in standing.keys:
            raise InputError([Issue("consent.samtyckeId", "consent-of-other-person")])
        if resource.get("status") == _ENDED:
            ends = [consent for consent in standing.consents if _is_revoked(consent, inbox, arrival)]
            return await self._revocation(inbox, revoked | {identifier}, ends, standing, now)
        if buried:
            raise InputError([Issue("consent.samtyckeId", "consent-ended")])
        if issues := faults_at_filing(resource, at=now, max_months=inbox.agreement.max_consent_months):
            raise InputError(issues)
        filed = self._seal(
            ConsentRow(
                id=resource["id"],
                version=1 if row is None else row.version + 1,
                identifier_key=identifier,
                person_key=standing.key,
                agreement=inbox.agreement.id,
                registrar_party=inbox.party.id,
                category=_category(resource),
                status=resource["status"],
                filed_at=now,
                sealed=b"",
            ),
            resource,
        )
        return Change(
            await self._apply([filed], standing, inbox.party, now),
            f"Consent/{filed.row.id}/_history/{filed.row.version}",
            narrows=row is not None or not _permits(resource),
        )

    async def _revocation(
        self,
        inbox: Inbox,
        tombstones: frozenset[str],
        ends: Sequence[StandingConsent],
        standing: Standing,
        now: datetime,
    ) -> Change:
        """In force when answered, and for good: also when it came before the consent, or a second time."""
        ended = [self._ended(consent, now) for consent in ends if consent.row.status != _ENDED]
        apply = await self._apply(ended, standing, inbox.party, now)

        def revoke(connection: Connection) -> Stopped:
            for tombstone in sorted(tombstones):
                consents.tombstone_identifier(connection, tombstone, now)
            persons.raise_epoch(connection, standing.key)
            return apply(connection)

        reference = f"Consent/{ended[0].row.id}/_history/{ended[0].row.version}" if ended else None
        return Change(revoke, reference, () if ends else ("consent-not-seen-yet",), narrows=True)

    async def _enrolment(self, inbox: Inbox, arrival: Arrival, standing: Standing, now: datetime) -> Change:
        """Closing an enrolment ends the reception's permits; what denies or blocks stays."""
        ends = arrival.ends_enrolment and inbox.agreement.consent_ends_with_enrolment
        ended = [
            self._ended(consent, now)
            for consent in standing.consents
            if ends and consent.row.agreement == inbox.agreement.id and _is_standing_permit(consent)
        ]
        codes = ("consents-ended",) if ended else ()
        apply = await self._apply(ended, standing, inbox.party, now)
        return Change(apply, None, codes, narrows=arrival.ends_enrolment)

    async def _merge(self, inbox: Inbox, arrival: Arrival, standing: Standing, now: datetime) -> Change:
        """ADT^A40: denies and blocks move to the number that goes on, permits only where ``_may_move`` says so; the others lapse."""
        ceasing = arrival.superseded
        if ceasing is None:
            raise InputError([Issue("MRG-1", "required")])
        old = await self._database.read(partial(self._registry.standing, person=ceasing))
        moved, lapsed = [], []
        for consent in old.consents:
            if (
                consent.resource is None
                or consent.row.person_key == standing.key
                or consent.row.status == _ENDED
            ):
                continue
            if not _is_standing_permit(consent) or _may_move(consent, inbox, ceasing, arrival.person):
                moved.append(self._moved(consent, standing, arrival.person, now))
            else:
                lapsed.append(self._ended(consent, now))
        apply = await self._apply([*moved, *lapsed], old.after(moved), inbox.party, now)

        def merge(connection: Connection) -> Stopped:
            if old.has_moved(connection):
                raise StandingMoved("standing-moved")
            persons.merge(connection, old.key, standing.key, now)
            return apply(connection)

        return Change(merge, None, ("consents-lapsed",) if lapsed else ())

    async def _apply(
        self, changed: list[StandingConsent], standing: Standing, party: Party, now: datetime
    ) -> Callable[[Connection], Stopped]:
        stop = await self._stopping.prepare(standing, standing.after(changed), party, now)

        def apply(connection: Connection) -> Stopped:
            for consent in changed:
                if consent.row.version == 1:
                    consents.file_consent(connection, consent.row)
                else:
                    consents.revise(connection, consent.row)
            return stop(connection)

        return apply

    def _ended(self, consent: StandingConsent, now: datetime) -> StandingConsent:
        resource = dict(consent.resource or {}) | {"status": _ENDED}
        return self._next(consent, resource, now, status=_ENDED)

    def _moved(
        self, consent: StandingConsent, standing: Standing, person: PersonId, now: datetime
    ) -> StandingConsent:
        patient = dict((consent.resource or {}).get("patient", {})) | {"identifier": person.as_fhir()}
        resource = dict(consent.resource or {}) | {"patient": patient}
        return self._next(consent, resource, now, person_key=standing.key)

    def _next(
        self, consent: StandingConsent, resource: Mapping[str, Any], now: datetime, **columns: Any
    ) -> StandingConsent:
        row = consent.row
        values = {name: getattr(row, name) for name in ConsentRow.__slots__}
        return self._seal(
            ConsentRow(**values | {"version": row.version + 1, "filed_at": now} | columns), resource
        )

    def _seal(self, row: ConsentRow, resource: Mapping[str, Any]) -> StandingConsent:
        stamped = dict(resource) | {"meta": dict(resource.get("meta", {})) | {"versionId": str(row.version)}}
        sealed = self._keyring.seal_registry(orjson.dumps(stamped), row=consent_row(row.id, row.version))
        values = {name: getattr(row, name) for name in ConsentRow.__slots__} | {"sealed": sealed}
        return StandingConsent(ConsentRow(**values), stamped, compile_consent(stamped, at=row.filed_at))


def _category(resource: Mapping[str, Any]) -> str:
    return str(resource["category"][0]["coding"][0]["code"])


def _is_standing_permit(consent: StandingConsent) -> bool:
    """Whether a consent opens something: what cannot be read, denies or blocks is kept wherever it narrows."""
    return consent.row.status != _ENDED and _permits(consent.resource)


def _permits(resource: Mapping[str, Any] | None) -> bool:
    provision = (resource or {}).get("provision") or {}
    return bool(provision.get("type") == "permit")


def _is_revoked(consent: StandingConsent, inbox: Inbox, arrival: Arrival) -> bool:
    """Whether a revocation means this consent: any party may end a permit, its registrar alone what denies or blocks."""
    resource = consent.resource or {}
    named = {identifier.get("value") for identifier in resource.get("identifier", ())}
    return (
        consent.row.agreement == inbox.agreement.id
        and arrival.record_key in named
        and (consent.row.registrar_party == inbox.party.id or _permits(resource))
    )


def _may_move(consent: StandingConsent, inbox: Inbox, ceasing: PersonId, surviving: PersonId) -> bool:
    """A permit moves from samordningsnummer to personnummer only, announced by its own registrar (gate.md, "Deciding" 11)."""
    return (
        ceasing.system == SAMORDNINGSNUMMER
        and surviving.system == PERSONNUMMER
        and consent.row.registrar_party == inbox.party.id
        and consent.row.agreement == inbox.agreement.id
    )
