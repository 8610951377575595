"""When a failed attempt is made again: a pure function of the failure, the attempt and the age."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from adapter.domain.perseverance import Retry


def next_attempt(
    retry: Retry,
    now: datetime,
    *,
    attempts: int,
    received_at: datetime,
    retry_after: float | None,
    jitter: Callable[[], float],
) -> datetime | None:
    """When to try again after ``attempts`` tries (1 or more), or None: give up. Exponential backoff with jitter over its second half.

    ``retry_after`` is what the recipient asked for, in seconds. ``jitter`` returns a number in [0, 1).
    """
    pause = min(retry.first * 2 ** min(attempts - 1, 20), retry.longest)
    wait = pause / 2 + pause / 2 * jitter()
    if retry_after is not None:
        wait = max(wait, min(timedelta(seconds=retry_after), retry.longest))
    at = now + wait
    return None if at - received_at > retry.age_limit else at
