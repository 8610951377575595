"""Persons for the benchmarks: personnummer computed when they run, of people who would be some two hundred years old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Final

from adapter.domain.identity import PERSONNUMMER, PersonId

_FIRST: Final = date(1800, 1, 1)
_DAYS: Final = (date(1830, 1, 1) - _FIRST).days
_SERIALS: Final = 1000
_STEP: Final = 7_368_787
"""A prime that does not divide the number of pairs: stepping by it meets each pair of day and serial once."""


def persons(count: int, *, start: int = 0) -> Iterator[PersonId]:
    """``count`` different persons; another ``start`` gives others, up to ten million in all."""
    return islice(map(_person, range(start, start + count)), count)


def _person(number: int) -> PersonId:
    day, serial = divmod(number * _STEP % (_DAYS * _SERIALS), _SERIALS)
    digits = f"{_FIRST + timedelta(days=day):%Y%m%d}{serial:03d}"
    return PersonId(PERSONNUMMER, digits + _check_digit(digits[2:]))


def _check_digit(digits: str) -> str:
    """Luhn's: the weights are 2 and 1 by turns."""
    weighted = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return str(-sum(number - 9 if number > 9 else number for number in weighted) % 10)
