"""Flat CSV as ``flat_csv`` reads it (RFC 4180 with ``;``), and as a spreadsheet opens it without taking a cell for a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any, Final

from adapter.domain.errors import Issue, MappingError
from adapter.mapping.er7 import CONTROL_CHARACTER
from adapter.mapping.flat_csv import DEFAULT_LIMITS
from adapter.mapping.steps import as_text

# A spreadsheet takes a cell that begins so for a formula; where its separator is another than ours, it makes cells of its own.
_FORMULA: Final = re.compile(r"^(?=\s*[=+@-]|[\t\r\n])|(?<=[,;\t])(?=\s*[=+@-])")


def plain_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe stands before what would begin one."""
    return _FORMULA.sub("'", text)


def write_row(body: Mapping[str, Any], columns: Sequence[str], charset: str) -> bytes:
    """A file of a header and one row, its lines ended by CRLF; what ``body`` lacks is an empty cell.

    Raises MappingError with the columns: ``not-a-value`` (a cell holds one), ``control-character``, ``character-not-in-charset``, ``too-long``.
    """
    issues = [Issue(name, code) for name in columns if (code := _fault(body.get(name), charset))]
    if issues:
        raise MappingError(issues)
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerows([columns, [_cell(body.get(name)) for name in columns]])
    return text.getvalue().encode(charset)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return plain_cell(value)
    # Numbers with a decimal comma, as the files that are read.
    return "" if value is None else as_text(value).replace(".", ",")


def _fault(value: Any, charset: str) -> str | None:
    if isinstance(value, dict | list):
        return "not-a-value"
    text = _cell(value)
    if CONTROL_CHARACTER.search(text):
        return "control-character"
    if len(text) > DEFAULT_LIMITS.value_length:
        return "too-long"
    return None if is_writable(text, charset) else "character-not-in-charset"


def is_writable(text: str, charset: str) -> bool:
    """Whether a charset has every character of a text."""
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
