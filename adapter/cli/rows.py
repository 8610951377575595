"""What commands that show rows have in common: columns, ``--json``, and a row that is not there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Annotated, TypeVar

import typer

from adapter.cli.root import Opened, Options
from adapter.store.database import NoSuchRow

T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Columns as wide as their widest cell; nothing is cut, so that ids can be copied and lines piped on."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def run_on_rows(options: Options, work: Callable[[Opened], Awaitable[T]]) -> T:
    """As ``Options.run``; the command ends with 1 for a row that is not there."""
    try:
        return options.run(work)
    except NoSuchRow as error:
        options.complain(f"no such {error}")
        raise typer.Exit(1) from None
