"""A notice of an alert, to be told by each connector that tells."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from adapter.exchange.ports import AlertNotice

NOW: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOTICE: Final = AlertNotice(
    "notice-1",
    "opened",
    "alert-1",
    "recipient-down",
    "https://a.example",
    "region",
    "journal",
    2,
    NOW,
    None,
    NOW,
)
