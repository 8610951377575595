"""The audit by FHIR, for auditors: what was recorded about one person, as far as the auditor's party took part in it.

Everything else would tell one party of the other's dealings with a person. So of a decision a party reads the permit alone: a refusal
says whether somebody has a consent or a block, and its own search says already that nothing was found (docs/audit.md, "Who reads it").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from adapter.domain.agreement import Agreement
from adapter.domain.errors import InputError, Issue
from adapter.domain.instants import Clock
from adapter.domain.requester import Requester
from adapter.domain.scopes import AUDIT_ALL
from adapter.exchange import trail
from adapter.exchange.answer import Found, Question, access_event
from adapter.exchange.audit_events import SUCCESS
from adapter.exchange.audit_kinds import PARTY_READS, AuditKind
from adapter.exchange.given_out import GivenOut
from adapter.exchange.trail import Trail
from adapter.store import persons
from adapter.store.audit import Recorded, rows_about
from adapter.store.database import Database
from adapter.store.keys import Keyring

MOST: Final = 5_000
"""How many rows one search may find; who finds more narrows it by date."""

Party = frozenset[tuple[str, str]]
Matches = Callable[[Mapping[str, Any]], bool]


class AuditQuery:
    """The use case behind reads and searches of AuditEvent."""

    def __init__(
        self,
        *,
        database: Database,
        keyring: Keyring,
        agreements: Sequence[Agreement],
        given_out: GivenOut,
        audit: Trail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._agreements = agreements
        self._given_out = given_out
        self._trail = audit
        self._clock = clock

    async def search(self, question: Question, matches: Matches, *, most: int = 1) -> Found:
        """The person's events that the auditor may read and that match, newest first; ``most`` of them can be read by id afterwards.

        The caller has seen to the scopes. Raises InputError (400) for more than MOST, Unreachable.
        """
        key = self._keyring.person_key(question.person)
        found = await self._database.read(partial(self._found, question=question, key=key, matches=matches))
        write = partial(self._commit, question=question, key=key, found=found, most=most)
        await self._database.write(write)
        return Found(found, None)

    def _found(
        self, connection: Connection, question: Question, key: str, matches: Matches
    ) -> tuple[Mapping[str, Any], ...]:
        party = self._party(question.requester)
        found: list[Mapping[str, Any]] = []
        for resource in self._readable(connection, persons.keys_of(connection, key), party):
            if matches(resource):
                found.append(resource)
            if len(found) > MOST:
                raise InputError([Issue("http.date", "too-many")], status=400)
        return tuple(reversed(found))

    def _readable(
        self, connection: Connection, keys: frozenset[str], party: Party | None
    ) -> Iterator[Mapping[str, Any]]:
        for recorded in rows_about(connection, keys):
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
        most: int,
    ) -> None:
        now = self._clock()
        event = access_event(question, key, now, is_found=bool(found))
        self._trail.append(connection, [trail.row(AuditKind.ACCESS, key, now, event)])
        self._given_out.remember(connection, found[:most], question.person, now)


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
