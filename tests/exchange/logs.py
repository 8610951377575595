"""What was logged, as structlog's ``capture_logs`` gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def alerts(logs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The codes of the alerts, in order."""
    return [line["code"] for line in logs if line["event"] == "alert"]
