"""States of messages and deliveries: one enum, one table of transitions; see docs/states.md for the diagram."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from adapter.domain.errors import IllegalTransition


class State(StrEnum):
    """The words of the log, everywhere: interface, command line, metrics, console."""

    ACCEPTED = "accepted"
    """Committed and acknowledged; waits for a worker."""
    TRANSLATED = "translated"
    """Mapped and checked; it has no recipient to wait for (a consent, a merge)."""
    INVALID = "invalid"
    """It could not be read, mapped or checked; the sender must send it anew."""
    WITHHELD = "withheld"
    """It may not be passed on to any recipient: a correct outcome, not an error."""
    QUEUED = "queued"
    """Waits for its turn in the recipient's lane, or held for a recipient that only calls."""
    SENDING = "sending"
    """An attempt is under way."""
    RETRYING = "retrying"
    """The last attempt failed in passing; it is tried again."""
    DELIVERED = "delivered"
    """The recipient has it."""
    DEAD = "dead"
    """Given up: a permanent error, or too old."""
    CANCELLED = "cancelled"
    """Stopped by a revocation, an admin, or a newer version."""
    PURGED = "purged"
    """Its content was wiped before anybody got it."""


_S = State
TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    _S.ACCEPTED: frozenset({_S.TRANSLATED, _S.INVALID, _S.WITHHELD, _S.QUEUED, _S.CANCELLED}),
    _S.TRANSLATED: frozenset(),
    _S.INVALID: frozenset({_S.PURGED}),
    _S.WITHHELD: frozenset(),
    _S.QUEUED: frozenset({_S.SENDING, _S.CANCELLED, _S.DELIVERED, _S.DEAD, _S.PURGED, _S.WITHHELD}),
    _S.SENDING: frozenset({_S.DELIVERED, _S.RETRYING, _S.DEAD}),
    _S.RETRYING: frozenset({_S.SENDING, _S.CANCELLED, _S.DEAD, _S.WITHHELD}),
    _S.DELIVERED: frozenset(),
    _S.DEAD: frozenset({_S.QUEUED, _S.PURGED, _S.CANCELLED}),
    _S.CANCELLED: frozenset(),
    _S.PURGED: frozenset(),
}
FINAL: Final = frozenset({_S.TRANSLATED, _S.WITHHELD, _S.DELIVERED, _S.CANCELLED, _S.PURGED})

_PRECEDENCE: Final = (
    _S.SENDING,
    _S.RETRYING,
    _S.QUEUED,
    _S.DEAD,
    _S.DELIVERED,
    _S.CANCELLED,
    _S.WITHHELD,
    _S.PURGED,
)


def check_transition(old: State, new: State) -> None:
    """Raise IllegalTransition unless the table allows ``old`` to become ``new``."""
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"{old} -> {new}")


def message_state(deliveries: Iterable[State]) -> State:
    """The state of a message that has deliveries: the first in precedence that one of them has."""
    present = set(deliveries)
    return next(state for state in _PRECEDENCE if state in present)
