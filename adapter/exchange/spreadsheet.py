"""CSV as spreadsheets in Sweden read it: semicolons, a byte order mark, and no cell that is taken for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"
# A spreadsheet takes a cell that begins so for a formula; where its separator is another than ours, it makes cells of its own.
_FORMULA: Final = re.compile(r"^(?=\s*[=+@-]|[\t\r\n])|(?<=[,;\t])(?=\s*[=+@-])")


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """One line for each row (RFC 4180, with semicolons)."""
    for row in rows:
        line = io.StringIO()
        csv.writer(line, delimiter=";", lineterminator="\r\n").writerow(map(_plain, row))
        yield line.getvalue()


def _plain(cell: str) -> str:
    return _FORMULA.sub("'", cell)
