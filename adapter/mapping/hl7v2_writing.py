"""HL7 v2 messages in ER7 (HL7 2.5, chapter 2), written from bodies in the shape that ``hl7v2`` reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from adapter.domain.errors import Issue, MappingError
from adapter.domain.instants import STOCKHOLM
from adapter.mapping.csv_writing import is_writable
from adapter.mapping.er7 import CONTROL_CHARACTER, encode
from adapter.mapping.steps import as_text

VERSION: Final = "2.5"
# HL7 table 0211.
_CHARSETS: Final = {"utf-8": "UNICODE UTF-8", "iso-8859-1": "8859/1"}
_NUMBERED: Final = frozenset({"PID", "OBR", "OBX", "NTE"})
"""Segments whose first field is their number among their like (SI)."""
_CONTROL_ID_LENGTH: Final = 20


def write_message(body: Mapping[str, Any], event: str, charset: str, sent_at: datetime) -> bytes:
    """A message of segments by name, each with its fields by number and the segments that belong to it.

    ``event`` is MSH-9. MSH-7, 10, 12 and 18, and the numbers of segments, are set here; MSH-10 is a digest of the content, so the same content has
    the same id. Raises MappingError with the fields: ``control-character``, ``character-not-in-charset``, ``not-a-value``.
    """
    writing = _Writing(charset)
    lines = [line for name, value in body.items() if name != "MSH" for line in writing.segments(name, value)]
    header = {"11": "P"} | dict(body.get("MSH") or {})
    digest = hashlib.sha256("\r".join([event, *lines]).encode()).hexdigest()
    header |= {
        "7": sent_at.astimezone(STOCKHOLM).strftime("%Y%m%d%H%M%S%z"),
        "10": digest[:_CONTROL_ID_LENGTH].upper(),
        "12": VERSION,
        "18": _CHARSETS[charset],
    }
    components = {str(place): part for place, part in enumerate(event.split("^"), 1)}
    # MSH-1 is the separator itself, MSH-2 the other encoding characters.
    first = writing.fields("MSH", header | {"9": components}, start=3)
    if writing.issues:
        raise MappingError(writing.issues)
    return "".join(f"{line}\r" for line in ["|".join(["MSH", "^~\\&", *first]), *lines]).encode(charset)


@dataclass(slots=True)
class _Writing:
    """The writing of one message; ``issues`` are what it cannot hold."""

    charset: str
    issues: list[Issue] = field(default_factory=list)

    def segments(self, name: str, value: Any) -> Iterator[str]:
        """The lines of one or several segments, each followed by those that belong to it."""
        for number, segment in enumerate(_listed(value), 1):
            if not isinstance(segment, Mapping):
                self.issues.append(Issue(name, "not-an-object"))
                continue
            numbered = {"1": number} if name in _NUMBERED else {}
            fields = {key: part for key, part in segment.items() if key.isdecimal()}
            yield "|".join([name, *self.fields(name, numbered | fields)])
            for inner, part in segment.items():
                if inner not in fields:
                    yield from self.segments(inner, part)

    def fields(self, name: str, fields: Mapping[str, Any], start: int = 1) -> list[str]:
        """The fields of a segment in their order, from ``start`` on."""
        last = max(map(int, fields), default=0)
        return [
            "~".join(self._repetition(f"{name}-{number}", one) for one in _listed(fields.get(str(number))))
            for number in range(start, last + 1)
        ]

    def _repetition(self, path: str, value: Any) -> str:
        if not isinstance(value, Mapping):
            return encode({"1": self._text(path, value)})
        parts = {
            number: {place: self._text(f"{path}.{number}.{place}", inner) for place, inner in part.items()}
            if isinstance(part, Mapping)
            else self._text(f"{path}.{number}", part)
            for number, part in value.items()
        }
        return encode(parts)

    def _text(self, path: str, value: Any) -> str:
        text = "" if isinstance(value, Mapping | list) else as_text(value)
        if isinstance(value, Mapping | list):
            self.issues.append(Issue(path, "not-a-value"))
        elif CONTROL_CHARACTER.search(text):
            self.issues.append(Issue(path, "control-character"))
        elif not is_writable(text, self.charset):
            self.issues.append(Issue(path, "character-not-in-charset"))
        return text


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
