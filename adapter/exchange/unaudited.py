"""Requests that cannot be audited: while the database is down each leaves a coded line in the spool, brought into the chain later."""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from adapter.domain.identity import PersonId
from adapter.domain.instants import Clock
from adapter.domain.log_codes import LogCode
from adapter.exchange import audit_events, audit_requests, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.store import spool as spooling
from adapter.store.database import Database
from adapter.store.keys import Keyring
from adapter.store.spool import Spool, SpoolRefuses

_log = structlog.get_logger()


class Unaudited:
    """Keeps what happened for the audit of ``writer`` when the database cannot."""

    def __init__(
        self, *, database: Database, keyring: Keyring, spool: Spool, writer: str, clock: Clock
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._spool = spool
        self._writer = writer
        self._clock = clock

    async def note(
        self, interaction: str, request_id: str, code: str, *, client: str | None, person: PersonId | None
    ) -> None:
        """A request was refused with 503. Never raises: what the spool does not take stands in the log alone, with an alert.

        ``interaction`` is the route, ``code`` why nothing could be written, ``client`` the token's client.
        """
        key = None if person is None else self._keyring.person_key(person)
        act = audit_events.Act(self._clock(), key, request_id)
        event = audit_requests.unaudited(act, client, interaction, code)
        row = trail.row(AuditKind.UNAUDITED, key, act.at, event)
        _log.warning(LogCode.AUDIT_SPOOLED, code=code, request=request_id)
        try:
            if await asyncio.to_thread(self._spool.append, row):
                _log.error(LogCode.ALERT, code="audit-unreachable")
        except SpoolRefuses as refused:
            _log.error(LogCode.ALERT, code=f"audit-spool-{refused}")
        except OSError:
            _log.error(LogCode.ALERT, code="audit-spool-failed")

    async def bring_in(self) -> None:
        """Append what was spooled to the chain, in order and once. Raises Unreachable while the database is down."""
        taken = await asyncio.to_thread(self._spool.take)
        if taken is None:
            return
        next_rows = partial(spooling.bring_in, keyring=self._keyring, writer=self._writer, spooled=taken)
        while count := await self._database.write(next_rows):
            _log.info(LogCode.AUDIT_IMPORTED, count=count)
        if not taken.is_whole:
            _log.error(LogCode.ALERT, code="audit-spool-altered")
        await asyncio.to_thread(self._spool.discard, taken)
