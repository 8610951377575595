"""Consents by FHIR: readable only by the party that registered one and the parties that it names (gate.md, "Deciding" 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement, Party
from adapter.domain.errors import Unreachable
from adapter.domain.identity import PersonId
from adapter.domain.instants import Clock
from adapter.domain.records import OUR_ID
from adapter.exchange import audit_events, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.emergency import EmergencyAccess, is_emergency
from adapter.exchange.question import Found, Question, access_event
from adapter.exchange.standing import Registry, Standing, StandingConsent, StandingMoved, patient_of
from adapter.exchange.trail import Trail
from adapter.gate.enforce import disclose_consents
from adapter.gate.rules import ReleaseRules
from adapter.store import consents
from adapter.store.database import Database

_TRIES: Final = 5
_Looked = tuple[Standing, Sequence[StandingConsent]]


class RegistryQuery:
    """The use case behind reads and searches of Consent."""

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        agreements: Sequence[Agreement],
        rules: ReleaseRules,
        emergency: EmergencyAccess,
        audit: Trail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._registry = registry
        self._agreements = {agreement.id: agreement for agreement in agreements}
        self._rules = rules
        self._emergency = emergency
        self._trail = audit
        self._clock = clock

    async def person_of(self, consent_id: str) -> PersonId | None:
        """Whom a Consent is about; None if there is none of that id."""
        if not OUR_ID.fullmatch(consent_id):
            return None
        row = await self._database.read(partial(consents.consent_by_id, consent_id=consent_id))
        return None if row is None else patient_of(self._registry.opened(row).resource)

    async def search(self, question: Question, matches: Callable[[Mapping[str, Any]], bool]) -> Found:
        """The person's consents that the requester may read and that match; none for emergency access. Raises Unreachable."""
        return await self._answer(question, partial(self._current, question=question), matches)

    async def version(self, question: Question, consent_id: str, version: int) -> Found:
        """One version of a Consent, for whoever may read both it and the current one. Raises Unreachable."""
        look = partial(self._version, question=question, consent_id=consent_id, version=version)
        return await self._answer(question, look, lambda _: True)

    async def _answer(
        self,
        question: Question,
        look: Callable[[Connection], _Looked],
        matches: Callable[[Mapping[str, Any]], bool],
    ) -> Found:
        self._emergency.alert(question.requester)
        for _ in range(_TRIES):
            standing, looked_at = await self._database.read(look)
            released = disclose_consents(
                tuple(self._readable(question, looked_at)),
                person=standing.person,
                reader=question.requester.unit,
                at=self._clock(),
                rules=self._rules,
            )
            found = tuple(resource for resource in released.resources if matches(resource))
            try:
                await self._database.write(
                    partial(self._commit, question=question, standing=standing, found=found)
                )
            except StandingMoved:
                continue
            return Found(found, None)
        raise Unreachable("standing-keeps-moving")

    def _current(self, connection: Connection, *, question: Question) -> _Looked:
        standing = self._registry.standing(connection, question.person)
        return standing, standing.consents

    def _version(
        self, connection: Connection, *, question: Question, consent_id: str, version: int
    ) -> _Looked:
        standing = self._registry.standing(connection, question.person)
        current = [consent for consent in standing.consents if consent.row.id == consent_id]
        is_readable = any(self._readable(question, current))
        row = consents.consent_version(connection, consent_id, version) if is_readable else None
        return standing, [] if row is None else [self._registry.opened(row)]

    def _readable(
        self, question: Question, looked_at: Iterable[StandingConsent]
    ) -> Iterator[Mapping[str, Any]]:
        if is_emergency(question.requester):
            return
        for consent in looked_at:
            agreement = self._agreements.get(consent.row.agreement or "")
            party = None if agreement is None else agreement.party_of(question.requester.organization)
            if consent.resource is not None and party is not None and may_read(consent, party):
                yield consent.resource

    def _commit(
        self,
        connection: Connection,
        *,
        question: Question,
        standing: Standing,
        found: Sequence[Mapping[str, Any]],
    ) -> None:
        if standing.has_moved(connection):
            raise StandingMoved("standing-moved")
        now = self._clock()
        event = access_event(question, standing.key, now, is_found=bool(found))
        self._trail.append(connection, [trail.row(AuditKind.ACCESS, standing.key, now, event)])
        act = audit_events.Act(now, standing.key, question.request_id)
        self._emergency.note(connection, act, question.requester)


def may_read(consent: StandingConsent, party: Party) -> bool:
    """The registrar, and the parties that the Consent names as sender or recipient."""
    own = {(identifier.system, identifier.value) for identifier in party.identifiers}
    own |= {(unit.identifier.system, unit.identifier.value) for unit in party.units}
    return consent.row.registrar_party == party.id or not own.isdisjoint(_named(consent.resource or {}))


def _named(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    provision = resource.get("provision", {})
    references = [
        *resource.get("organization", ()),
        *(actor.get("reference", {}) for actor in provision.get("actor", ())),
    ]
    for reference in references:
        identifier = reference.get("identifier", {})
        yield identifier.get("system", ""), identifier.get("value", "")
