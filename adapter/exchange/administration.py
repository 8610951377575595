"""What administrators look at and do: a row for each, in one transaction with the act, or before what they see is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import Connection

from adapter.domain.errors import SambroError, Unreachable
from adapter.domain.instants import Clock
from adapter.exchange import audit_acts, audit_events, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.trail import Trail
from adapter.store.audit import AuditRow
from adapter.store.database import Database
from adapter.store.log import message_detail

T = TypeVar("T")


class Administration:
    """Writes down acts and views. Administrators are named by their account: the console's, or the operating system's."""

    def __init__(self, *, database: Database, audit: Trail, clock: Clock) -> None:
        self._database = database
        self._trail = audit
        self._clock = clock

    async def done(
        self,
        by: str,
        what: str,
        op: Callable[[Connection], T],
        *,
        message_id: str | None = None,
        system: str | None = None,
        reason: str = "",
    ) -> T:
        """Run ``op`` with its row; one that ``op`` refuses leaves a row, too, and the error is raised. Raises Unreachable.

        ``what`` is the act's code (``messages-cancel``), ``message_id`` or ``system`` what it is done to, ``reason`` why, where it stands
        in the row alone.
        """
        told = partial(self._act, by=by, what=what, message_id=message_id, system=system, reason=reason)

        def act(connection: Connection) -> T:
            row = told(connection, outcome=audit_events.SUCCESS)
            outcome = op(connection)
            self._trail.append(connection, [row])
            return outcome

        def refused(connection: Connection) -> None:
            self._trail.append(connection, [told(connection, outcome=audit_events.MINOR_FAILURE)])

        try:
            return await self._database.write(act)
        except Unreachable:
            raise
        except SambroError:
            await self._database.write(refused)
            raise

    async def looked(
        self,
        by: str,
        screen: str,
        filters: Sequence[str] = (),
        *,
        person_key: str | None = None,
        message_id: str | None = None,
        caller: str | None = None,
    ) -> None:
        """Write down that somebody looks at a screen; ``filters`` are names alone. Raises Unreachable.

        ``person_key`` and ``message_id`` are of the one message or entry that is shown.
        """
        act = audit_events.Act(self._clock(), person_key, str(uuid4()), caller)
        event = audit_acts.view(act, by, screen, sorted(filters), message_id)
        await self._trail.write(self._database, [trail.row(AuditKind.VIEW, person_key, act.at, event)])

    def _act(
        self,
        connection: Connection,
        *,
        by: str,
        what: str,
        message_id: str | None,
        system: str | None,
        reason: str,
        outcome: str,
    ) -> AuditRow:
        found = None if message_id is None else message_detail(connection, message_id)
        key, known = (None, None) if found is None else (found.subject_key, found.id)
        act = audit_events.Act(self._clock(), key, str(uuid4()))
        event = audit_acts.administration(
            act, by, what, outcome, message_id=known, system=system, reason=reason
        )
        return trail.row(AuditKind.ADMINISTRATION, key, act.at, event)
