"""When an answer that found nothing leaves, so that its time does not tell why (gate.md, "Concealment")."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Final

_RECENT: Final = 64
_LONGEST: Final = 10
"""How many floors an answer waits at most for others, however slow they were."""
_TIMER_SECONDS: Final = 0.001
"""More than a timer is late when the loop is idle."""


class Floor:
    """Answers leave no earlier than ``seconds`` after their arrival and, as long as the last ones took longer than that, than the slowest
    of these: under load the floor alone is too low, and the work that a known person takes would show above it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._recent: deque[float] = deque(maxlen=_RECENT)

    async def wait(self, arrived: float) -> None:
        """Return when an answer to what arrived at that ``time.monotonic`` may leave.

        A timer of the loop goes off after whole milliseconds, so the fraction that the work took would show: the last one is waited out on
        the clock itself, turn by turn.
        """
        slowest = max(self._recent, default=0.0)
        self._recent.append(time.monotonic() - arrived)
        leaves_at = arrived + max(self._seconds, min(slowest, _LONGEST * self._seconds))
        await asyncio.sleep(max(0.0, leaves_at - time.monotonic() - _TIMER_SECONDS))
        while time.monotonic() < leaves_at:
            await asyncio.sleep(0)
