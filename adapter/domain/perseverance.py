"""How long we persevere with a recipient that fails: data of an agreement and of an endpoint, with bounded defaults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from adapter.domain.fields import Fields

LONGEST_PAUSE: Final = timedelta(hours=1)
"""What is due later than that was given its time before the clock was set back."""


@dataclass(frozen=True, slots=True)
class Retry:
    """When a failed attempt is made again.

    ``first`` is the first pause, doubled with each attempt up to ``longest``; ``age_limit`` after acceptance it is given up.
    """

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=15)
    age_limit: timedelta = timedelta(hours=24)


def read_retry(agreement: Fields) -> Retry:
    """The section ``retry`` of an agreement; a fault for each value out of its bounds."""
    default = Retry()
    with agreement.section("retry") as retry:
        return Retry(
            first=timedelta(seconds=retry.whole("first_seconds", 1, 300, default.first.seconds)),
            longest=timedelta(
                seconds=retry.whole("longest_seconds", 1, LONGEST_PAUSE.seconds, default.longest.seconds)
            ),
            age_limit=timedelta(
                hours=retry.whole("age_hours", 1, 72, default.age_limit // timedelta(hours=1))
            ),
        )


@dataclass(frozen=True, slots=True)
class Tolerance:
    """When a recipient's system is left alone: after so many ``failures`` in passing in a row, for ``pause`` before each probe."""

    failures: int = 5
    pause: timedelta = timedelta(seconds=30)
