"""How instants, durations and sizes are written for people: Swedish time, the language's own decimal sign."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from adapter.console.texts import Language
from adapter.domain.instants import STOCKHOLM

_DECIMAL_SIGN: Final[dict[Language, str]] = {"sv": ",", "en": "."}


def local_time(instant: datetime) -> str:
    """An instant in Stockholm, to the second: ``2026-11-21 14:03:22``."""
    return instant.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M:%S")


def precise_time(instant: datetime) -> str:
    """A time of day in Stockholm, to the millisecond: ``14:03:22.015``."""
    return instant.astimezone(STOCKHOLM).strftime("%H:%M:%S.%f")[:-3]


def duration(span: timedelta, language: Language) -> str:
    """A duration in the two units that matter: ``15 ms``, ``1,4 s``, ``3 min 2 s``, ``2 h 5 min``, ``3 d 4 h``."""
    seconds = max(span.total_seconds(), 0.0)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{_decimal(seconds, language)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


def size(count: int, language: Language) -> str:
    """A size in bytes: ``812 B``, ``4,2 kB``, ``1,1 MB``."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{_decimal(count / 1000, language)} kB"
    return f"{_decimal(count / 1_000_000, language)} MB"


def _decimal(number: float, language: Language) -> str:
    return f"{number:.1f}".replace(".", _DECIMAL_SIGN[language])
