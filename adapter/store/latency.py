"""How long deliveries took, from the receipt of their message until the recipient had them: percentiles, by recipient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Connection, func, or_, select, type_coerce

from adapter.domain.states import State
from adapter.store.sight import Views, shown_delivery
from adapter.store.tables import delivery, message

Recipient = tuple[str, str, str | None]
"""Agreement, party, and system; None where the party fetches."""

_PERCENTILES: Final = (50, 95, 99)
_RECIPIENT: Final = (delivery.c.agreement, delivery.c.recipient_party, delivery.c.recipient_system)


@dataclass(frozen=True, slots=True)
class Latency:
    """Half of the deliveries took no longer than ``p50``, 95 in a hundred than ``p95``, 99 than ``p99`` (nearest rank)."""

    p50: timedelta
    p95: timedelta
    p99: timedelta


def latencies(
    connection: Connection, since: datetime, views: Views | None = None
) -> Mapping[Recipient, Latency]:
    """Of what was delivered since an instant, as far as the reader may see it."""
    took = type_coerce(delivery.c.ended_at, BigInteger) - type_coerce(message.c.received_at, BigInteger)
    ranked = (
        select(
            *_RECIPIENT,
            took.label("took"),
            func.row_number().over(partition_by=_RECIPIENT, order_by=took).label("rank"),
            func.count().over(partition_by=_RECIPIENT).label("of"),
        )
        .join(message, message.c.id == delivery.c.message_id)
        .where(delivery.c.state == State.DELIVERED, delivery.c.ended_at >= since, shown_delivery(views))
        .subquery()
    )
    is_wanted = or_(*(ranked.c.rank == (ranked.c.of * percent + 99) // 100 for percent in _PERCENTILES))
    found: dict[Recipient, dict[int, timedelta]] = {}
    for *recipient, microseconds, rank, count in connection.execute(select(ranked).where(is_wanted)):
        of_recipient = found.setdefault((recipient[0], recipient[1], recipient[2]), {})
        of_recipient |= {
            percent: timedelta(microseconds=microseconds)
            for percent in _PERCENTILES
            if rank == (count * percent + 99) // 100
        }
    return {
        recipient: Latency(*(taken[percent] for percent in _PERCENTILES))
        for recipient, taken in found.items()
    }
