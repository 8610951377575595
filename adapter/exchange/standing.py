"""How a person stands: the consents, protection and epochs that a decision rests on, read in one go and asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import Connection

from adapter.domain.errors import ContentUnreadable, SambroError
from adapter.domain.identity import HSA_ID, Identifier, PersonId
from adapter.domain.instants import stockholm_date
from adapter.domain.requester import Requester
from adapter.exchange.passage import Passage
from adapter.gate.consent import CompiledConsent, compile_consent
from adapter.gate.decision import Decision, Registered, Verdict, decide
from adapter.gate.lawful_ground import FiledRelease, decide_on_grounds
from adapter.gate.request import OSL_WAIVER, AccessRequest, Code, Side
from adapter.gate.residual import residual_of
from adapter.store import consents, lawful_grounds, persons
from adapter.store.consents import ConsentRow
from adapter.store.keys import Keyring
from adapter.store.lawful_grounds import GroundRow
from adapter.store.persons import Epochs

_COMPILED_MOST = 10_000
_JOINED_MOST = 3


@dataclass(frozen=True, slots=True)
class StandingConsent:
    """A current consent: its row, the FHIR resource (None if it cannot be opened) and its compiled form."""

    row: ConsentRow
    resource: Mapping[str, Any] | None
    compiled: CompiledConsent


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the gate said of one passage: the question and the decision.

    ``releases`` are those without consent that it rests on.
    """

    passage: Passage
    request: AccessRequest
    decision: Decision
    releases: tuple[FiledRelease, ...] = ()

    @property
    def is_permit(self) -> bool:
        """Whether something may be released."""
        return self.decision.verdict is Verdict.PERMIT


@dataclass(frozen=True, slots=True)
class Standing:
    """How one person stands. ``key`` is the person key, ``keys`` those of every number joined by merge."""

    person: PersonId
    key: str
    keys: frozenset[str]
    epochs: Epochs
    protection: frozenset[str]
    consents: tuple[StandingConsent, ...]
    releases: tuple[FiledRelease, ...] = ()
    _decided: dict[tuple[str, AccessRequest], tuple[Decision, tuple[FiledRelease, ...]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def numbers(self) -> frozenset[PersonId]:
        """Every number of the person that merges joined and a consent names."""
        named = (patient_of(consent.resource) for consent in self.consents)
        return frozenset(number for number in named if number is not None) | {self.person}

    def ask(
        self,
        passage: Passage,
        purposes: tuple[str, ...],
        at: datetime,
        *,
        category: frozenset[Code] = OSL_WAIVER,
        requester: Requester | None = None,
    ) -> Ruling:
        """What the gate says of one passage. ``requester`` adds who asks in person, in which roles, and what its token's rules take away."""
        request = AccessRequest(
            person=self.person,
            also_known_as=self.numbers - {self.person},
            agreement=passage.agreement.id,
            sender=Side(frozenset(passage.sender.identifiers), passage.sender_unit.identifier),
            recipient=Side(
                frozenset(passage.recipient.identifiers),
                passage.recipient_unit.identifier,
                requester.practitioner if requester else None,
                frozenset(requester.roles) if requester else frozenset(),
            ),
            category=category,
            purposes=purposes,
            record_types=frozenset(passage.record_types),
            at=at,
        )
        decision, releases = self._decision(passage, request)
        if requester is not None and requester.residual is not None:
            decision = residual_of(requester.residual).narrow(decision, self.person)
        return Ruling(passage, request, decision, releases)

    def still_grants(self, ruling: Ruling, at: datetime, requester: Requester | None = None) -> bool:
        """Whether a permit of this standing would be given at another instant too, and as wide; ``requester`` as in ``ask``."""
        if not ruling.passage.agreement.is_valid_on(stockholm_date(at)):
            return False
        given = ruling.decision
        again = self.ask(ruling.passage, ruling.request.purposes, at, requester=requester).decision
        return (again.verdict, again.consents, again.scope) == (given.verdict, given.consents, given.scope)

    def _decision(
        self, passage: Passage, request: AccessRequest
    ) -> tuple[Decision, tuple[FiledRelease, ...]]:
        # Passages that differ in mode alone (forward, hold) put the same question.
        question = passage.sender.id, request
        if question not in self._decided:
            self._decided[question] = self._decide(passage, request)
        return self._decided[question]

    def _decide(self, passage: Passage, request: AccessRequest) -> tuple[Decision, tuple[FiledRelease, ...]]:
        """By consent, or where that permits nothing by a release without it."""
        registered = self.registered(passage)
        decision = decide(request, registered)
        if decision.verdict is Verdict.PERMIT:
            return decision, ()
        grounded = decide_on_grounds(request, self.releases, registered, sender_kind=passage.sender.kind)
        if grounded is None:
            return decision, ()
        alert = decision.alert or grounded.decision.alert
        return replace(grounded.decision, alert=alert), grounded.releases

    def registered(self, passage: Passage) -> tuple[Registered, ...]:
        """The consents as they count for a passage: a permit only if its registrar may open the sender's records."""
        return tuple(
            Registered(
                consent.compiled,
                consent.row.agreement == passage.agreement.id
                and consent.row.registrar_party in passage.sender.consent_from,
            )
            for consent in self.consents
        )

    def has_moved(self, connection: Connection) -> bool:
        """Whether anything that bears on a decision has changed since; asked in the transaction that uses one.

        Nothing changes then until that transaction ends.
        """
        persons.alone_with(connection, self.keys)
        return persons.epochs(connection, self.key) != self.epochs

    def after(self, changed: Iterable[StandingConsent]) -> Standing:
        """The same standing once ``changed`` are the current versions of their consents."""
        newer = {consent.row.id: consent for consent in changed}
        kept = tuple(consent for consent in self.consents if consent.row.id not in newer)
        return replace(self, consents=kept + tuple(newer.values()))


class StandingMoved(SambroError):
    """A standing changed between its reading and its use: read it anew."""


class Registry:
    """Reads standings; a consent is opened and compiled once, however often it is read."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        # Keyed by id and version, which never change their content.
        self._compile = lru_cache(_COMPILED_MOST)(self._open)

    def standing(self, connection: Connection, person: PersonId) -> Standing:
        """How a person stands on this connection's snapshot; one whom nobody knows has no consents."""
        key = self._keyring.person_key(person)
        state = persons.state_of(connection, key)
        return Standing(
            person=person,
            key=key,
            keys=state.keys,
            epochs=state.epochs,
            protection=state.protection,
            consents=tuple(self._compile(row) for row in consents.consents_of(connection, state.keys)),
            releases=tuple(_release(row) for row in lawful_grounds.grounds_of(connection, state.keys)),
        )

    def joined(
        self,
        connection: Connection,
        standing: Standing,
        agreement: str,
        is_readable: Callable[[StandingConsent], bool],
    ) -> Sequence[PersonId]:
        """The other numbers that merges joined to the person's, as far as a readable Consent of an agreement ever named them; a few."""
        keys = sorted(standing.keys - {standing.key})
        named = (self._named(connection, key, agreement, is_readable) for key in keys)
        return list(islice((number for number in named if number is not None), _JOINED_MOST))

    def _named(
        self,
        connection: Connection,
        key: str,
        agreement: str,
        is_readable: Callable[[StandingConsent], bool],
    ) -> PersonId | None:
        """The number of a person key, as the readable Consents tell it that were filed under it."""
        filed = map(self.opened, consents.last_filed(connection, key, agreement))
        named = (patient_of(consent.resource) for consent in filed if is_readable(consent))
        return next((it for it in named if it is not None and self._keyring.person_key(it) == key), None)

    def opened(self, row: ConsentRow) -> StandingConsent:
        """One version of a Consent, current or not."""
        return self._compile(row)

    def _open(self, row: ConsentRow) -> StandingConsent:
        try:
            plain = self._keyring.open_registry(row.sealed, row=consent_row(row.id, row.version))
            resource: Mapping[str, Any] | None = orjson.loads(plain)
        except (ContentUnreadable, orjson.JSONDecodeError):
            resource = None
        return StandingConsent(row, resource, compile_consent(resource, at=row.filed_at))


def _release(row: GroundRow) -> FiledRelease:
    return FiledRelease(
        id=row.id,
        ground=row.ground,
        agreement=row.agreement,
        sender_unit=Identifier(HSA_ID, row.sender_unit),
        recipient_unit=Identifier(HSA_ID, row.recipient_unit),
        record_types=frozenset(row.record_types),
        filed_at=row.filed_at,
        ends_at=row.ends_at,
    )


def consent_row(consent_id: str, version: int) -> str:
    """What binds a sealed consent to its row."""
    return f"Consent/{consent_id}/{version}"


def patient_of(resource: Mapping[str, Any] | None) -> PersonId | None:
    """Whom a consent of the registry is about, or None if it cannot be read."""
    identifier = ((resource or {}).get("patient") or {}).get("identifier") or {}
    system, value = identifier.get("system"), identifier.get("value")
    return PersonId(system, value) if isinstance(system, str) and isinstance(value, str) else None
