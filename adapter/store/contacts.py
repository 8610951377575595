"""When a connector last carried something: looked for in the last week, so that a silent one costs no walk through the whole log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from adapter.domain.states import State
from adapter.store.sight import Views, shown_delivery
from adapter.store.tables import delivery, message

LOOKED_BACK: Final = timedelta(days=7)


def last_taken(
    connection: Connection, agreement: str, party: str, channel: str, now: datetime
) -> datetime | None:
    """When a party's channel last brought a message."""
    at = message.c.received_at
    brought = (
        message.c.agreement == agreement,
        message.c.source_party == party,
        message.c.channel == channel,
    )
    recent = select(at).where(*brought, at > now - LOOKED_BACK).order_by(at.desc()).limit(1)
    return connection.scalar(recent)


def last_delivered(
    connection: Connection, agreement: str, system: str, now: datetime, views: Views | None
) -> datetime | None:
    """When a system last took a delivery that the reader may see."""
    at = delivery.c.ended_at
    taken = (
        delivery.c.state == State.DELIVERED,
        delivery.c.agreement == agreement,
        delivery.c.recipient_system == system,
        shown_delivery(views),
    )
    recent = select(at).where(*taken, at > now - LOOKED_BACK).order_by(at.desc()).limit(1)
    return connection.scalar(recent)
