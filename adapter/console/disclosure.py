"""Which codes an administrator is shown: why something was withheld or stopped tells of somebody's consent or block.

Shown only where it was one's own, it would tell by its absence that it was another's. So the operator alone is shown it; a party
sees that its message was withheld or cancelled, and the codes about form and delivery. What a permit rests on the log itself tells
the party that filed it (``adapter/store/log.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from adapter.domain.states import State
from adapter.exchange.administrators import Administrator
from adapter.gate.decision import Reason
from adapter.store.cancellation import BASIS_ENDED
from adapter.store.log import LogDelivery, LogEvent, LogMessage
from adapter.store.sight import NOTHING_HIDDEN, Hidden

_HIDDEN: Final = Hidden(
    # What was on its way when its basis ended says so, delivered or not.
    codes=frozenset({BASIS_ENDED, *(reason.value for reason in Reason)}),
    states=frozenset({State.WITHHELD, State.CANCELLED}),
)


def hidden_from(reader: Administrator) -> Hidden:
    """The codes that a reader is not shown, nor finds anything by."""
    return NOTHING_HIDDEN if reader.is_operator else _HIDDEN


def shown_message(message: LogMessage, reader: Administrator) -> LogMessage:
    """A message of the log with the codes that its reader may see."""
    if reader.is_operator:
        return message
    return replace(
        message,
        codes=_shown(message.codes, message.state),
        reason=None,
        deliveries=tuple(_shown_delivery(one) for one in message.deliveries),
    )


def shown_event(event: LogEvent, reader: Administrator) -> LogEvent:
    """A step of a timeline with the codes that its reader may see."""
    return event if reader.is_operator else replace(event, codes=_shown(event.codes, event.stage))


def _shown_delivery(delivery: LogDelivery) -> LogDelivery:
    return replace(delivery, codes=_shown(delivery.codes, delivery.state))


def _shown(codes: Iterable[str], state: str) -> tuple[str, ...]:
    return () if state in _HIDDEN.states else tuple(code for code in codes if code not in _HIDDEN.codes)
