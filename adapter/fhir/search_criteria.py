"""Values of search parameters and how they compare with elements (FHIR R4 search, 3.1.1.4: date, token, escaping)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from adapter.domain.instants import interval_of
from adapter.fhir.search_parameters import SearchParameter

Interval = tuple[datetime, datetime]

# Which of them leave no instant before the interval that was searched, and which none after it.
_NONE_BEFORE: Final = frozenset({"eq", "gt", "ge", "sa"})
_NONE_AFTER: Final = frozenset({"eq", "lt", "le", "eb"})
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
_END: Final = datetime.max.replace(tzinfo=UTC)
# Each compares the interval that was searched with one that was found; both half-open.
_COMPARISONS: Final[dict[str, Callable[[Interval, Interval], bool]]] = {
    "eq": lambda searched, found: searched[0] <= found[0] and found[1] <= searched[1],
    "ne": lambda searched, found: not (searched[0] <= found[0] and found[1] <= searched[1]),
    "lt": lambda searched, found: found[0] < searched[0],
    "gt": lambda searched, found: found[1] > searched[1],
    "le": lambda searched, found: found[0] < searched[0] or found[1] <= searched[1],
    "ge": lambda searched, found: found[1] > searched[1] or found[0] >= searched[0],
    "sa": lambda searched, found: found[0] >= searched[1],
    "eb": lambda searched, found: found[1] <= searched[0],
}


class ValueFault(Exception):
    """A value that its parameter cannot have; ``code`` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Token:
    """``[system|]code``. ``system`` None: any; empty: none. ``code`` empty: any code of the system."""

    system: str | None
    code: str

    def matches(self, system: str | None, code: str) -> bool:
        """Whether a coding is the one that was asked for."""
        return self.code in ("", code) and (self.system is None or self.system == (system or ""))


@dataclass(frozen=True, slots=True)
class Criterion:
    """One occurrence of a parameter: it is met if any of its values is."""

    parameter: SearchParameter
    tokens: tuple[Token, ...] = ()
    intervals: tuple[tuple[str, Interval], ...] = ()
    references: tuple[str, ...] = ()

    @property
    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """From when, and until when, an instant lies that meets a criterion about a date; None: no such bound."""
        starts = [searched[0] for prefix, searched in self.intervals if prefix in _NONE_BEFORE]
        ends = [searched[1] for prefix, searched in self.intervals if prefix in _NONE_AFTER]
        every = len(self.intervals)
        return min(starts) if len(starts) == every else None, max(ends) if len(ends) == every else None

    def matches(self, resource: Mapping[str, Any]) -> bool:
        """Whether an element that the parameter names has one of the values; a missing element has none."""
        found = [element for path in self.parameter.elements for element in _walk(resource, path.split("."))]
        if self.parameter.type == "reference":
            return any(text in _targets(element) for text in self.references for element in found)
        if self.parameter.type == "token":
            codings = [coding for element in found for coding in _codings(element, self.parameter.system)]
            return any(token.matches(*coding) for token in self.tokens for coding in codings)
        spans = [span for element in found if (span := _interval(element)) is not None]
        return any(
            _COMPARISONS[prefix](searched, span) for prefix, searched in self.intervals for span in spans
        )


def earliest(parameter: SearchParameter, resource: Mapping[str, Any]) -> datetime | None:
    """When the first of what a date parameter names in a resource begins; None where nothing there can be read as a date."""
    found = (element for path in parameter.elements for element in _walk(resource, path.split(".")))
    return min((span[0] for element in found if (span := _interval(element)) is not None), default=None)


def read_criterion(parameter: SearchParameter, value: str) -> Criterion:
    """Read one occurrence's value: alternatives between commas. Raises ValueFault."""
    alternatives = split_escaped(value, ",")
    if "" in alternatives:
        raise ValueFault("value")
    if parameter.type == "reference":
        return Criterion(parameter, references=tuple(map(_unescaped, alternatives)))
    if parameter.type == "token":
        return Criterion(parameter, tokens=tuple(_read_token(text) for text in alternatives))
    return Criterion(parameter, intervals=tuple(_read_date(text) for text in alternatives))


def _read_token(text: str) -> Token:
    """Read ``code``, ``system|code``, ``|code`` or ``system|``. Raises ValueFault."""
    parts = [_unescaped(part) for part in split_escaped(text, "|")]
    if len(parts) > 2 or not any(parts):
        raise ValueFault("value")
    return Token(None, parts[0]) if len(parts) == 1 else Token(parts[0], parts[1])


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def split_escaped(text: str, separator: str) -> list[str]:
    r"""Split at each ``separator`` that no ``\`` escapes; escapes stay."""
    parts = [""]
    for piece in re.findall(r"\\.|\\|[^\\]", text, re.DOTALL):
        if piece == separator:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _read_date(text: str) -> tuple[str, Interval]:
    prefix, instant = (text[:2], text[2:]) if text[0].isalpha() else ("eq", text)
    if prefix not in _COMPARISONS:
        raise ValueFault("unsupported-prefix")
    try:
        return prefix, interval_of(instant)
    except (ValueError, OverflowError) as error:
        raise ValueFault("value") from error


def _walk(element: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(element, list | tuple):
        for item in element:
            yield from _walk(item, path)
    elif not path:
        yield element
    elif isinstance(element, Mapping) and path[0] in element:
        yield from _walk(element[path[0]], path[1:])


def _codings(element: Any, system: str | None) -> Iterator[tuple[str | None, str]]:
    """The codings of a code, id, Coding, CodeableConcept or Identifier."""
    if isinstance(element, str):
        yield system, element
    elif isinstance(element, Mapping):
        for coding in element.get("coding", [element]):
            if "code" in coding:
                yield coding.get("system"), coding["code"]
        if "value" in element:
            yield element.get("system"), element["value"]


def _targets(reference: Any) -> tuple[str, ...]:
    """What a literal Reference may be asked for by: as it stands, or by its id alone."""
    target = reference.get("reference") if isinstance(reference, Mapping) else None
    return (target, target.rpartition("/")[2]) if isinstance(target, str) else ()


def _interval(element: Any) -> Interval | None:
    """The interval of a date, dateTime, instant or Period; None for one that cannot be read or has no bound."""
    try:
        if isinstance(element, str):
            return interval_of(element)
        start, end = element.get("start"), element.get("end")
        if start is None and end is None:
            return None
        return interval_of(start)[0] if start else _BEGINNING, interval_of(end)[1] if end else _END
    except (ValueError, OverflowError, TypeError, AttributeError):
        return None
