"""Primitive values as JSON has them: the kind of JSON value, the standard's regular expression, and what a regex cannot say."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from adapter.fhir.profiles.definitions import Structure, TypeRef
from adapter.fhir.profiles.narrative import is_narrative

MAX_STRING: Final = 1_048_576
"""R4: a string shall not be longer than 1 MB."""
_NUMBERS: Final = {
    "integer": (-2_147_483_648, 2_147_483_647),
    "unsignedInt": (0, 2_147_483_647),
    "positiveInt": (1, 2_147_483_647),
}
_DAYS: Final = frozenset({"date", "dateTime", "instant"})
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Primitives:
    """Judges values of the primitive types. ``find`` gives FHIR's own definition of a type."""

    def __init__(self, find: Callable[[str], Structure | None]) -> None:
        self._find = find
        self._patterns: dict[str, re.Pattern[str] | None] = {}

    def is_good(self, kind: TypeRef, value: Any) -> bool:
        """Whether a JSON value is one of this type."""
        code = kind.code
        if code == "boolean":
            return isinstance(value, bool)
        if code in _NUMBERS:
            least, most = _NUMBERS[code]
            return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        if code == "decimal":
            return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        return isinstance(value, str) and self._is_text(kind, value)

    def _is_text(self, kind: TypeRef, value: str) -> bool:
        if kind.code == "xhtml":
            return len(value) <= MAX_STRING and is_narrative(value)
        pattern = kind.regex or self._pattern(kind.code)
        if pattern is None:
            return 0 < len(value) <= MAX_STRING and not value.isspace() and not _CONTROL.search(value)
        if len(value) > MAX_STRING or not pattern.fullmatch(value):
            return False
        return kind.code not in _DAYS or _is_a_day(value[:10])

    def _pattern(self, code: str) -> re.Pattern[str] | None:
        if code not in self._patterns:
            structure = self._find(code)
            value = None if structure is None else structure.root.children.get("value")
            # Strings are bounded above; their expression would be slow, and says no more.
            is_plain = value is None or code in ("string", "markdown", "xhtml")
            self._patterns[code] = None if is_plain or value is None else value.types[0].regex
        return self._patterns[code]


def _is_a_day(text: str) -> bool:
    """Whether a whole date is one of the calendar; the regex takes 30 February."""
    if len(text) < 10:
        return True
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
