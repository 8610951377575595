"""When a failed attempt is made again: a pure function of the failure, the attempt and the age."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter, ended by an age limit.

    ``base`` is the first pause, doubled with each attempt up to ``ceiling``; after ``age_limit`` from acceptance it is given up.
    """

    base: timedelta = timedelta(seconds=1)
    ceiling: timedelta = timedelta(minutes=15)
    age_limit: timedelta = timedelta(hours=24)

    def next_attempt(
        self,
        now: datetime,
        *,
        attempts: int,
        received_at: datetime,
        retry_after: float | None,
        jitter: Callable[[], float],
    ) -> datetime | None:
        """When to try again after ``attempts`` tries (1 or more), or None: give up.

        ``retry_after`` is what the recipient asked for, in seconds. ``jitter`` returns a number in [0, 1).
        """
        pause = min(self.base * 2 ** min(attempts - 1, 20), self.ceiling)
        wait = pause / 2 + pause / 2 * jitter()
        if retry_after is not None:
            wait = max(wait, min(timedelta(seconds=retry_after), self.ceiling))
        at = now + wait
        return None if at - received_at > self.age_limit else at
