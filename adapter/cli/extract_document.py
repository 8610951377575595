"""A person's extract as a document: HTML that stands alone and prints, or CSV for a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from adapter.domain.identity import PERSONNUMMER, SAMORDNINGSNUMMER, PersonId
from adapter.domain.instants import STOCKHOLM
from adapter.exchange.extract_entries import Entry
from adapter.exchange.spreadsheet import BYTE_ORDER_MARK, csv_lines

_TEMPLATES: Final = Path(__file__).parent / "templates"
_COLUMNS: Final = ("Tidpunkt", "Vem", "Vad", "Ändamål", "Grund", "Utfall", "Nekat")


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
    return BYTE_ORDER_MARK + "".join(csv_lines([_COLUMNS, *map(_cells, entries)]))


def _cells(entry: Entry) -> tuple[str, ...]:
    at, refused = f"{_day(entry.at)} {_time(entry.at)}", "ja" if entry.is_refused else "nej"
    return (at, entry.who, entry.what, entry.purpose, entry.ground, entry.outcome, refused)


def _day(instant: datetime) -> str:
    return instant.astimezone(STOCKHOLM).strftime("%Y-%m-%d")


def _time(instant: datetime) -> str:
    return instant.astimezone(STOCKHOLM).strftime("%H:%M:%S")


def _number(person: PersonId) -> str:
    is_national = person.system in (PERSONNUMMER, SAMORDNINGSNUMMER)
    return f"{person.value[:8]}-{person.value[8:]}" if is_national else person.value
