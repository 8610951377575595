"""Two numbers become one person (ADT^A40): Consents move or lapse, and what either number waits for is decided under both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from adapter.domain.agreement import Party
from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import PERSONNUMMER, SAMORDNINGSNUMMER, PersonId
from adapter.exchange.change import Change, changing
from adapter.exchange.consent_keys import is_standing_permit
from adapter.exchange.consent_versions import ConsentVersions
from adapter.exchange.inbox import Inbox
from adapter.exchange.ports import Arrival
from adapter.exchange.standing import Registry, Standing, StandingConsent, StandingMoved
from adapter.exchange.stopping import Stop, Stopped, Stopping
from adapter.gate.consent import ENDED
from adapter.store import lawful_grounds, persons
from adapter.store.database import Database


@dataclass(frozen=True, slots=True)
class Merging:
    """Prepares what a merge changes."""

    database: Database
    registry: Registry
    versions: ConsentVersions
    stopping: Stopping

    async def prepare(self, inbox: Inbox, arrival: Arrival, standing: Standing, now: datetime) -> Change:
        """Denies and blocks move to the number that goes on, permits only where ``_may_move`` says so; the others lapse."""
        ceasing = arrival.superseded
        if ceasing is None:
            raise InputError([Issue("MRG-1", "required")])
        old = await self.database.read(partial(self.registry.standing, person=ceasing))
        moved, lapsed = [], []
        for consent in _in_force(old, standing):
            if not is_standing_permit(consent) or _may_move(consent, inbox, ceasing, arrival.person):
                moved.append(self.versions.moved(consent, standing, arrival.person, now))
            else:
                lapsed.append(self.versions.ended(consent, now))
        before = replace(old.after(moved), releases=())
        change = await changing(self.stopping, before, [*moved, *lapsed], inbox.party, now)
        both = _joined(change.after, standing)
        stops = [await self._stop(one, both, inbox.party, now) for one in (change.after, standing)]

        def merge(connection: Connection) -> Stopped:
            if old.has_moved(connection):
                raise StandingMoved("standing-moved")
            persons.merge(connection, old.key, standing.key, now)
            lawful_grounds.lapse(connection, old.keys | standing.keys, now)
            stopped = change.apply(connection)
            for stop in stops:
                stop(connection)
            return stopped

        return replace(change, apply=merge, after=both, codes=("consents-lapsed",) if lapsed else ())

    async def _stop(self, one: Standing, both: Standing, party: Party, now: datetime) -> Stop:
        """What a block, deny or flag of the other number stops of what waits under one of them."""
        return await self.stopping.prepare(one, replace(both, keys=one.keys), party, now)


def _in_force(old: Standing, new: Standing) -> Iterator[StandingConsent]:
    """What a merge moves or ends: Consents that can be read, are not the surviving number's own and have not ended."""
    for consent in old.consents:
        is_own = consent.row.person_key == new.key
        if consent.resource is not None and not is_own and consent.row.status not in ENDED:
            yield consent


def _joined(old: Standing, new: Standing) -> Standing:
    """How the person stands by the number that goes on: Consents and flags of both, no release without consent of either."""
    return replace(
        new.after(old.consents),
        keys=old.keys | new.keys,
        protection=old.protection | new.protection,
        releases=(),
    )


def _may_move(consent: StandingConsent, inbox: Inbox, ceasing: PersonId, surviving: PersonId) -> bool:
    """A permit moves from samordningsnummer to personnummer only, announced by its own registrar (gate.md, "Deciding" 11)."""
    return (
        ceasing.system == SAMORDNINGSNUMMER
        and surviving.system == PERSONNUMMER
        and consent.row.registrar_party == inbox.party.id
        and consent.row.agreement == inbox.agreement.id
    )
