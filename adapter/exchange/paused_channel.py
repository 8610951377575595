"""A channel that an administrator has paused takes no records, and still all that could narrow what is given out."""

from __future__ import annotations

from sqlalchemy import Connection

from adapter.domain.errors import Unreachable
from adapter.exchange.inbox import Inbox
from adapter.exchange.ports import Act, Arrival
from adapter.store.pauses import Paused, is_paused


class ChannelPaused(Unreachable):
    """The channel takes no records for now; nothing was stored, the sender is to come again."""


def require_open(connection: Connection, inbox: Inbox, arrival: Arrival) -> None:
    """Raises ChannelPaused for a record; what takes effect at once, and a protection, is never kept waiting."""
    is_record_alone = arrival.act is Act.RECORD and not arrival.protection
    if is_record_alone and is_paused(connection, Paused.CHANNEL, inbox.channel.id):
        raise ChannelPaused("channel-paused")
