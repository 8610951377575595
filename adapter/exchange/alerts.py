"""Alerts: what an admin must see of decisions and releases, as codes in the log."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from adapter.domain.log_codes import LogCode
from adapter.exchange.standing import Ruling

_log = structlog.get_logger()


def raise_alerts(rulings: Iterable[Ruling], codes: Iterable[str] = ()) -> None:
    """Alert for each ruling that wants a human to look (an indeterminate one above all), and for further codes of the same act."""
    for agreement, code in {_of(ruling) for ruling in rulings if ruling.decision.alert}:
        _log.warning(LogCode.ALERT, code=code, agreement=agreement)
    for code in sorted(set(codes)):
        _log.warning(LogCode.ALERT, code=code)


def _of(ruling: Ruling) -> tuple[str, str]:
    return ruling.passage.agreement.id, ruling.decision.reason.value
