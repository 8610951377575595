"""FHIR dates as intervals; days are Stockholm's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from adapter.domain.instants import as_instant, interval_of, start_of_day, stockholm_date


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", "2025-12-31T23:00", "2026-12-31T23:00"),
        ("2026-02", "2026-01-31T23:00", "2026-02-28T23:00"),
        ("2026-12", "2026-11-30T23:00", "2026-12-31T23:00"),
        ("2026-07-01", "2026-06-30T22:00", "2026-07-01T22:00"),
        ("2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("2026-07-01T12:00:00Z", "2026-07-01T12:00:00", "2026-07-01T12:00:01"),
        ("2026-07-01T12:00:00+02:00", "2026-07-01T10:00:00", "2026-07-01T10:00:01"),
        ("2026-07-01T12:00:00.5Z", "2026-07-01T12:00:00.500000", "2026-07-01T12:00:00.500001"),
        ("2026-07-01T12:00:00.1234567Z", "2026-07-01T12:00:00.123456", "2026-07-01T12:00:00.123457"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59", "2017-01-01T00:00:00"),
    ],
)
def test_a_date_covers_its_whole_length(text: str, start: str, end: str) -> None:
    assert interval_of(text) == (utc(start), utc(end))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26-07-01",
        "2026-13",
        "2026-02-30",
        "2026-7-1",
        "2026-07-01T12:00:00",
        "2026-07-01T12:00Z",
        "2026-07-01T24:00:00Z",
        "2026-07-01T12:00:00.Z",
        "2026-07-01T12:00:00+15:00",
        "2026-07-01 ",
        "2026-07-01\n",
        "２０２６-07-01",
        "0000",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31",
        "9999-12-31T23:59:59-05:00",
    ],
)
def test_what_is_no_fhir_date_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        interval_of(text)


def test_the_day_changes_at_midnight_in_stockholm() -> None:
    midnight = start_of_day(date(2026, 7, 2))
    assert midnight == utc("2026-07-01T22:00")
    assert stockholm_date(midnight) == date(2026, 7, 2)
    assert stockholm_date(midnight - timedelta(microseconds=1)) == date(2026, 7, 1)


def test_instants_are_written_in_utc_with_milliseconds() -> None:
    at = datetime(2026, 7, 1, 12, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert as_instant(at) == "2026-07-01T10:00:00.999Z"
