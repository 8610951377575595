"""Alerts: what an admin must see of decisions and releases, as codes in the log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import structlog

from adapter.domain.log_codes import LogCode
from adapter.exchange.standing import Ruling
from adapter.gate.decision import Reason

_log = structlog.get_logger()


_SENDERS: Final = frozenset({Reason.PROTECTED_IDENTITY.value})
"""The codes that the sender's party has to see; any other is the operator's."""


def raise_alerts(rulings: Iterable[Ruling], kept_back: Iterable[tuple[Ruling, str]] = ()) -> None:
    """Alert for each ruling that wants a human to look (an indeterminate one above all), and for what the filter kept back and why."""
    for agreement, code in {_of(ruling) for ruling in rulings if ruling.decision.alert}:
        _log.warning(LogCode.ALERT, code=code, agreement=agreement)
    for code, concerns in {(code, _concerns(ruling, code)) for ruling, code in kept_back}:
        _log.warning(LogCode.ALERT, code=code, **dict(concerns))


def _concerns(ruling: Ruling, code: str) -> tuple[tuple[str, str], ...]:
    if code not in _SENDERS:
        return ()
    return ("agreement", ruling.passage.agreement.id), ("party", ruling.passage.sender.id)


def _of(ruling: Ruling) -> tuple[str, str]:
    return ruling.passage.agreement.id, ruling.decision.reason.value
