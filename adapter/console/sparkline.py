"""A row of small bars, drawn by the server: SVG attributes alone, so that no style is inline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_PITCH: Final = 6
_BAR: Final = 4
_HEIGHT: Final = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in the drawing's units, from the top left."""

    x: int
    y: float
    width: int
    height: float


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Bars on a scale of their own: ``peak`` is the highest count."""

    bars: tuple[Bar, ...]
    peak: int
    width: int
    height: int = _HEIGHT

    @classmethod
    def of(cls, counts: Sequence[int]) -> Sparkline:
        """One bar each; what is not nothing is at least a unit high."""
        peak = max(counts, default=0)
        bars = tuple(_bar(number, count, peak) for number, count in enumerate(counts) if count)
        return cls(bars, peak, len(counts) * _PITCH - (_PITCH - _BAR))


def _bar(number: int, count: int, peak: int) -> Bar:
    height = max(round(count / peak * (_HEIGHT - 1), 1), 1.5)
    return Bar(number * _PITCH, round(_HEIGHT - 1 - height, 1), _BAR, height)
