"""An inbound channel with the agreement and the party that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adapter.domain.agreement import Agreement, Channel, Party


@dataclass(frozen=True, slots=True)
class Inbox:
    """What a message that comes by a channel belongs to."""

    agreement: Agreement
    channel: Channel
    party: Party


def inboxes(agreements: Iterable[Agreement]) -> dict[str, Inbox]:
    """Every channel of every agreement, by its id."""
    return {
        channel.id: Inbox(agreement, channel, agreement.party(channel.party))
        for agreement in agreements
        for channel in agreement.channels
    }
