"""CSV as spreadsheets in Sweden read it: semicolons, a byte order mark, and no cell that is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """One line for each row (RFC 4180, with semicolons)."""
    for row in rows:
        line = io.StringIO()
        csv.writer(line, delimiter=";", lineterminator="\r\n").writerow(map(_plain, row))
        yield line.getvalue()


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
