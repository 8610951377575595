"""What the audit tells a person who asks (PDL 8 kap. 5 §): who did what, when, on which ground, in plain Swedish."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import uuid4

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement
from adapter.domain.identity import PersonId
from adapter.domain.instants import Clock
from adapter.exchange import audit_acts, audit_events, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.extract_entries import Entry, entries
from adapter.exchange.extract_words import Actors
from adapter.exchange.trail import Trail
from adapter.store import persons
from adapter.store.audit import rows_about
from adapter.store.database import Database
from adapter.store.keys import Keyring


class Extract:
    """The use case behind ``sambro audit extract``."""

    def __init__(
        self,
        *,
        database: Database,
        keyring: Keyring,
        agreements: Sequence[Agreement],
        audit: Trail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._actors = Actors(agreements)
        self._trail = audit
        self._clock = clock

    async def __call__(
        self, by: str, person: PersonId, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Entry, ...]:
        """Everything that is recorded about a person, oldest first; that it was asked for is recorded before it is told.

        ``by`` is the account of who asks on the person's behalf. ``since`` is within, ``until`` is not. Raises Unreachable.
        """
        key = self._keyring.person_key(person)
        told = await self._database.read(partial(self._told, key=key, since=since, until=until))
        act = audit_events.Act(self._clock(), key, str(uuid4()))
        row = trail.row(AuditKind.EXTRACT, key, act.at, audit_acts.extract(act, by))
        await self._trail.write(self._database, [row])
        return told

    def _told(
        self, connection: Connection, key: str, since: datetime | None, until: datetime | None
    ) -> tuple[Entry, ...]:
        keys = persons.keys_of(connection, key)
        rows = (recorded.row for recorded in rows_about(connection, keys, since=since, until=until))
        return tuple(entries(rows, self._actors))
