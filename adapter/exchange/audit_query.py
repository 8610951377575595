"""The audit by FHIR, for auditors: what was recorded about one person, as far as the auditor's party took part in it.

Everything else would tell one party of the other's dealings with a person. So of a decision a party reads the permit alone: a refusal
says whether somebody has a consent or a block, and its own search says already that nothing was found (docs/audit.md, "Who reads it").
Of a permit it reads the Consents that are its own to read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from adapter.domain.agreement import Agreement
from adapter.domain.errors import InputError, Issue
from adapter.domain.instants import Clock
from adapter.domain.requester import Requester
from adapter.domain.scopes import AUDIT_ALL
from adapter.exchange import audit_events, trail
from adapter.exchange.audit_events import SUCCESS
from adapter.exchange.audit_kinds import PARTY_READS, AuditKind
from adapter.exchange.consent_mentions import ConsentMentions
from adapter.exchange.emergency import EmergencyAccess, is_emergency
from adapter.exchange.given_out import GivenOut
from adapter.exchange.question import Found, Question, access_event
from adapter.exchange.standing import Registry
from adapter.exchange.trail import Trail
from adapter.fhir.pages import ONE, Page
from adapter.store import persons
from adapter.store.audit import Recorded, rows_about
from adapter.store.database import Database
from adapter.store.keys import Keyring

MOST: Final = 5_000
"""How many rows one search may find; who finds more narrows it by date."""
_MOST_READ: Final = 10 * MOST
"""How many rows about the person may have to be looked at."""
_PRECISION: Final = timedelta(milliseconds=1)
"""That of an event's instant; its row's may lie so much later."""

Party = frozenset[tuple[str, str]]
Between = tuple[datetime | None, datetime | None]
Matches = Callable[[Mapping[str, Any]], bool]


class AuditQuery:
    """The use case behind reads and searches of AuditEvent."""

    def __init__(
        self,
        *,
        database: Database,
        keyring: Keyring,
        registry: Registry,
        agreements: Sequence[Agreement],
        given_out: GivenOut,
        emergency: EmergencyAccess,
        audit: Trail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._agreements = agreements
        self._mentions = ConsentMentions(registry, agreements)
        self._given_out = given_out
        self._emergency = emergency
        self._trail = audit
        self._clock = clock

    async def search(
        self, question: Question, matches: Matches, page: Page = ONE, between: Between = (None, None)
    ) -> Found:
        """The person's events that the auditor may read and that match, newest first; those of ``page`` can be read by id afterwards.

        None for emergency access. What matches was recorded ``between`` these instants. The caller has seen to the scopes. Raises
        InputError (400) for more than MOST, Unreachable.
        """
        key, requester = self._keyring.person_key(question.person), question.requester
        self._emergency.alert(requester)
        found = () if is_emergency(requester) else await self._found(requester, key, matches, between)
        write = partial(self._commit, question=question, key=key, found=found, page=page)
        await self._database.write(write)
        return Found(found, None)

    async def _found(
        self, requester: Requester, key: str, matches: Matches, between: Between
    ) -> tuple[Mapping[str, Any], ...]:
        party = self._party(requester)
        rows = await self._database.read(partial(_rows, key=key, of_party=party is not None, between=between))
        # There may be very many: whoever else asks does not wait for them to be read.
        found = await asyncio.to_thread(
            lambda: _bounded((one for one in self._readable(rows, party) if matches(one)), MOST)
        )
        if party is not None:
            conceal = partial(self._mentions.concealed, events=found, organization=requester.organization)
            found = await self._database.read(conceal)
        return tuple(reversed(found))

    def _readable(self, rows: Iterable[Recorded], party: Party | None) -> Iterator[Mapping[str, Any]]:
        for recorded in rows:
            event = orjson.loads(recorded.row.event)
            if party is None or _took_part(recorded.row.kind, event, party):
                yield {"resourceType": event["resourceType"], "id": self._id(recorded), **event}

    def _id(self, recorded: Recorded) -> str:
        # Not the row's number: that would tell how many rows of others came in between.
        return self._keyring.record_id("audit", recorded.writer, str(recorded.number))

    def _party(self, requester: Requester) -> Party | None:
        """As whom an auditor reads: its organisation's identifiers in every agreement; None: as every party."""
        if AUDIT_ALL in requester.scopes:
            return None
        own = {requester.organization}
        for agreement in self._agreements:
            party = agreement.party_of(requester.organization)
            if party is not None:
                own |= {*party.identifiers, *(unit.identifier for unit in party.units)}
        return frozenset((identifier.system, identifier.value) for identifier in own)

    def _commit(
        self,
        connection: Connection,
        *,
        question: Question,
        key: str,
        found: Sequence[Mapping[str, Any]],
        page: Page,
    ) -> None:
        now = self._clock()
        event = access_event(question, key, now, is_found=bool(found))
        self._trail.append(connection, [trail.row(AuditKind.ACCESS, key, now, event)])
        act = audit_events.Act(now, key, question.request_id, question.caller)
        self._emergency.note(connection, act, question.requester)
        self._given_out.remember(connection, page.cut(found).shown, question.person, now)


def _rows(connection: Connection, *, key: str, of_party: bool, between: Between) -> Sequence[Recorded]:
    since, until = between
    found = rows_about(
        connection,
        persons.keys_of(connection, key),
        kinds=PARTY_READS if of_party else (),
        since=since,
        until=None if until is None else until + _PRECISION,
    )
    return _bounded(found, _MOST_READ)


def _bounded(found: Iterable[Any], most: int) -> Sequence[Any]:
    bounded = list(islice(found, most + 1))
    if len(bounded) > most:
        raise InputError([Issue("http.date", "too-many")], status=400)
    return bounded


def _took_part(kind: str, event: Mapping[str, Any], party: Party) -> bool:
    """Whether a party may read an event: one of the kinds that concern it, a permit at that, with itself among the agents.

    A lifting names those for whom a block is lifted, who are not to know that there is one: it is for the party that lifted.
    """
    if kind not in PARTY_READS or (kind == AuditKind.AUTHORIZATION and event["outcome"] != SUCCESS):
        return False
    is_own_alone = kind == AuditKind.LIFTING
    whos = (
        agent["who"].get("identifier", {})
        for agent in event["agent"]
        if agent["requestor"] or not is_own_alone
    )
    return not party.isdisjoint((who.get("system"), who.get("value")) for who in whos)
