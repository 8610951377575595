"""What whoever hands a message over is answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from adapter.domain.states import State
from adapter.exchange.stopping import Stopped


class Outcome(StrEnum):
    """What became of a message when it was handed over."""

    ACCEPTED = "accepted"
    """Committed; a worker goes on with it."""
    IN_FORCE = "in-force"
    """It took effect in the transaction that accepted it."""
    REPEATED = "repeated"
    """The same message was taken before: the earlier answer."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a sender; ``state`` is the message's. ``stopped`` is what it ended, None for one that ends nothing."""

    message_id: str
    outcome: Outcome
    state: State
    stopped: Stopped | None = None
