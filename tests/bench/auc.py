"""How well one quantity tells two groups apart: the area under the ROC curve (Mann and Whitney), with DeLong's interval."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, variance
from typing import Final

_NORMAL_95: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Auc:
    """``value`` is how often a member of the first group has more than one of the second; 0.5 tells nothing. ``error`` is its standard error."""

    value: float
    error: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval."""
        return self.value - _NORMAL_95 * self.error, self.value + _NORMAL_95 * self.error


def auc(first: Sequence[float], second: Sequence[float]) -> Auc:
    """The area and its standard error after DeLong, DeLong and Clarke-Pearson (1988), from at least two values of each group."""
    above = _placements(first, second)
    below = _placements(second, first)
    return Auc(fmean(above), sqrt(variance(above) / len(above) + variance(below) / len(below)))


def _placements(values: Sequence[float], among: Sequence[float]) -> list[float]:
    """For each value the share of ``among`` that lies below it; an equal one counts half."""
    ordered = sorted(among)
    return [
        (bisect_left(ordered, value) + bisect_right(ordered, value)) / (2 * len(ordered)) for value in values
    ]
