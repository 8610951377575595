"""CSV as spreadsheets in Sweden read it: semicolons, a byte order mark, and no cell that is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from adapter.mapping.csv_writing import plain_cell

BYTE_ORDER_MARK: Final = "\ufeff"


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """One line for each row (RFC 4180, with semicolons)."""
    for row in rows:
        line = io.StringIO()
        csv.writer(line, delimiter=";", lineterminator="\r\n").writerow(map(plain_cell, row))
        yield line.getvalue()
