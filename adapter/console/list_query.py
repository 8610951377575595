"""The filters of the message list as a link carries them: read, checked, and written again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from adapter.console.disclosure import hidden_from
from adapter.console.screen import query_string
from adapter.domain.identity import names_person
from adapter.domain.instants import STOCKHOLM, start_of_day
from adapter.domain.records import RecordType
from adapter.domain.states import State
from adapter.exchange.administrators import Administrator
from adapter.store.log import LogFilter

T = TypeVar("T")

FIELDS: Final = ("from", "to", "state", "agreement", "channel", "type", "code", "control")
_LONGEST: Final = 200
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?", re.ASCII)
_DAY, _MINUTE, _SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """``fields`` as they were typed; ``faults`` the key of a text for each that cannot be used."""

    fields: Mapping[str, str]
    since: datetime | None = None
    until: datetime | None = None
    state: State | None = None
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is filtered."""
        return not any(self.fields.values())

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
            since=self.since,
            until=self.until,
        )


def read_query(parameters: Mapping[str, str], today: date) -> ListQuery:
    """Read the filters of a link; days and minutes are Stockholm's, and ``to`` is included. None of them may name a person."""
    fields = {name: parameters.get(name, "").strip() for name in FIELDS}
    faults = {name: "fault.number" for name, value in fields.items() if names_person(value, today=today)}
    faults |= {name: "fault.long" for name, value in fields.items() if len(value) > _LONGEST}
    since = _read(fields, "from", _first_instant, "fault.time", faults)
    until = _read(fields, "to", _instant_after, "fault.time", faults)
    state = _read(fields, "state", State, "fault.word", faults)
    _read(fields, "type", RecordType, "fault.word", faults)
    if since and until and until <= since:
        faults["to"] = "fault.order"
    return ListQuery(fields, since, until, state, faults)


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
