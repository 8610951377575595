"""HL7 v2 in its ER7 encoding (HL7 2.x chapter 2), read into a Source; nothing is dropped and nothing is guessed.

Paths of faults are HL7's own: ``PID-3``, and ``OBX[2]-5`` for the second OBX of the message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

from adapter.domain.errors import InputError, Issue
from adapter.domain.instants import STOCKHOLM
from adapter.mapping.charset import NOT_LATIN_1
from adapter.mapping.er7 import CONTROL_CHARACTER, Er7, Segment
from adapter.mapping.source import Source

Tree = dict[str, list[Segment]]

# HL7 table 0211, and the spellings of it that senders are known to use.
_CHARSETS: Final = {
    "ASCII": "ascii",
    "8859/1": "iso-8859-1",
    "ISO8859-1": "iso-8859-1",
    "ISO-8859-1": "iso-8859-1",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
}
_SEGMENT_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)
_PATH: Final = re.compile(r"([A-Z][A-Z0-9]{2})-(\d+)(?:\.(\d+)(?:\.(\d+))?)?", re.ASCII)
_TIMESTAMP: Final = re.compile(
    r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(?:(\d\d)(?:\.(\d{1,4}))?)?)?(?:([+-])(\d\d)([0-5]\d))?", re.ASCII
)

# Which open segment takes a segment in; one that fits nowhere stands at the top.
_OWNERS: Final = {"OBX": ("OBR", "SPM"), "NTE": ("OBX", "OBR")}
_STARTS_GROUP: Final = frozenset({"PID", "ORC", "OBR", "SPM"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Most of a message that is read: its bytes, its segments, and its fields and their parts together."""

    bytes: int = 1_048_576
    segments: int = 1_000
    parts: int = 50_000


DEFAULT_LIMITS: Final = Limits()


def parse(body: bytes, default_charset: str | None = None, limits: Limits = DEFAULT_LIMITS) -> Source:
    """Read one message; segments end with CR (LF and CRLF are tolerated).

    ``default_charset`` is a code of HL7 table 0211 that holds where MSH-18 is empty; without it that is ASCII. A NULL
    (``""``) is None in the tree, an absent field is not there. MSH-1 and MSH-2 are spent in reading and not in the tree.

    Raises InputError: 413 ``message-too-large``; 400 for what is not ER7 (``not-hl7v2``, ``encoding-characters``,
    ``segment-malformed``, ``character-not-allowed``); 415 for the charset (``charset-unsupported``, ``charset-missing``,
    ``charset-mismatch``); 422 for every ``escape-malformed``.
    """
    if len(body) > limits.bytes:
        raise InputError([Issue("MSH", "message-too-large")], 413)
    charset = _charset(body, default_charset)
    text = _decode(body, charset)
    if CONTROL_CHARACTER.search(text):
        raise InputError([Issue("MSH", "character-not-allowed")], 400)
    er7 = Er7.of(text, charset.codec)
    lines = _lines(text)
    if len(lines) > limits.segments or er7.count_parts(text) > limits.parts:
        raise InputError([Issue("MSH", "message-too-large")], 413)
    return Source("hl7v2", _tree(lines, er7))


def decode(body: bytes, default_charset: str | None = None) -> str:
    """The message as text, each segment ended by CR. Raises InputError as ``parse`` does for an unreadable MSH or charset."""
    text = _decode(body, _charset(body, default_charset))
    return "".join(f"{line}\r" for line in _lines(text))


def read_header(body: bytes) -> Tree:
    """The MSH segment alone, of a message whose rest may be unreadable; each byte is one character (ISO 8859-1).

    Raises InputError (400) with ``not-hl7v2`` or ``encoding-characters``, (422) with ``escape-malformed``.
    """
    line = _header_line(body)
    return _tree([line], Er7.of(line, "iso-8859-1"))


def field(tree: Mapping[str, Any], path: str) -> str:
    """The text at ``MSH-10``, ``PID-3.4`` or ``PID-3.4.2`` of the first such segment and repetition; "" if absent or NULL."""
    segment, number, component, subcomponent = _path(path)
    found = repetitions(tree, segment, number)
    return part(found[0], component, subcomponent) if found else ""


def repetitions(tree: Mapping[str, Any], segment: str, number: int) -> Sequence[Mapping[str, Any]]:
    """The repetitions of a field of the first segment of that name; none if it is absent."""
    found = tree.get(segment)
    return found[0].get(str(number), ()) if found else ()


def part(repetition: Mapping[str, Any], component: int, subcomponent: int = 1) -> str:
    """The text of a component or subcomponent of one repetition; "" if absent or NULL."""
    found = repetition.get(str(component))
    if isinstance(found, dict):
        found = found.get(str(subcomponent))
    elif subcomponent > 1:
        found = None
    return found or ""


def parse_timestamp(text: str) -> datetime:
    """An HL7 time stamp (TS, DTM) of a day or finer as an instant in UTC; Europe/Stockholm where it states no offset.

    Raises ValueError for anything else.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError("not an HL7 v2 time stamp")
    *numbers, fraction, sign, hours, minutes = match.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    micro = int(f"{fraction or 0:0<6}")
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    zone = timezone(-offset if sign == "-" else offset) if sign else STOCKHOLM
    try:
        return datetime(year, month, day, hour, minute, second, micro, zone).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of the calendar's range") from error


@lru_cache(maxsize=256)
def _path(path: str) -> tuple[str, int, int, int]:
    match = _PATH.fullmatch(path)
    if match is None:
        raise ValueError(f"not an HL7 v2 path: {path}")
    segment, number, component, subcomponent = match.groups()
    return segment, int(number), int(component or 1), int(subcomponent or 1)


@dataclass(frozen=True, slots=True)
class _Charset:
    codec: str
    is_stated: bool


def _charset(body: bytes, default: str | None) -> _Charset:
    line = _header_line(body)
    fields = line.split(Er7.of(line, "iso-8859-1").field_separator)
    # MSH-1 is the first separator itself.
    name = (fields[17] if len(fields) > 17 else "") or default
    if name is not None and name not in _CHARSETS:
        raise InputError([Issue("MSH-18", "charset-unsupported")], 415)
    return _Charset(_CHARSETS[name or "ASCII"], name is not None)


def _decode(body: bytes, charset: _Charset) -> str:
    if body.isascii():
        return body.decode("ascii")
    if not charset.is_stated:
        raise InputError([Issue("MSH-18", "charset-missing")], 415)
    if charset.codec == "iso-8859-1" and (NOT_LATIN_1.search(body) or _is_utf_8(body)):
        raise InputError([Issue("MSH-18", "charset-mismatch")], 415)
    try:
        return body.decode(charset.codec)
    except UnicodeDecodeError:
        raise InputError([Issue("MSH-18", "charset-mismatch")], 415) from None


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _header_line(body: bytes) -> str:
    end = b"\r" if b"\r" in body else b"\n"
    return body.partition(end)[0].decode("iso-8859-1")


def _lines(text: str) -> list[str]:
    # A line feed ends a segment only where no CR does: in a message with CR it is a character of a text.
    lines = text.split("\r" if "\r" in text else "\n")
    return [line for raw in lines if (line := raw.strip("\n"))]


def _tree(lines: Sequence[str], er7: Er7) -> Tree:
    """Segments by name, each inside the one that it belongs to. Raises InputError with every fault."""
    tree: Tree = {}
    issues: list[Issue] = []
    counts: dict[str, int] = {}
    opened: list[tuple[str, Segment]] = []
    for place, line in enumerate(lines, 1):
        name = line[:3]
        if not _is_segment(line, er7) or (name == "MSH") != (place == 1):
            raise InputError([Issue(f"segment[{place}]", "segment-malformed")], 400)
        counts[name] = counts.get(name, 0) + 1
        segment, bad_fields = er7.segment(line)
        if bad_fields:
            where = name if counts[name] == 1 else f"{name}[{counts[name]}]"
            issues += [Issue(f"{where}-{number}", "escape-malformed") for number in bad_fields]
        _place(tree, opened, name, segment)
    if issues:
        raise InputError(issues)
    return tree


def _is_segment(line: str, er7: Er7) -> bool:
    return _SEGMENT_NAME.match(line) is not None and line[3:4] in ("", er7.field_separator)


def _place(tree: Tree, opened: list[tuple[str, Segment]], name: str, segment: Segment) -> None:
    owners = _OWNERS.get(name, ())
    if name in _STARTS_GROUP:
        opened.clear()
    elif owners:
        while opened and opened[-1][0] not in owners:
            opened.pop()
    owner = opened[-1][1] if owners and opened else tree
    owner.setdefault(name, []).append(segment)
    if owners or name in _STARTS_GROUP:
        opened.append((name, segment))
