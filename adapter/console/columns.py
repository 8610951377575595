"""The columns of the message list: which there are, which are shown unless others are chosen, and how a link names them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Column(StrEnum):
    """A column that may be shown beside the instant of receipt, which always is."""

    STATE = "state"
    DECISION = "decision"
    EVENT = "event"
    DIRECTION = "direction"
    SOURCE = "source"
    RECIPIENTS = "recipients"
    AGREEMENT = "agreement"
    ATTEMPTS = "attempts"
    DURATION = "duration"
    SIZE = "size"
    CONTROL_ID = "control-id"
    CORRELATION_ID = "correlation-id"
    LAST_CODE = "last-code"
    MESSAGE_ID = "message-id"


NUMBERS: Final = frozenset({Column.ATTEMPTS, Column.DURATION, Column.SIZE})
USUAL: Final = tuple(
    column
    for column in Column
    if column
    not in (Column.DECISION, Column.DIRECTION, Column.DURATION, Column.CORRELATION_ID, Column.MESSAGE_ID)
)
SEPARATOR: Final = "."


def chosen(text: str) -> tuple[Column, ...]:
    """The columns that a link names, in their order here; the usual ones, as none: nothing is chosen. Raises ValueError."""
    named = {Column(word) for word in text.split(SEPARATOR)} if text else set()
    return tuple(column for column in Column if column in named) if named != set(USUAL) else ()
