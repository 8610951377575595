"""The filters of the message list as a link carries them: read, checked, and written again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from adapter.console.columns import SEPARATOR, Column, chosen
from adapter.console.disclosure import hidden_from
from adapter.console.screen import query_string
from adapter.domain.identity import names_person
from adapter.domain.instants import STOCKHOLM, start_of_day
from adapter.domain.records import RecordType
from adapter.domain.states import State
from adapter.exchange.administrators import Administrator
from adapter.store.log_filter import LogFilter, Reruns

T = TypeVar("T")
Bound = TypeVar("Bound", int, timedelta)

FILTERS: Final = (
    "from",
    "to",
    "state",
    "agreement",
    "channel",
    "type",
    "code",
    "control",
    "correlation",
    "source",
    "recipient",
    "attempts-min",
    "attempts-max",
    "duration-min",
    "duration-max",
    "reruns",
)
COLUMNS: Final = "columns"
_LONGEST: Final = 200
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?", re.ASCII)
_COUNT: Final = re.compile(r"[0-9]{1,6}", re.ASCII)
_SPAN: Final = re.compile(r"([0-9]{1,6})(?:[.,]([0-9]{1,3}))? ?(ms|s|min|h|d)?", re.ASCII)
_UNITS: Final = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_DAY, _MINUTE, _SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """``fields`` as they were typed; ``faults`` the key of a text for each that cannot be used. ``columns``: empty for the usual ones."""

    fields: Mapping[str, str]
    since: datetime | None = None
    until: datetime | None = None
    state: State | None = None
    source: tuple[str, str] | None = None
    recipient: tuple[str, str] | None = None
    attempts: tuple[int | None, int | None] = (None, None)
    duration: tuple[timedelta | None, timedelta | None] = (None, None)
    reruns: Reruns = Reruns.HIDDEN
    columns: tuple[Column, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def filters(self) -> Mapping[str, str]:
        """What is filtered by, as it was typed."""
        return {name: self.fields[name] for name in FILTERS if self.fields[name]}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is filtered."""
        return not self.filters

    def link(self, **changes: str) -> str:
        """The query string of this list with other or further fields."""
        return query_string({**self.fields, **changes})

    def log_filter(self, reader: Administrator) -> LogFilter:
        """What to ask the log for; by a code that its reader is not shown, nothing is found."""
        return LogFilter(
            views=reader.views,
            hidden=hidden_from(reader),
            agreement=self.fields["agreement"] or None,
            state=self.state,
            channel=self.fields["channel"] or None,
            record_type=self.fields["type"] or None,
            code=self.fields["code"] or None,
            control_id=self.fields["control"] or None,
            correlation_id=self.fields["correlation"] or None,
            source=self.source,
            recipient=self.recipient,
            attempts=self.attempts,
            duration=self.duration,
            since=self.since,
            until=self.until,
            reruns=self.reruns,
        )


def read_query(parameters: Mapping[str, str], today: date) -> ListQuery:
    """Read the filters and columns of a link; days and minutes are Stockholm's, and ``to`` is included. What names a person is a fault, and forgotten."""
    fields = {name: parameters.get(name, "").strip() for name in (*FILTERS, COLUMNS)}
    faults = {name: "fault.number" for name, value in fields.items() if names_person(value, today=today)}
    fields |= dict.fromkeys(faults, "")
    faults |= {name: "fault.long" for name, value in fields.items() if len(value) > _LONGEST}
    since = _read(fields, "from", _first_instant, "fault.time", faults)
    until = _read(fields, "to", _instant_after, "fault.time", faults)
    if since and until and until <= since:
        faults["to"] = "fault.order"
    _read(fields, "type", RecordType, "fault.word", faults)
    columns = _read(fields, COLUMNS, chosen, "fault.word", faults) or ()
    return ListQuery(
        fields={**fields, COLUMNS: SEPARATOR.join(columns)},
        since=since,
        until=until,
        state=_read(fields, "state", State, "fault.word", faults),
        source=_read(fields, "source", _party, "fault.word", faults),
        recipient=_read(fields, "recipient", _party, "fault.word", faults),
        attempts=_bounds(fields, "attempts", _count, "fault.count", faults),
        duration=_bounds(fields, "duration", _span, "fault.span", faults),
        reruns=_read(fields, "reruns", Reruns, "fault.word", faults) or _usual_reruns(fields),
        columns=columns,
        faults=faults,
    )


def _usual_reruns(fields: Mapping[str, str]) -> Reruns:
    """Hidden only where nothing is filtered: the first, which tells of them, may not be among what a filter finds."""
    return Reruns.SHOWN if any(fields[name] for name in FILTERS) else Reruns.HIDDEN


def _bounds(
    fields: Mapping[str, str], name: str, reader: Callable[[str], Bound], fault: str, faults: dict[str, str]
) -> tuple[Bound | None, Bound | None]:
    """A least and a most, both included."""
    least = _read(fields, f"{name}-min", reader, fault, faults)
    most = _read(fields, f"{name}-max", reader, fault, faults)
    if least is not None and most is not None and most < least:
        faults[f"{name}-max"] = "fault.bounds"
    return least, most


def _read(
    fields: Mapping[str, str], name: str, reader: Callable[[str], T], fault: str, faults: dict[str, str]
) -> T | None:
    if not fields[name] or name in faults:
        return None
    try:
        return reader(fields[name])
    except (ValueError, OverflowError):
        faults[name] = fault
        return None


def _party(text: str) -> tuple[str, str]:
    """A party of an agreement, written as for ``sambro admin create``."""
    agreement, mark, party = text.rpartition("#")
    if not mark:
        raise ValueError("not a party")
    return agreement, party


def _count(text: str) -> int:
    if _COUNT.fullmatch(text) is None:
        raise ValueError("not a count")
    return int(text)


def _span(text: str) -> timedelta:
    """A duration with its unit; without one, seconds."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError("not a duration")
    whole, part, unit = found.groups()
    return float(f"{whole}.{part or 0}") * _UNITS[unit or "s"]


def _first_instant(text: str) -> datetime:
    if _TIME.fullmatch(text) is None:
        raise ValueError("not a local time")
    if len(text) == len("2026-11-21"):
        return start_of_day(date.fromisoformat(text))
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def _instant_after(text: str) -> datetime:
    start = _first_instant(text)
    if len(text) == len("2026-11-21"):
        return start_of_day(date.fromisoformat(text) + _DAY)
    return start + (_MINUTE if len(text) == len("2026-11-21T14:30") else _SECOND)
