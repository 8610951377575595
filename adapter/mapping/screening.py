"""AUDIT, AUDIT-C and DUDIT: what a result must satisfy, and the band that a total falls in.

AUDIT (WHO): ten items, 1-8 score 0-4, 9-10 score 0, 2 or 4, total 0-40. AUDIT-C: its items 1-3, total 0-12, another instrument. DUDIT (Berman et al. 2003): eleven items, 1-9 score 0-4,
10-11 score 0, 2 or 4, total 0-44. A band is a screening result, never a diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from adapter.domain.errors import Issue
from adapter.domain.identity import PersonId
from adapter.domain.records import RecordType
from adapter.mapping.canonical import canonical

MINIMUM_AGE: Final = 16


@dataclass(frozen=True, slots=True)
class Instrument:
    """A form: its number of items, from which item on only 0, 2 and 4 can be scored, and the record type of its results."""

    items: int
    even_from: int
    record_type: RecordType

    @property
    def highest_total(self) -> int:
        """The highest total, four points an item."""
        return 4 * self.items


INSTRUMENTS: Final[Mapping[str, Instrument]] = {
    "AUDIT": Instrument(10, 9, RecordType.AUDIT),
    "AUDIT-C": Instrument(3, 4, RecordType.AUDIT),
    "DUDIT": Instrument(11, 10, RecordType.DUDIT),
}


@dataclass(frozen=True, slots=True)
class Band:
    """A band of a cut-off table: its code, and its text for people."""

    code: str
    display: str


@dataclass(frozen=True, slots=True)
class CutOffRow:
    """From which total each band begins, for one instrument, sex (FHIR AdministrativeGender) and range of ages in years."""

    instrument: str
    sex: str
    youngest: int
    oldest: int
    starts: tuple[tuple[int, Band], ...]


@dataclass(frozen=True, slots=True)
class CutOffs:
    """A cut-off table: its version is stated with every band that it gives; ``system`` is the bands' CodeSystem."""

    name: str
    version: str
    system: str
    rows: tuple[CutOffRow, ...]

    @property
    def url(self) -> str:
        """Its canonical URL, with its version."""
        return canonical("cut-offs", self.name, version=self.version)

    def band(self, instrument: str, total: int, sex: str, age: int) -> Band | None:
        """The highest band that begins at or below ``total``; None where the table has no row for the person."""
        for row in self.rows:
            if (row.instrument, row.sex) == (instrument, sex) and row.youngest <= age <= row.oldest:
                return max((start for start in row.starts if start[0] <= total), key=lambda start: start[0])[
                    1
                ]
        return None


def interpretation(
    cut_offs: CutOffs, instrument: str, total: int, person: PersonId | None, at: str | None
) -> dict[str, Any] | None:
    """The CodeableConcept of the band, with the table's version; None without sex or age, on ``at`` a FHIR dateTime, or where the table has no row."""
    born, sex = (person.birth_date, person.legal_sex) if person else (None, None)
    if born is None or sex is None or at is None or len(at) < len("2024-01-01"):
        return None
    band = cut_offs.band(instrument, total, sex, age_on(date.fromisoformat(at[:10]), born))
    if band is None:
        return None
    coding = {
        "system": cut_offs.system,
        "version": cut_offs.version,
        "code": band.code,
        "display": band.display,
    }
    return {"coding": [coding], "text": f"{band.display} (gränsvärden version {cut_offs.version})"}


def check_screening(instrument: str, items: Mapping[int, int], total: int | None) -> tuple[Issue, ...]:
    """The faults of a result: ``items`` is score by item number, ``total`` what the sender states (None if it does not).

    All items or none must be there, and without items a total. Paths are ``items.<number>``, ``total`` and
    ``instrument``; codes ``instrument-unknown``, ``item-unknown``, ``score-out-of-range``, ``score-not-allowed``,
    ``item-missing``, ``total-missing``, ``total-out-of-range``, ``total-not-the-sum``.
    """
    form = INSTRUMENTS.get(instrument)
    if form is None:
        return (Issue("instrument", "instrument-unknown"),)
    faults = list(_item_faults(form, items))
    if items:
        missing = sorted(set(range(1, form.items + 1)) - items.keys())
        faults.extend(Issue(f"items.{number}", "item-missing") for number in missing)
    if not faults:
        faults.extend(_total_faults(form, items, total))
    return tuple(faults)


def _item_faults(form: Instrument, items: Mapping[int, int]) -> Iterator[Issue]:
    for number, score in sorted(items.items()):
        if not 1 <= number <= form.items:
            yield Issue(f"items.{number}", "item-unknown")
        elif not 0 <= score <= 4:
            yield Issue(f"items.{number}", "score-out-of-range")
        elif number >= form.even_from and score % 2:
            yield Issue(f"items.{number}", "score-not-allowed")


def _total_faults(form: Instrument, items: Mapping[int, int], total: int | None) -> Iterator[Issue]:
    if total is None:
        if not items:
            yield Issue("total", "total-missing")
    elif not 0 <= total <= form.highest_total:
        yield Issue("total", "total-out-of-range")
    elif items and total != sum(items.values()):
        yield Issue("total", "total-not-the-sum")


def age_on(day: date, born: date) -> int:
    """Whole years of age on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
