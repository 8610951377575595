"""One segment in ER7, HL7 v2's vertical bar encoding (HL7 2.x chapter 2, "Message delimiters" and "Use of escape sequences")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapter.domain.errors import InputError, Issue

Segment = dict[str, Any]
CONTROL_CHARACTER: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

# MSH-1, then MSH-2, which from version 2.7 on has a fifth character, for truncation.
_MSH: Final = re.compile(r"MSH([!-/:-@\[-`{-~])((?:(?!\1)[!-/:-@\[-`{-~]){4,5})(?=\1|[\r\n]|\Z)")
_HEXADECIMAL: Final = re.compile(r"X(?:[0-9A-Fa-f]{2})+", re.ASCII)
_ESCAPES: Final = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\r": "\\X0D\\", "\n": "\\X0A\\"}
)


class _EscapeMalformed(ValueError):
    pass


@dataclass(frozen=True, slots=True)
class Er7:
    """One message's encoding characters (MSH-1 and MSH-2), and the codec of its hexadecimal escapes."""

    field_separator: str
    component: str
    repetition: str
    escape: str
    subcomponent: str
    codec: str

    @staticmethod
    def of(text: str, codec: str) -> Er7:
        """Read from a message or MSH segment. Raises InputError (400) ``not-hl7v2`` or ``encoding-characters``."""
        if not text.startswith("MSH"):
            raise InputError([Issue("MSH", "not-hl7v2")], 400)
        match = _MSH.match(text)
        if match is None or len(set(match[2])) < len(match[2]):
            raise InputError([Issue("MSH-2", "encoding-characters")], 400)
        component, repetition, escape, subcomponent = list(match[2])[:4]
        return Er7(match[1], component, repetition, escape, subcomponent, codec)

    def count_parts(self, text: str) -> int:
        """How many fields, repetitions, components and subcomponents a message has at most."""
        return sum(
            map(text.count, (self.field_separator, self.repetition, self.component, self.subcomponent))
        )

    def segment(self, line: str) -> tuple[Segment, list[int]]:
        """A segment in the shape of Source, and the numbers of its fields that hold a malformed escape sequence."""
        values = line.split(self.field_separator)
        segment: Segment = {}
        bad_fields: list[int] = []
        for number, value in enumerate(values[2:], 3) if values[0] == "MSH" else enumerate(values[1:], 1):
            # The common cases, nothing or a number or word, hold no encoding character.
            if value.isalnum():
                segment[str(number)] = [{"1": value}]
            elif value:
                try:
                    segment[str(number)] = [self._repetition(text) for text in value.split(self.repetition)]
                except _EscapeMalformed:
                    bad_fields.append(number)
        return segment, bad_fields

    def _repetition(self, text: str) -> dict[str, Any]:
        components = enumerate(text.split(self.component), 1)
        return {
            str(number): value if value.isalnum() else self._component(value)
            for number, value in components
            if value
        }

    def _component(self, text: str) -> dict[str, str | None] | str | None:
        if self.subcomponent not in text:
            return self._value(text)
        subcomponents = enumerate(text.split(self.subcomponent), 1)
        return {str(number): self._value(value) for number, value in subcomponents if value}

    def _value(self, text: str) -> str | None:
        if text == '""':
            return None
        return self._unescape(text) if self.escape in text else text

    def _unescape(self, text: str) -> str:
        parts = text.split(self.escape)
        if len(parts) % 2 == 0:
            raise _EscapeMalformed
        return "".join(self._escaped(part) if place % 2 else part for place, part in enumerate(parts))

    def _escaped(self, sequence: str) -> str:
        meanings = {
            "F": self.field_separator,
            "S": self.component,
            "T": self.subcomponent,
            "R": self.repetition,
            "E": self.escape,
            ".br": "\n",
            # Start and end of highlighting: they mark text and hold none.
            "H": "",
            "N": "",
        }
        return meanings[sequence] if sequence in meanings else self._hexadecimal(sequence)

    def _hexadecimal(self, sequence: str) -> str:
        if not _HEXADECIMAL.fullmatch(sequence):
            raise _EscapeMalformed
        try:
            text = bytes.fromhex(sequence[1:]).decode(self.codec)
        except UnicodeDecodeError:
            raise _EscapeMalformed from None
        if CONTROL_CHARACTER.search(text):
            raise _EscapeMalformed
        return text


def encode(repetition: Mapping[str, Any]) -> str:
    """One repetition of a field, written with the usual encoding characters ``|^~\\&``."""
    only = repetition.get("1")
    if isinstance(only, str) and len(repetition) == 1:
        return _encode_text(only)
    return "^".join(
        "&".join(map(_encode_text, _in_order(component)))
        if isinstance(component, dict)
        else _encode_text(component)
        for component in _in_order(repetition)
    )


def _in_order(parts: Mapping[str, Any]) -> list[Any]:
    return [parts.get(str(number), "") for number in range(1, max(map(int, parts), default=0) + 1)]


def _encode_text(text: str | None) -> str:
    if text == '""':
        # As it stands it would be a NULL.
        return "\\X2222\\"
    return '""' if text is None else text.translate(_ESCAPES)
