"""What takes effect when it is accepted: consents given, changed and revoked, enrolments that end, numbers that merge.

A change is prepared outside the transaction (mapped, checked, sealed) and applied inside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement, Party, Unit
from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import PERSONNUMMER, SAMORDNINGSNUMMER, PersonId
from adapter.exchange.consent_keys import ConsentKeys, consent_keys, earlier, permits
from adapter.exchange.consent_versions import ENTERED_IN_ERROR, INACTIVE, ConsentVersions
from adapter.exchange.inbox import Inbox
from adapter.exchange.lifting import LIFTED, Liftings, new_liftings
from adapter.exchange.own_form import field_of
from adapter.exchange.ports import Act, Arrival
from adapter.exchange.standing import Registry, Standing, StandingConsent, StandingMoved
from adapter.exchange.stopping import Stop, Stopped, Stopping
from adapter.exchange.translate import Translate
from adapter.gate.consent import ENDED, faults_at_filing
from adapter.store import consents, lawful_grounds, persons
from adapter.store.consents import ConsentRow
from adapter.store.database import Database
from adapter.store.keys import Keyring


@dataclass(frozen=True, slots=True)
class Change:
    """What a message changes: applied in its accept transaction. ``reference`` is what came into force, for the audit.

    ``narrows``: it may end what deliveries stand on (a revocation, block, deny or change, a closed enrolment), so that whoever sent
    it is told what it stopped, once the attempts that had left have ended. ``filed`` are the versions that it files.
    """

    apply: Callable[[Connection], Stopped]
    reference: str | None = None
    codes: tuple[str, ...] = ()
    narrows: bool = False
    filed: tuple[StandingConsent, ...] = ()


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
        self._registry = registry
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
            return await self._merge(inbox, arrival, standing, now)
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
        apply = await self._apply([filed], standing, registrar, now)
        lifted = new_liftings(resource, current, now)

        def file(connection: Connection) -> Stopped:
            self._liftings.note(connection, lifted, filed, agreement, registrar, cause)
            return apply(connection)

        return Change(
            file,
            f"Consent/{filed.row.id}/_history/{filed.row.version}",
            (LIFTED,) if lifted else (),
            narrows=version > 1 or not permits(resource),
            filed=(filed,),
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
        apply = await self._apply(ended, standing, party, now)

        def revoke(connection: Connection) -> Stopped:
            for tombstone in sorted(tombstones):
                consents.tombstone_identifier(connection, tombstone, now)
            persons.raise_epoch(connection, standing.key)
            return apply(connection)

        reference = f"Consent/{ended[0].row.id}/_history/{ended[0].row.version}" if ended else None
        codes = () if ends else ("consent-not-seen-yet",)
        return Change(revoke, reference, codes, narrows=True, filed=tuple(ended))

    async def _enrolment(self, inbox: Inbox, arrival: Arrival, standing: Standing, now: datetime) -> Change:
        """Closing an enrolment ends the reception's permits; what denies or blocks stays."""
        ends = arrival.ends_enrolment and inbox.agreement.consent_ends_with_enrolment
        ended = [
            self._versions.ended(consent, now)
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
                or consent.row.status in ENDED
            ):
                continue
            if not _is_standing_permit(consent) or _may_move(consent, inbox, ceasing, arrival.person):
                moved.append(self._versions.moved(consent, standing, arrival.person, now))
            else:
                lapsed.append(self._versions.ended(consent, now))
        before = replace(old.after(moved), releases=())
        apply = await self._apply([*moved, *lapsed], before, inbox.party, now)
        joined = standing.after(old.after([*moved, *lapsed]).consents)
        stop_both = await self._stop_both(old, joined, inbox.party, now)

        def merge(connection: Connection) -> Stopped:
            if old.has_moved(connection):
                raise StandingMoved("standing-moved")
            persons.merge(connection, old.key, standing.key, now)
            lawful_grounds.lapse(connection, old.keys | standing.keys, now)
            stopped = apply(connection)
            stop_both(connection)
            return stopped

        return Change(merge, None, ("consents-lapsed",) if lapsed else ())

    async def _stop_both(self, old: Standing, new: Standing, party: Party, now: datetime) -> Stop:
        """What a block, deny or flag of one number stops of the other's, once they are one person with the consents of ``new``."""
        both = replace(new, keys=old.keys | new.keys, releases=())
        before = replace(both, protection=old.protection & new.protection)
        after = replace(both, protection=old.protection | new.protection)
        return await self._stopping.prepare(before, after, party, now)

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


def _category(resource: Mapping[str, Any]) -> str:
    return str(resource["category"][0]["coding"][0]["code"])


def _is_standing_permit(consent: StandingConsent) -> bool:
    """Whether a consent opens something: what cannot be read, denies or blocks is kept wherever it narrows."""
    return consent.row.status not in ENDED and permits(consent.resource)


def _is_revoked(consent: StandingConsent, inbox: Inbox, arrival: Arrival) -> bool:
    """Whether a revocation means this consent: any party may end a permit, its registrar alone what denies or blocks."""
    resource = consent.resource or {}
    named = {identifier.get("value") for identifier in resource.get("identifier", ())}
    return (
        consent.row.agreement == inbox.agreement.id
        and arrival.record_key in named
        and (consent.row.registrar_party == inbox.party.id or permits(resource))
    )


def _may_move(consent: StandingConsent, inbox: Inbox, ceasing: PersonId, surviving: PersonId) -> bool:
    """A permit moves from samordningsnummer to personnummer only, announced by its own registrar (gate.md, "Deciding" 11)."""
    return (
        ceasing.system == SAMORDNINGSNUMMER
        and surviving.system == PERSONNUMMER
        and consent.row.registrar_party == inbox.party.id
        and consent.row.agreement == inbox.agreement.id
    )
