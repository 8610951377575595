"""Flat CSV as municipal systems export it (RFC 4180 with ``;``): a header, then one record a row; nothing is dropped or guessed.

Faults name rows and columns, never values. Rows are counted as a spreadsheet shows them: the header is row 1.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO, TextIOWrapper
from itertools import islice
from typing import Final

from adapter.domain.errors import InputError, Issue
from adapter.mapping.charset import charset_of

CONTENT_TYPE: Final = "text/csv; charset=utf-8; header=present"
"""Of one row as its own message: the header and the row, in UTF-8 (RFC 4180, section 3)."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# A file without a header has values where the names should be; they must not reach a log as names.
_NAME: Final = re.compile(r"(?!.*\d{6})[^\x00-\x1f\x7f-\x9f{}]{1,100}")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a file: ``bytes`` and ``rows`` of it all, ``columns`` of its header, characters of a value."""

    bytes: int = 16_777_216
    rows: int = 100_000
    columns: int = 250
    value_length: int = 10_000


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Row:
    """One record. ``values`` by column, without the blanks around them; ``issues`` say why it cannot be read."""

    number: int
    values: Mapping[str, str]
    issues: tuple[Issue, ...] = ()

    def body(self) -> bytes:
        """The row as a message of its own: the same for the same values, however the file wrote them."""
        text = StringIO(newline="")
        csv.writer(text, delimiter=";").writerows([self.values.keys(), self.values.values()])
        return text.getvalue().encode()


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file whose header is read; ``rows`` reads on."""

    columns: tuple[str, ...]
    rows: Iterator[Row]


def read_csv(body: bytes, limits: Limits = DEFAULT_LIMITS) -> CsvFile:
    """Read the header of a file, and its rows as they are asked for; blank rows are passed over.

    Text is UTF-8, with or without a byte order mark, where it is valid UTF-8; else ISO-8859-1. Raises InputError: 413 too large, 415 no such text,
    400 for a header that cannot be used.
    """
    if len(body) > limits.bytes:
        raise InputError([Issue("", "too-large")], 413)
    text = TextIOWrapper(BytesIO(body), encoding=charset_of(body), newline="")
    records = csv.reader(text, delimiter=";", strict=True)
    try:
        names = [name.strip() for name in next(records, [])]
    except csv.Error:
        raise InputError([Issue("row 1", "csv-malformed")], 400) from None
    while names and not names[-1]:
        names.pop()
    if issues := list(islice(_header_faults(names, limits), 20)):
        raise InputError(issues, 400)
    return CsvFile(tuple(names), _rows(records, names, limits))


def read_row(body: bytes, limits: Limits = DEFAULT_LIMITS) -> Row:
    """The one row of a file that is one message; raises InputError, also for what is wrong in the row (422)."""
    rows = list(islice(read_csv(body, limits).rows, 2))
    if len(rows) != 1:
        raise InputError([Issue("", "not-one-row")], 400)
    if rows[0].issues:
        raise InputError(rows[0].issues)
    return rows[0]


def _header_faults(names: Sequence[str], limits: Limits) -> Iterator[Issue]:
    if not names:
        yield Issue("row 1", "header-missing")
    if len(names) > limits.columns:
        yield Issue("row 1", "too-many-columns")
        return
    for place, name in enumerate(names, 1):
        if not name:
            yield Issue(f"column {place}", "column-unnamed")
        elif not _NAME.fullmatch(name):
            yield Issue(f"column {place}", "column-name-malformed")
        elif name in names[: place - 1]:
            yield Issue(f"column {place}", "column-repeated")


def _rows(records: Iterator[list[str]], names: Sequence[str], limits: Limits) -> Iterator[Row]:
    number = 1
    while True:
        number += 1
        try:
            record = next(records, None)
        except csv.Error:
            # A quote that is not closed: where the next row begins cannot be known.
            yield Row(number, {}, (Issue("", "csv-malformed"),))
            return
        if record is None:
            return
        if number - 1 > limits.rows:
            yield Row(number, {}, (Issue("", "too-many-rows"),))
            return
        values = [value.strip() for value in record]
        if any(values):
            yield _row(number, names, values, limits)


def _row(number: int, names: Sequence[str], values: list[str], limits: Limits) -> Row:
    if len(values) < len(names) or any(values[len(names) :]):
        return Row(
            number, {}, (Issue("", "too-few-values" if len(values) < len(names) else "too-many-values"),)
        )
    named = dict(zip(names, values, strict=False))
    return Row(number, named, tuple(_value_faults(named, limits)))


def _value_faults(named: Mapping[str, str], limits: Limits) -> Iterator[Issue]:
    for name, value in named.items():
        if len(value) > limits.value_length:
            yield Issue(name, "too-long")
        elif _CONTROL.search(value):
            yield Issue(name, "control-character")
