"""Time as the standards write it: FHIR date, dateTime and instant; days in Europe/Stockholm."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")
Clock = Callable[[], datetime]
"""Returns the present instant, aware, UTC. Passed in wherever time matters."""

_DATE_TIME: Final = re.compile(
    r"([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01])"
    r"(?:T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.([0-9]+))?(Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9]))?)?)?",
    re.ASCII,
)


def utc_now() -> datetime:
    """The system's clock: handed to the composition root only."""
    return datetime.now(UTC)


def interval_of(text: str) -> tuple[datetime, datetime]:
    """The half-open interval [start, end) that a FHIR date or dateTime covers; days are Stockholm's.

    A full dateTime covers its second (or fraction). Raises ValueError for anything that is not a FHIR dateTime.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError("not a FHIR dateTime")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if not 1 < int(year) < 9999:
        raise ValueError("a year at the edge of the calendar has no end in every time zone")
    if hour is not None:
        seconds = min(int(second), 59)
        base = f"{year}-{month}-{day}T{hour}:{minute}:{seconds:02d}"
        micro = f".{fraction[:6]:0<6}" if fraction else ""
        start = datetime.fromisoformat(base + micro + ("+00:00" if zone == "Z" else zone)).astimezone(UTC)
        return start, start + (timedelta(microseconds=1) if fraction else timedelta(seconds=1))
    if day is not None:
        first = date(int(year), int(month), int(day))
        return start_of_day(first), start_of_day(first + timedelta(days=1))
    if month is not None:
        first = date(int(year), int(month), 1)
        after = date(int(year) + int(month) // 12, int(month) % 12 + 1, 1)
        return start_of_day(first), start_of_day(after)
    return start_of_day(date(int(year), 1, 1)), start_of_day(date(int(year) + 1, 1, 1))


def start_of_day(day: date) -> datetime:
    """Midnight at the start of ``day`` in Stockholm, as an instant in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=STOCKHOLM).astimezone(UTC)


def stockholm_date(instant: datetime) -> date:
    """The calendar day in Stockholm at ``instant``."""
    return instant.astimezone(STOCKHOLM).date()


def as_instant(instant: datetime) -> str:
    """A FHIR instant in UTC with milliseconds."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
