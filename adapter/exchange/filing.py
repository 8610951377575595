"""What takes effect when it is accepted: consents given, changed and revoked, enrolments that end, numbers that merge (merging.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement, Party, Unit
from adapter.domain.errors import InputError, Issue
from adapter.exchange.change import Change, changing
from adapter.exchange.consent_keys import ConsentKeys, consent_keys, earlier, is_standing_permit, permits
from adapter.exchange.consent_versions import ENTERED_IN_ERROR, INACTIVE, ConsentVersions
from adapter.exchange.inbox import Inbox
from adapter.exchange.lifting import LIFTED, Liftings, new_liftings
from adapter.exchange.merging import Merging
from adapter.exchange.own_form import field_of
from adapter.exchange.ports import Act, Arrival
from adapter.exchange.standing import Registry, Standing, StandingConsent
from adapter.exchange.stopping import Stopped, Stopping
from adapter.exchange.translate import Translate
from adapter.gate.consent import faults_at_filing
from adapter.store import consents, persons
from adapter.store.consents import ConsentRow
from adapter.store.database import Database
from adapter.store.keys import Keyring


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
        liftings: Liftings,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._versions = ConsentVersions(keyring)
        self._merging = Merging(database, registry, self._versions, stopping)
        self._translate = translate
        self._stopping = stopping
        self._liftings = liftings

    async def prepare(
        self,
        inbox: Inbox,
        unit: Unit,
        arrival: Arrival,
        standing: Standing,
        now: datetime,
        *,
        message_id: str,
    ) -> Change:
        """The change that an arrival makes; raises InputError for a consent that we refuse, naming what we refuse."""
        if arrival.act is Act.CONSENT:
            return await self._consent(inbox, unit, arrival, standing, now, message_id)
        if arrival.act is Act.MERGE:
            return await self._merging.prepare(inbox, arrival, standing, now)
        return await self._enrolment(inbox, arrival, standing, now)

    async def _consent(
        self,
        inbox: Inbox,
        unit: Unit,
        arrival: Arrival,
        standing: Standing,
        now: datetime,
        message_id: str,
    ) -> Change:
        resource = self._translate.consent(inbox, unit, arrival, now)
        name = (arrival.record_key or "",)
        keys = consent_keys(self._keyring, inbox.agreement, inbox.party, standing.keys, name)
        row, buried = await self._database.read(partial(earlier, keys=keys, resource=resource))
        if row is not None and row.person_key not in standing.keys:
            raise InputError([Issue(field_of(arrival, "record"), "consent-of-other-person")])
        if resource.get("status") == INACTIVE:
            ends = [consent for consent in standing.consents if _is_revoked(consent, inbox, arrival)]
            return await self.end(inbox.party, keys.tombstones, ends, standing, now)
        if buried:
            raise InputError([Issue(field_of(arrival, "record"), "consent-ended")])
        return await self.register(
            keys,
            1 if row is None else row.version + 1,
            resource,
            inbox.agreement,
            inbox.party,
            standing,
            now,
            cause=message_id,
            faults=faults_at_filing(resource, at=now, max_months=inbox.agreement.max_consent_months),
        )

    async def register(
        self,
        keys: ConsentKeys,
        version: int,
        resource: Mapping[str, Any],
        agreement: Agreement,
        registrar: Party,
        standing: Standing,
        now: datetime,
        *,
        cause: str,
        faults: Iterable[Issue] = (),
    ) -> Change:
        """A Consent, or its next version, in force as it stands. ``cause`` is the id of the message or request that files it.

        ``faults`` are what the caller found against it; raises InputError for these and for faults of liftings in it, all at once.
        """
        current = next((one for one in standing.consents if one.row.id == resource["id"]), None)
        if issues := (*faults, *self._liftings.faults(resource, current, now)):
            raise InputError(issues)
        filed = self._versions.sealed(
            ConsentRow(
                id=resource["id"],
                version=version,
                identifier_key=keys.identifier,
                person_key=standing.key,
                agreement=agreement.id,
                registrar_party=registrar.id,
                category=_category(resource),
                status=resource["status"],
                filed_at=now,
                sealed=b"",
            ),
            resource,
        )
        change = await changing(self._stopping, standing, [filed], registrar, now)
        lifted = new_liftings(resource, current, now)

        def file(connection: Connection) -> Stopped:
            self._liftings.note(connection, lifted, filed, agreement, registrar, cause)
            return change.apply(connection)

        return replace(
            change,
            apply=file,
            reference=f"Consent/{filed.row.id}/_history/{filed.row.version}",
            codes=(LIFTED,) if lifted else (),
            narrows=version > 1 or not permits(resource),
        )

    async def end(
        self,
        party: Party,
        tombstones: frozenset[str],
        ends: Sequence[StandingConsent],
        standing: Standing,
        now: datetime,
        *,
        status: str = INACTIVE,
    ) -> Change:
        """In force when answered, and for good: also when it came before the consent, or a second time.

        ``status`` says why: revoked (``inactive``), or ``entered-in-error``, which also one that has ended may be found to be.
        """
        ended = [
            self._versions.ended(consent, now, status)
            for consent in ends
            if consent.row.status not in {status, ENTERED_IN_ERROR}
        ]
        change = await changing(self._stopping, standing, ended, party, now)

        def revoke(connection: Connection) -> Stopped:
            for tombstone in sorted(tombstones):
                consents.tombstone_identifier(connection, tombstone, now)
            persons.raise_epoch(connection, standing.key)
            return change.apply(connection)

        reference = f"Consent/{ended[0].row.id}/_history/{ended[0].row.version}" if ended else None
        codes = () if ends else ("consent-not-seen-yet",)
        return replace(change, apply=revoke, reference=reference, codes=codes, narrows=True)

    async def _enrolment(self, inbox: Inbox, arrival: Arrival, standing: Standing, now: datetime) -> Change:
        """Closing an enrolment ends the reception's permits; what denies or blocks stays."""
        ends = arrival.ends_enrolment and inbox.agreement.consent_ends_with_enrolment
        ended = [
            self._versions.ended(consent, now)
            for consent in standing.consents
            if ends and consent.row.agreement == inbox.agreement.id and is_standing_permit(consent)
        ]
        codes = ("consents-ended",) if ended else ()
        change = await changing(self._stopping, standing, ended, inbox.party, now)
        return replace(change, codes=codes, narrows=arrival.ends_enrolment)


def _category(resource: Mapping[str, Any]) -> str:
    return str(resource["category"][0]["coding"][0]["code"])


def _is_revoked(consent: StandingConsent, inbox: Inbox, arrival: Arrival) -> bool:
    """Whether a revocation means this consent: any party may end a permit, its registrar alone what denies or blocks."""
    resource = consent.resource or {}
    named = {identifier.get("value") for identifier in resource.get("identifier", ())}
    return (
        consent.row.agreement == inbox.agreement.id
        and arrival.record_key in named
        and (consent.row.registrar_party == inbox.party.id or permits(resource))
    )
