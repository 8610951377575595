"""A person's extract as a document: HTML that stands alone and prints, or CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from adapter.domain.identity import PERSONNUMMER, SAMORDNINGSNUMMER, PersonId
from adapter.domain.instants import STOCKHOLM
from adapter.exchange.extract import Entry

_TEMPLATES: Final = Path(__file__).parent / "templates"
_COLUMNS: Final = ("Tidpunkt", "Vem", "Vad", "Ändamål", "Grund", "Utfall", "Nekat")
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_html(person: PersonId, entries: Sequence[Entry], made_at: datetime) -> str:
    """The extract as a page; ``made_at`` is when it was taken."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": _day, "time": _time}
    page = environment.get_template("extract.html")
    return page.render(
        number=_number(person),
        entries=entries,
        refused=sum(entry.is_refused for entry in entries),
        made_at=made_at,
    )


def as_csv(entries: Sequence[Entry]) -> str:
    """The extract as CSV with semicolons and a byte order mark, which spreadsheets in Sweden read."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for entry in entries:
        refused = "ja" if entry.is_refused else "nej"
        cells = (entry.who, entry.what, entry.purpose, entry.ground, entry.outcome)
        writer.writerow([_day(entry.at) + " " + _time(entry.at), *map(_plain, cells), refused])
    return "\ufeff" + text.getvalue()


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _day(instant: datetime) -> str:
    return instant.astimezone(STOCKHOLM).strftime("%Y-%m-%d")


def _time(instant: datetime) -> str:
    return instant.astimezone(STOCKHOLM).strftime("%H:%M:%S")


def _number(person: PersonId) -> str:
    is_national = person.system in (PERSONNUMMER, SAMORDNINGSNUMMER)
    return f"{person.value[:8]}-{person.value[8:]}" if is_national else person.value
