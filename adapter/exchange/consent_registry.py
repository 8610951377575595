"""Consents filed, changed and ended by FHIR, in force when answered, by the same filing as a message's (gate.md, "Deciding" 6, 10)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement, Party
from adapter.domain.errors import InputError, Issue, Unreachable
from adapter.domain.identity import Identifier, PersonId
from adapter.domain.instants import Clock
from adapter.domain.records import NOBODY, OUR_ID
from adapter.domain.requester import Requester
from adapter.exchange import audit_events, audit_requests, trail
from adapter.exchange.attempts import Attempts
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.consent_changes import ConsentChanges, Entry, Step, Turn, nothing, turn_of
from adapter.exchange.consent_form import check_form, read_submission, registrant
from adapter.exchange.consent_keys import ConsentKeys, consent_keys, earlier
from adapter.exchange.consent_profile import ConsentProfile
from adapter.exchange.consent_wishes import Prepared, Wish, require_apart
from adapter.exchange.emergency import REFUSED, EmergencyAccess, is_emergency
from adapter.exchange.filing import Filing
from adapter.exchange.registration_events import RegistrationEvents
from adapter.exchange.registry_query import may_read
from adapter.exchange.standing import Registry, Standing, StandingMoved, patient_of
from adapter.exchange.stopping import Stopped
from adapter.exchange.trail import Trail
from adapter.gate.consent_head import person_identifier
from adapter.gate.enforce import disclose_consents
from adapter.gate.rules import ReleaseRules
from adapter.store import consents, persons
from adapter.store.consents import ConsentRow
from adapter.store.database import Database
from adapter.store.keys import Keyring

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Registration:
    """What became of an interaction, and the Consent as its registrar reads it now; ``stopped`` where it narrowed."""

    step: Step
    resource: Mapping[str, Any]
    stopped: Stopped | None = None


class ConsentRegistry:
    """The use case behind create and update of Consent."""

    def __init__(
        self,
        *,
        database: Database,
        keyring: Keyring,
        registry: Registry,
        filing: Filing,
        attempts: Attempts,
        agreements: Sequence[Agreement],
        emergency: EmergencyAccess,
        rules: ReleaseRules,
        profile: ConsentProfile,
        audit: Trail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._events = RegistrationEvents(keyring)
        self._registry = registry
        self._filing = filing
        self._attempts = attempts
        self._changes = ConsentChanges(
            database=database, keyring=keyring, filing=filing, rules=rules, profile=profile
        )
        self._agreements = {agreement.id: agreement for agreement in agreements}
        self._emergency = emergency
        self._rules = rules
        self._profile = profile
        self._trail = audit
        self._clock = clock

    async def create(
        self, requester: Requester, body: object, request_id: str, *, unless: Identifier | None = None
    ) -> Registration:
        """File a new Consent. ``unless`` is the business identifier of a conditional create: what it finds is answered as it is.

        Raises InputError (422 with every fault, 409 for an identifier in use, 400 for a condition on another identifier than the
        Consent's own, 403 for emergency access) and Unreachable.
        """
        [registration] = await self.file(requester, [Wish(body, unless=unless)], request_id) or ()
        return registration

    async def update(
        self, requester: Requester, consent_id: str, version: int, body: object, request_id: str
    ) -> Registration | None:
        """Change or end the Consent of that id, whose current version must be ``version``.

        None, audited, if there is no such Consent or the requester may not read it. Raises InputError (422 with every fault, 403
        where only the registrar may and for emergency access, 412 for another version) and Unreachable.
        """
        wish = Wish(body, consent_id=consent_id, version=version)
        filed = await self.file(requester, [wish], request_id)
        return None if filed is None else filed[0]

    async def file(
        self,
        requester: Requester,
        wishes: Sequence[Wish],
        request_id: str,
        begins: Callable[[], None] = lambda: None,
    ) -> tuple[Registration, ...] | None:
        """Create and update several Consents in one transaction: all of them, or none.

        None as ``update`` gives it, for the first that is not there; ``begins`` is called before each is looked for. Raises as these do,
        the faults of all together with the status of the first; of several also ``several-of-one-person`` (each changes what the others
        were prepared on), and what would wait for a second person (422).
        """
        for _ in range(_TRIES):
            now = self._clock()
            prepared: list[Prepared] = []
            refused: list[InputError] = []
            for wish in wishes:
                begins()
                try:
                    one = await self._prepared(requester, wish, request_id, now)
                except InputError as error:
                    refused.append(wish.placed(error))
                    continue
                if one is None:
                    return None
                prepared.append(one)
            if refused:
                raise InputError((it for error in refused for it in error.issues), refused[0].status)
            require_apart(prepared)
            if (registrations := await self._committed(prepared, now)) is not None:
                return registrations
        raise Unreachable("standing-keeps-moving")

    async def _prepared(
        self, requester: Requester, wish: Wish, request_id: str, now: datetime
    ) -> Prepared | None:
        resource = await asyncio.to_thread(check_form, wish.body, self._profile)
        await self._require_no_emergency(requester, resource, request_id)
        if wish.consent_id is None:
            turn, party = await self._creation(requester, resource, wish.unless, request_id, now)
            return Prepared(wish, turn, self._events.of(turn, "create", requester, request_id, now), party)
        find = partial(self._entry, consent_id=wish.consent_id, requester=requester)
        entry = await self._database.read(find)
        if isinstance(entry, PersonId):
            await self._refuse(requester, wish.consent_id, entry, request_id, now)
            return None
        if entry.consent.row.version != wish.version:
            raise InputError([Issue("http.If-Match", "version-conflict")], status=412)
        turn = await self._changes.prepare(requester, entry, resource, now, request_id)
        return Prepared(wish, turn, self._events.of(turn, "update", requester, request_id, now), entry.party)

    async def _creation(
        self,
        requester: Requester,
        resource: Mapping[str, Any],
        unless: Identifier | None,
        request_id: str,
        now: datetime,
    ) -> tuple[Turn, Party]:
        """The turn of a create, and who registers."""
        if unless is not None and not _has_identifier(resource, unless):
            raise InputError([Issue("http.If-None-Exist", "condition-of-other-identifier")], status=400)
        agreement, party = registrant(resource, requester.organization, self._agreements.values(), now)
        submission = await asyncio.to_thread(
            read_submission, resource, agreement, now, self._rules, self._profile
        )
        standing = await self._database.read(partial(self._registry.standing, person=submission.person))
        keys = consent_keys(self._keyring, agreement, party, standing.keys, submission.name)
        found = await self._database.read(partial(earlier, keys=keys, resource=submission.resource))
        turn = self._existing(found, standing, is_conditional=unless is not None)
        if turn is None:
            kept = {"resourceType": "Consent", "id": keys.id} | dict(submission.resource)
            change = await self._filing.register(
                keys, 1, kept, agreement, party, standing, now, cause=request_id
            )
            turn = turn_of(Step.CREATED, standing, change, partial(_require_unused, keys, kept))
        return turn, party

    async def _require_no_emergency(
        self, requester: Requester, resource: Mapping[str, Any], request_id: str
    ) -> None:
        """Whoever states emergency access files nothing, and learns nothing of what is there."""
        if is_emergency(requester):
            now = self._clock()
            person = person_identifier(resource.get("patient", {}).get("identifier"), now)
            key = None if person is None else self._keyring.person_key(person)
            act = audit_events.Act(now, key, request_id)
            await self._emergency.refuse(self._database, act, requester)
            raise InputError([Issue("http.Authorization", REFUSED)], status=403)

    def _entry(self, connection: Connection, *, consent_id: str, requester: Requester) -> Entry | PersonId:
        """The Consent and who asks; the person alone, whoever that is, where the requester is to learn nothing."""
        is_ours = OUR_ID.fullmatch(consent_id) is not None
        row = consents.consent_by_id(connection, consent_id) if is_ours else None
        consent = None if row is None else self._registry.opened(row)
        person = None if consent is None else patient_of(consent.resource)
        if consent is None or person is None:
            return PersonId(NOBODY, consent_id)
        agreement = self._agreements.get(consent.row.agreement or "")
        party = None if agreement is None else agreement.party_of(requester.organization)
        if agreement is None or party is None or not may_read(consent, party):
            return person
        return Entry(consent, agreement, party, self._registry.standing(connection, person))

    def _existing(
        self, found: tuple[ConsentRow | None, bool], standing: Standing, *, is_conditional: bool
    ) -> Turn | None:
        """What stands in the way of a create; None if nothing does."""
        row, has_ended = found
        if row is not None and is_conditional and row.person_key in standing.keys:
            return Turn(Step.EXISTED, standing, self._registry.opened(row), nothing)
        if row is not None:
            raise InputError([Issue("Consent.identifier", "identifier-in-use")], status=409)
        if has_ended:
            raise InputError([Issue("Consent.identifier", "consent-ended")])
        return None

    async def _committed(
        self, prepared: Sequence[Prepared], now: datetime
    ) -> tuple[Registration, ...] | None:
        """All took effect, with their audit, and the attempts that had left have ended; None: prepare them anew, a standing has moved."""

        def commit(connection: Connection) -> list[Stopped | None]:
            # Before the rows and the chain, as everywhere (exclusion.py).
            persons.alone_with(connection, [key for it in prepared for key in it.turn.standing.keys])
            if any(it.turn.standing.has_moved(connection) for it in prepared):
                raise StandingMoved("standing-moved")
            stopped = [it.turn.apply(connection) for it in prepared]
            rows = [trail.row(AuditKind.FILED, it.turn.standing.key, now, it.event) for it in prepared]
            self._trail.append(connection, rows)
            return stopped

        try:
            stopped = await self._database.write(commit)
        except StandingMoved:
            return None
        return tuple(
            [await self._registered(it, ended, now) for it, ended in zip(prepared, stopped, strict=True)]
        )

    async def _registered(self, one: Prepared, stopped: Stopped | None, now: datetime) -> Registration:
        if stopped is not None:
            stopped = await self._attempts.outlast(stopped, one.turn.standing.keys, one.party)
        return Registration(one.turn.step, self._shown(one.turn, now), stopped)

    async def _refuse(
        self, requester: Requester, consent_id: str, person: PersonId, request_id: str, now: datetime
    ) -> None:
        key = self._keyring.person_key(person)
        event = audit_requests.registration(
            audit_events.Act(now, key, request_id),
            requester,
            "update",
            f"Consent/{consent_id}",
            audit_events.MINOR_FAILURE,
        )
        rows = [trail.row(AuditKind.FILED, key, now, event)]
        await self._database.write(partial(self._trail.append, rows=rows))

    def _shown(self, turn: Turn, now: datetime) -> Mapping[str, Any]:
        consent, person = turn.consent.resource or {}, turn.standing.person
        released = disclose_consents((consent,), person=person, reader=None, at=now, rules=self._rules)
        return released.resources[0]


def _require_unused(keys: ConsentKeys, resource: Mapping[str, Any], connection: Connection) -> None:
    """Asked once more in the transaction: the identifier may have come into use for somebody else meanwhile."""
    if earlier(connection, keys, resource) != (None, False):
        raise StandingMoved("identifier-in-use")


def _has_identifier(resource: Mapping[str, Any], wanted: Identifier) -> bool:
    return any(
        (identifier.get("system"), identifier.get("value")) == (wanted.system, wanted.value)
        for identifier in resource.get("identifier", ())
    )
