"""Primitive values as JSON has them: the kind of JSON value, the standard's regular expression, and what a regex cannot say."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
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
# Neither stands in XML, nor half of a surrogate pair in UTF-8.
_NO_CHARACTER: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_URIS: Final = frozenset({"uri", "url", "canonical"})
_URN: Final = re.compile(
    r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"
    r"|urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
# What a 64-bit float holds: invariants are computed with those.
_BIGGEST: Final = Decimal(sys.float_info.max)


Judge = Callable[[Any], bool]
"""Whether a JSON value is what is asked for."""


class Primitives:
    """Judges values of the primitive types. ``find`` gives FHIR's own definition of a type."""

    def __init__(self, find: Callable[[str], Structure | None]) -> None:
        self._find = find
        self._judges: dict[tuple[str, re.Pattern[str] | None], Judge] = {}

    def judge(self, kind: TypeRef) -> Judge:
        """What tells whether a JSON value is one of this type."""
        known = self._judges.get((kind.code, kind.regex))
        if known is None:
            known = self._judges[kind.code, kind.regex] = self._made(kind)
        return known

    def _made(self, kind: TypeRef) -> Judge:
        code = kind.code
        if code == "boolean":
            return _is_boolean
        if code == "decimal":
            return _is_decimal
        if code in _NUMBERS:
            return partial(_is_integer, *_NUMBERS[code])
        if code == "xhtml":
            return _is_xhtml
        pattern = kind.regex or self._pattern(code)
        if pattern is None:
            return _is_text
        if code in _URIS:
            return partial(_is_uri_like, pattern)
        return partial(_is_day_like if code in _DAYS else _is_like, pattern)

    def _pattern(self, code: str) -> re.Pattern[str] | None:
        structure = self._find(code)
        value = None if structure is None else structure.root.children.get("value")
        # Strings are bounded anyway; their expression would be slow, and says no more.
        return None if value is None or code in ("string", "markdown") else value.types[0].regex


def is_uri(value: str) -> bool:
    """Whether a URI holds what R4 asks of two schemes: an OID or a UUID after ``urn:oid:`` or ``urn:uuid:``."""
    name = re.split(r"[|#]", value, maxsplit=1)[0]
    return not name.startswith(("urn:oid:", "urn:uuid:")) or _URN.fullmatch(name) is not None


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_decimal(value: Any) -> bool:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return is_number and -_BIGGEST <= value <= _BIGGEST


def _is_integer(least: int, most: int, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_xhtml(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_STRING and is_narrative(value)


def _is_text(value: Any) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_STRING:
        return False
    return not value.isspace() and not _NO_CHARACTER.search(value)


def _is_like(pattern: re.Pattern[str], value: Any) -> bool:
    if not isinstance(value, str) or len(value) > MAX_STRING:
        return False
    return pattern.fullmatch(value) is not None and not _NO_CHARACTER.search(value)


def _is_uri_like(pattern: re.Pattern[str], value: Any) -> bool:
    return _is_like(pattern, value) and is_uri(value)


def _is_day_like(pattern: re.Pattern[str], value: Any) -> bool:
    return _is_like(pattern, value) and _is_a_day(value[:10])


def _is_a_day(text: str) -> bool:
    """Whether a whole date is one of the calendar; the regex takes 30 February."""
    if len(text) < 10:
        return True
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
