"""How a Consent of the registry changes by FHIR: a next version, an end, or a correction that a second person confirms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement, Party
from adapter.domain.errors import InputError, Issue
from adapter.domain.requester import Requester
from adapter.exchange.change import Change
from adapter.exchange.consent_form import Submission, read_submission
from adapter.exchange.consent_keys import consent_keys, names_of, permits
from adapter.exchange.consent_profile import ConsentProfile
from adapter.exchange.consent_versions import ENTERED_IN_ERROR, INACTIVE
from adapter.exchange.filing import Filing
from adapter.exchange.standing import Standing, StandingConsent
from adapter.exchange.stopping import Stopped
from adapter.gate.consent import ENDED, compile_consent
from adapter.gate.rules import ReleaseRules
from adapter.store import corrections
from adapter.store.database import Database
from adapter.store.keys import Keyring

_ACTIVE: Final = "active"
_AWAITED: Final = timedelta(days=7)
"""How long a request to mark something as entered in error waits for a second person."""


class Step(StrEnum):
    """What became of an interaction."""

    CREATED = "created"
    EXISTED = "existed"
    """A conditional create found the Consent there."""
    UPDATED = "updated"
    AWAITS_SECOND_PERSON = "second-person-awaited"
    """Nothing has changed: somebody else must confirm that it was entered in error."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A Consent of the registry, as whoever asks for a change stands to it."""

    consent: StandingConsent
    agreement: Agreement
    party: Party
    standing: Standing

    @property
    def is_registrar(self) -> bool:
        """Whether the party that asks is the one that registered it."""
        return self.consent.row.registrar_party == self.party.id


@dataclass(frozen=True, slots=True)
class Turn:
    """What one interaction is about to commit; ``apply`` says what it stopped, if it narrows."""

    step: Step
    standing: Standing
    consent: StandingConsent
    apply: Callable[[Connection], Stopped | None]


def nothing(_connection: Connection) -> None:
    """What a repeat changes."""


def turn_of(
    step: Step, standing: Standing, change: Change, also: Callable[[Connection], None] = nothing
) -> Turn:
    """The turn that files a change; ``also`` comes first in the same transaction."""

    def apply(connection: Connection) -> Stopped | None:
        also(connection)
        stopped = change.apply(connection)
        return stopped if change.narrows else None

    return Turn(step, standing, change.filed[0], apply)


class ConsentChanges:
    """Prepares the turn that an update takes; it is committed by ConsentRegistry."""

    def __init__(
        self,
        *,
        database: Database,
        keyring: Keyring,
        filing: Filing,
        rules: ReleaseRules,
        profile: ConsentProfile,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._filing = filing
        self._rules = rules
        self._profile = profile

    async def prepare(
        self, requester: Requester, entry: Entry, resource: Mapping[str, Any], now: datetime, request_id: str
    ) -> Turn:
        """What an update does: files the next version, ends the Consent, or waits for a second person.

        Raises InputError: 403 where only the registrar may, 422 with every fault.
        """
        status = resource["status"]
        if not entry.is_registrar and not (status == INACTIVE and permits(entry.consent.resource)):
            raise InputError([Issue("Consent.status", "registrar-only")], status=403)
        if status == entry.consent.row.status and status in ENDED:
            return Turn(Step.UPDATED, entry.standing, entry.consent, nothing)
        if status == ENTERED_IN_ERROR:
            return await self._correction(requester, entry, now)
        if entry.consent.row.status in ENDED:
            raise InputError([Issue("Consent.status", "consent-ended")])
        if status == INACTIVE:
            return await self._ending(entry, INACTIVE, now)
        return await self._revision(entry, resource, now, request_id)

    async def _revision(
        self, entry: Entry, resource: Mapping[str, Any], now: datetime, request_id: str
    ) -> Turn:
        submission = await asyncio.to_thread(
            read_submission,
            resource,
            entry.agreement,
            now,
            self._rules,
            self._profile,
            entry.consent.resource,
        )
        if issues := tuple(_moved(entry, submission, now)):
            raise InputError(issues)
        row, standing = entry.consent.row, entry.standing
        keys = consent_keys(self._keyring, entry.agreement, entry.party, standing.keys, submission.name)
        kept = {"resourceType": "Consent", "id": row.id} | dict(submission.resource)
        change = await self._filing.register(
            keys, row.version + 1, kept, entry.agreement, entry.party, standing, now, cause=request_id
        )
        return turn_of(Step.UPDATED, standing, change)

    async def _ending(
        self, entry: Entry, status: str, now: datetime, also: Callable[[Connection], None] = nothing
    ) -> Turn:
        """Ended for good, its terms as they stood, whatever else was sent: a revocation states no terms."""
        row, registrar = entry.consent.row, entry.agreement.party(entry.consent.row.registrar_party)
        tombstones = {row.identifier_key}
        for name in names_of(entry.consent.resource or {}):
            keys = consent_keys(self._keyring, entry.agreement, registrar, entry.standing.keys, name)
            tombstones |= keys.revoked
        change = await self._filing.end(
            entry.party, frozenset(tombstones), [entry.consent], entry.standing, now, status=status
        )
        return turn_of(Step.UPDATED, entry.standing, change, also)

    async def _correction(self, requester: Requester, entry: Entry, now: datetime) -> Turn:
        """Entered in error. What narrowed, or had been revoked, two persons must say so: the first asks, another confirms."""
        row = entry.consent.row
        if row.status == _ACTIVE and permits(entry.consent.resource):
            return await self._ending(entry, ENTERED_IN_ERROR, now)
        if requester.practitioner is None:
            raise InputError([Issue("Consent.status", "practitioner-required")])
        person = requester.practitioner
        own = self._keyring.record_id("practitioner", person.system, person.value)
        asked_by = await self._database.read(
            partial(corrections.asked_by, consent_id=row.id, version=row.version, since=now - _AWAITED)
        )
        if asked_by in (None, own):
            ask = partial(corrections.ask, consent_id=row.id, version=row.version, asked_by=own, now=now)
            return Turn(Step.AWAITS_SECOND_PERSON, entry.standing, entry.consent, ask)
        settle = partial(corrections.settle, consent_id=row.id)
        return await self._ending(entry, ENTERED_IN_ERROR, now, settle)


def _moved(entry: Entry, submission: Submission, now: datetime) -> Iterator[Issue]:
    """What says which Consent it is, or which way it points: for another there, file another Consent."""
    before, after = entry.consent.compiled, compile_consent(submission.resource, at=now)
    was, becomes = before.root, after.root
    pairs = {
        "identifier": (list(names_of(entry.consent.resource or {})), [submission.name]),
        "patient": (submission.person in entry.standing.numbers, True),
        "extension": (before.agreement, after.agreement),
        "category": (before.categories, after.categories),
        "provision.type": (was and was.effect, becomes and becomes.effect),
    }
    for path, (old, new) in pairs.items():
        if old != new:
            yield Issue(f"Consent.{path}", "element-fixed")
