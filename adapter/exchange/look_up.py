"""Looks messages up by personal numbers: hashed at once, one audit row for each person, before anything is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection

from adapter.domain.errors import IdentityError, InputError, Issue
from adapter.domain.identity import PersonId, parse_person_id
from adapter.domain.instants import Clock, stockholm_date
from adapter.exchange import audit_acts, audit_events, trail
from adapter.exchange.administrators import Administrator
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.reasons import stated_reason
from adapter.exchange.trail import Trail
from adapter.store import persons
from adapter.store.database import Database
from adapter.store.keys import Keyring
from adapter.store.log import LogMessage, list_messages
from adapter.store.log_filter import LogFilter
from adapter.store.sight import Views

MOST_NUMBERS: Final = 50
MOST_MESSAGES: Final = 200


@dataclass(frozen=True, slots=True)
class LookUp:
    """The use case behind the console's look-up."""

    database: Database
    keyring: Keyring
    audit: Trail
    clock: Clock

    async def __call__(
        self, by: Administrator, numbers: str, reason: str, caller: str | None
    ) -> Sequence[LogMessage]:
        """The newest messages about these persons that ``by`` may see, whatever numbers merges have joined to theirs.

        ``numbers``: one on each line. Raises InputError, naming lines and never a number, and Unreachable.
        """
        why = stated_reason(reason)
        keys = list(dict.fromkeys(map(self.keyring.person_key, self._persons(numbers))))
        found = await self.database.read(partial(_find, keys=keys, views=by.views))
        now = self.clock()
        rows = []
        for key in keys:
            act = audit_events.Act(now, key, str(uuid4()), caller)
            event = audit_acts.view(act, by.name, "persons", (), None, reason=why)
            rows.append(trail.row(AuditKind.VIEW, key, now, event))
        await self.audit.write(self.database, rows)
        return found

    def _persons(self, numbers: str) -> Sequence[PersonId]:
        lines = [(place, line.strip()) for place, line in enumerate(numbers.splitlines(), 1) if line.strip()]
        if not 0 < len(lines) <= MOST_NUMBERS:
            raise InputError([Issue("numbers", "too-many" if lines else "required")])
        issues = list(self._faults(lines))
        if issues:
            raise InputError(issues)
        return [self._person(line) for _, line in lines]

    def _faults(self, lines: Sequence[tuple[int, str]]) -> Iterator[Issue]:
        for place, line in lines:
            try:
                self._person(line)
            except IdentityError as error:
                yield Issue(f"numbers[{place}]", error.code)

    def _person(self, line: str) -> PersonId:
        return parse_person_id(line, today=stockholm_date(self.clock()))


def _find(connection: Connection, keys: Sequence[str], views: Views | None) -> Sequence[LogMessage]:
    joined = frozenset[str]().union(*(persons.keys_of(connection, key) for key in keys))
    filters = LogFilter(views=views, person_keys=tuple(sorted(joined)))
    return list_messages(connection, filters, limit=MOST_MESSAGES)
