"""Our own authorization server gives a client a token: written down before the client has it."""

from __future__ import annotations

from collections.abc import Iterable

from adapter.domain.instants import Clock
from adapter.exchange import audit_events, audit_requests, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.trail import Trail
from adapter.store.database import Database


class Issuance:
    """The use case behind every token that is granted."""

    def __init__(self, *, database: Database, audit: Trail, clock: Clock) -> None:
        self._database = database
        self._trail = audit
        self._clock = clock

    async def record(
        self, client_id: str, jti: str, scopes: Iterable[str], request_id: str, caller: str | None
    ) -> None:
        """Write it down: the token's id and scopes, never the token. Raises Unreachable."""
        act = audit_events.Act(self._clock(), None, request_id, caller)
        event = audit_requests.token(act, client_id, jti, scopes)
        await self._trail.write(self._database, [trail.row(AuditKind.TOKEN, None, act.at, event)])
