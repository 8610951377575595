"""The certificates of TLS that this process uses: until when they are good, and when somebody must see to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from adapter.store.alert_causes import CERTIFICATE_EXPIRES, Cause

WARNED_BEFORE: Final = timedelta(days=30)
_DAY: Final = timedelta(days=1)


class Use(StrEnum):
    """What a file of certificates is for."""

    SERVER = "server"
    """What a listener shows to its clients, with its chain."""
    CLIENT_AUTHORITIES = "client-authorities"
    """The authorities whose clients a listener lets in."""
    CLIENT = "client"
    """What a system that we deliver to is shown, with its chain."""
    SERVER_AUTHORITIES = "server-authorities"
    """The authorities that such a system is held to."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A file of certificates as it was read at the start. ``wire`` is the party's channel or system; ``expires_at``: the first of them ends then."""

    agreement: str
    party: str
    wire: str
    use: Use
    expires_at: datetime

    def days_left(self, now: datetime) -> int:
        """Whole days, below zero once it has ended."""
        return (self.expires_at - now) // _DAY

    def is_due(self, now: datetime) -> bool:
        """Whether it has to be renewed by now."""
        return self.expires_at - now <= WARNED_BEFORE


def expiring(certificates: Iterable[Certificate], now: datetime) -> Iterator[Cause]:
    """One cause for each channel or system that has a file to renew, counting them."""
    due: dict[tuple[str, str, str], int] = {}
    for one in certificates:
        if one.is_due(now):
            key = (one.agreement, one.party, one.wire)
            due[key] = due.get(key, 0) + 1
    for (agreement, party, wire), count in due.items():
        yield Cause(CERTIFICATE_EXPIRES, agreement, party, wire, count)
