"""What a sender may know of a message that it handed over: told, and written down that it was told."""

from __future__ import annotations

from functools import partial

from adapter.domain.instants import Clock
from adapter.domain.records import OUR_ID
from adapter.domain.requester import Requester
from adapter.exchange import audit_events, audit_requests, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.inbox import Inbox
from adapter.exchange.trail import Trail
from adapter.store.database import Database
from adapter.store.log import LogMessage, message_detail


class MessageStatus:
    """The use case behind the sender's view."""

    def __init__(self, *, database: Database, audit: Trail, clock: Clock) -> None:
        self._database = database
        self._trail = audit
        self._clock = clock

    async def __call__(
        self, inbox: Inbox, requester: Requester, message_id: str, request_id: str, caller: str | None
    ) -> LogMessage | None:
        """A message that came by this channel, or None. Raises Unreachable."""
        if not OUR_ID.fullmatch(message_id):
            return None
        views = frozenset({(inbox.agreement.id, inbox.party.id)})
        find = partial(message_detail, message_id=message_id, views=views)
        found = await self._database.read(find)
        if found is None or not found.is_own or found.channel != inbox.channel.id:
            return None
        act = audit_events.Act(self._clock(), found.subject_key, request_id, caller)
        event = audit_requests.status(act, requester, found.id)
        row = trail.row(AuditKind.ACCESS, found.subject_key, act.at, event)
        await self._trail.write(self._database, [row])
        return found
