"""Answer a query: decide before any source is touched, read live or from the hold, release, audit, and only then answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement
from adapter.domain.errors import Unreachable
from adapter.domain.identity import PersonId
from adapter.domain.instants import Clock, stockholm_date
from adapter.domain.records import OUR_ID, RESOURCE_TYPES, RecordType
from adapter.domain.requester import Requester
from adapter.exchange import audit_events, trail
from adapter.exchange.alerts import raise_alerts
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.emergency import EmergencyAccess
from adapter.exchange.gather import Gather, Gathered
from adapter.exchange.given_out import GivenOut
from adapter.exchange.passage import Passage, inward
from adapter.exchange.question import Found, Matches, Question, access_event
from adapter.exchange.standing import Registry, Ruling, Standing, StandingMoved
from adapter.exchange.trail import Trail
from adapter.fhir.includes import Include
from adapter.fhir.pages import ONE, Page
from adapter.fhir.search_parameters import RECORD_TYPES
from adapter.gate.residual import residual_of
from adapter.store import holds
from adapter.store.audit import AuditRow
from adapter.store.database import Database
from adapter.store.holds import AnswerPart, HeldDelivery

_TRIES: Final = 5
# The types of a held record that a recipient asks for one by one; it has the whole when it has them all.
_FETCHED: Final = RECORD_TYPES


@dataclass(frozen=True, slots=True)
class _Carried:
    """A held delivery of which an answer shows something: the references shown, out of all that a recipient can ask for."""

    row: HeldDelivery
    shown: frozenset[str]
    whole: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Answered:
    """One answer before it is committed."""

    question: Question
    standing: Standing
    rulings: Sequence[Ruling]
    gathered: Gathered
    carried: Sequence[_Carried]
    found: Found
    shown: Sequence[Mapping[str, Any]]
    """What the answer gives out, of all that it counts, and what is included."""
    at: datetime


class AnswerQuery:
    """The use case behind the FHIR endpoint's reads and searches."""

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        agreements: Sequence[Agreement],
        gather: Gather,
        given_out: GivenOut,
        emergency: EmergencyAccess,
        audit: Trail,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._registry = registry
        self._agreements = agreements
        self._gather = gather
        self._given_out = given_out
        self._emergency = emergency
        self._trail = audit
        self._clock = clock
        self._new_id = new_id

    async def search(
        self, question: Question, matches: Matches, page: Page = ONE, includes: Sequence[Include] = ()
    ) -> Found:
        """Every released resource of one person that matches; empty for whom nothing may be released.

        ``page`` is which of them the answer will show, with what ``includes`` leads to: a receipt covers no others, and nothing that is
        shown in part. Raises Unreachable when a source that may answer does not, or nothing can be written down.
        """
        self._emergency.alert(question.requester)
        for _ in range(_TRIES):
            standing = await self._database.read(partial(self._registry.standing, person=question.person))
            answered = await self._answered(question, standing, matches, page, includes)
            try:
                await self._database.write(partial(self._commit, answered=answered))
            except StandingMoved:
                continue
            raise_alerts(answered.rulings, answered.gathered.alerts)
            return answered.found
        raise Unreachable("standing-keeps-moving")

    async def person_of(self, resource_type: str, resource_id: str) -> PersonId | None:
        """Whom a resource that we once gave out is about; None if the id is unknown or has expired."""
        if not OUR_ID.fullmatch(resource_id):
            return None
        find = partial(
            self._given_out.person_of, resource_type=resource_type, resource_id=resource_id, now=self._clock()
        )
        return await self._database.read(find)

    async def _answered(
        self,
        question: Question,
        standing: Standing,
        matches: Matches,
        page: Page,
        includes: Sequence[Include],
    ) -> _Answered:
        now, requester = self._clock(), question.requester
        passages = inward(
            self._agreements, requester, _record_types(question.resource_type), stockholm_date(now)
        )
        rulings = [
            standing.ask(passage, requester.purposes, now, requester=requester) for passage in passages
        ]
        permits = [ruling for ruling in rulings if ruling.is_permit]
        if question.resource_type == "Patient":
            gathered = await self._gather.patient(standing, permits)
        else:
            gathered = await self._gather.records(standing, permits, now)
        resources = tuple(
            resource
            for resource in gathered.resources(question.resource_type)
            if matches(resource) and not _is_forbidden(requester, resource)
        )
        matching = page.cut(resources).shown
        # Two parameters may lead to the same resource, which comes once.
        beside = {
            _reference(resource): resource
            for one in includes
            for resource in one.of(matching, gathered.resources(one.added))
        }
        included = tuple(beside.values())
        shown = (*matching, *included)
        carried = tuple(_carried(gathered, shown))
        # What a token's rules or the question itself leave of a record is not the whole that a receipt would end.
        is_whole = requester.residual is None and page.is_whole
        is_confirmable = is_whole and any(part.row.confirmable for part in carried)
        found = Found(resources, self._new_id() if is_confirmable else None, included)
        return _Answered(question, standing, rulings, gathered, carried, found, shown, now)

    def _commit(self, connection: Connection, *, answered: _Answered) -> None:
        """Audit before the answer: epochs compared, the permits asked for again, rows written, held deliveries marked as fetched, in one transaction."""
        standing, found, now = answered.standing, answered.found, answered.at
        ids = [part.row.id for part in answered.carried]
        if (
            standing.has_moved(connection)
            or holds.still_held(connection, ids) != set(ids)
            or not _still_stands(answered, self._clock())
        ):
            raise StandingMoved("standing-moved")
        self._trail.append(connection, _audit(answered))
        act = audit_events.Act(now, standing.key, answered.question.request_id)
        self._emergency.note(connection, act, answered.question.requester)
        holds.mark_fetched(connection, ids, now)
        if found.receipt is not None:
            parts = [
                AnswerPart(
                    part.row.id, part.row.recipient_party, part.shown, part.whole, part.row.hold_expires_at
                )
                for part in answered.carried
            ]
            holds.record_answer(connection, found.receipt, parts)
        self._given_out.remember(connection, (*found.resources, *found.included), standing.person, now)


def _still_stands(answered: _Answered, now: datetime) -> bool:
    """Whether nothing that gave something has ended since it was decided: a source may have taken its time."""
    requester, standing = answered.question.requester, answered.standing
    return all(part.row.hold_expires_at > now for part in answered.carried) and all(
        standing.still_grants(ruling, now, requester) for ruling, _ in answered.gathered.releases
    )


def _record_types(resource_type: str) -> frozenset[RecordType]:
    """The record types that a resource type may carry; any of them carries a Patient."""
    if resource_type == "Patient":
        return frozenset(RecordType)
    return frozenset(record for record, types in RESOURCE_TYPES.items() if resource_type in types)


def _is_forbidden(requester: Requester, resource: Mapping[str, Any]) -> bool:
    """Whether the token's rules take a Patient away: any permit carries one, so that no filter asks."""
    if requester.residual is None or resource["resourceType"] != "Patient":
        return False
    return residual_of(requester.residual).forbids_unseen(resource)


def _carried(gathered: Gathered, shown: Sequence[Mapping[str, Any]]) -> Iterator[_Carried]:
    references = {_reference(resource) for resource in shown}
    for row, released in gathered.held:
        whole = frozenset(
            _reference(resource) for resource in released.resources if resource["resourceType"] in _FETCHED
        )
        if mine := whole & references:
            yield _Carried(row, mine, whole)


def _reference(resource: Mapping[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _audit(answered: _Answered) -> Iterable[AuditRow]:
    """Each decision, each set of records that leaves with the unit that it leaves from, and the access itself."""
    key, question = answered.standing.key, answered.question
    act = audit_events.Act(answered.at, key, question.request_id, question.caller)
    for ruling in answered.rulings:
        refused = answered.gathered.kept_back_of(ruling)
        yield trail.authorization(act, ruling, client=question.requester.client_id, refused=refused)
    for passage, records in _handed_over(answered):
        yield trail.disclosed(act, passage, records)
        yield trail.received(act, passage, records)
    event = access_event(question, key, act.at, is_found=bool(answered.found.resources))
    yield trail.row(AuditKind.ACCESS, key, act.at, event)


def _handed_over(answered: _Answered) -> Iterator[tuple[Passage, Sequence[Mapping[str, Any]]]]:
    """What the answer shows, apart by the unit that it comes from: of two versions it shows the later alone."""
    shown = {id(resource) for resource in answered.shown}
    by_unit: dict[str, tuple[Passage, list[Mapping[str, Any]]]] = {}
    for ruling, released in answered.gathered.releases:
        records = [resource for resource in released.resources if id(resource) in shown]
        if records:
            unit = ruling.passage.sender_unit.identifier.value
            by_unit.setdefault(unit, (ruling.passage, []))[1].extend(records)
    yield from by_unit.values()
