"""Takes the alerts among the lines that a process logs, so that each becomes one that can be acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import MutableMapping
from typing import Any, Final

from adapter.domain.log_codes import LogCode
from adapter.store.alert_causes import LASTING, Cause

_MOST_KINDS: Final = 200


class AlertLines:
    """A processor of structlog, before what renders the line. What lasts is left to the watch, which asks the rows themselves."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str | None, str | None]] = Counter()

    def __call__(
        self, _logger: Any, _method: str, line: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Note a line if it is an alert; it goes on as it was."""
        kind = str(line.get("code")), line.get("agreement"), line.get("party")
        is_one = line.get("event") == LogCode.ALERT and kind[0] not in LASTING
        if is_one and (kind in self._seen or len(self._seen) < _MOST_KINDS):
            self._seen[kind] += 1
        return line

    def take(self) -> tuple[Cause, ...]:
        """What was noted since the last time: for the party that a line names, else for the operator alone.

        A decision's code names none: it tells of somebody's consent or block.
        """
        seen, self._seen = self._seen, Counter()
        return tuple(Cause(*kind, count=count) for kind, count in seen.items())

    def put_back(self, causes: tuple[Cause, ...]) -> None:
        """What could not be kept is noted still."""
        for cause in causes:
            self._seen[cause.code, cause.agreement, cause.party] += cause.count
