"""Acknowledgements in the original mode: what a message is answered, and the ACK message that says so (HL7 2.x chapter 2)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from adapter.domain.errors import InputError, Issue
from adapter.exchange.ports import Arrival, Reader
from adapter.mapping.er7 import encode
from adapter.mapping.hl7v2 import Tree, field, read_header, repetitions
from connectors.hl7v2_mllp.reader import CONTENT_TYPE

INTERNAL_ERROR: Final = "internal-error"

_Take = Callable[[bytes, Arrival], Awaitable[None]]

# Message error condition codes (table 0357), and ours under each; any other is 207.
_MEANINGS: Final = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "207": "Application internal error",
}
_CONDITIONS: Final = {
    "segment-malformed": "100",
    "segment-repeated": "100",
    "required": "101",
    "character-not-allowed": "102",
    "control-id-too-long": "102",
    "escape-malformed": "102",
    "identity-check-digit": "102",
    "identity-date": "102",
    "identity-malformed": "102",
    "timestamp-malformed": "102",
    "charset-unsupported": "103",
    "instrument-unknown": "103",
    "protection-flag-unknown": "103",
    "event-unsupported": "201",
    "processing-id-unsupported": "202",
    "version-unsupported": "203",
    "identity-ambiguous": "204",
    "identity-system-mismatch": "204",
    "identity-system-unknown": "204",
}
_SEVERITIES: Final = {"error": "E", "warning": "W", "information": "I"}
_LOCATION: Final = re.compile(
    r"([A-Z][A-Z0-9]{2})(?:\[(\d+)\])?(?:-(\d+)(?:\[(\d+)\])?(?:\.(\d+)(?:\.(\d+))?)?)?", re.ASCII
)
# What is echoed stays one line of one frame, whatever the sender wrote.
_ECHOED: Final = re.compile(r"[^\x00-\x1f\x7f]{1,250}")


class AckCode(StrEnum):
    """Acknowledgement codes of the original mode (MSA-1, table 0008)."""

    ACCEPT = "AA"
    """Committed."""
    ERROR = "AE"
    """Not taken for its content."""
    REJECT = "AR"
    """Not taken whatever its content: unreadable, or not a message for us."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The answer to one message: paths and codes, never a value."""

    code: AckCode
    issues: Sequence[Issue] = ()


async def acknowledge(body: bytes, reader: Reader, take: _Take) -> Acknowledgement:
    """Read a message, hand it to ``take``, and say how it went.

    ``take`` returns once the message is committed and raises InputError to refuse it. 422 is AE; any other status is AR.
    """
    try:
        await take(body, reader.read(body, CONTENT_TYPE))
    except InputError as error:
        return Acknowledgement(AckCode.ERROR if error.status == 422 else AckCode.REJECT, error.issues)
    return Acknowledgement(AckCode.ACCEPT)


def frame_refused(fault: str) -> Acknowledgement:
    """The answer to a frame that could not be taken as a message."""
    return Acknowledgement(AckCode.REJECT, (Issue("MSH", fault),))


def write_ack(body: bytes, answer: Acknowledgement, at: datetime, control_id: str) -> bytes:
    """The ACK for a message, as bytes in the message's own charset.

    ``at`` is the ACK's time and ``control_id`` its own MSH-10. Applications are swapped; version, processing id and charset are the
    message's. ERR has its form of version 2.5, which older receivers read as far as they know it. Of a message whose MSH cannot
    be read nothing is echoed.
    """
    try:
        header = read_header(body)
    except InputError:
        header = {}
    segments = [_msh(header, at, control_id), f"MSA|{answer.code}|{_echo(header, 10)}"]
    segments += [_err(issue) for issue in answer.issues]
    # The header was read one character a byte, so this gives back the sender's bytes.
    return "".join(f"{segment}\r" for segment in segments).encode("iso-8859-1", "replace")


def _msh(header: Tree, at: datetime, control_id: str) -> str:
    event = _echo(header, 9, component=2)
    fields = [
        "MSH",
        "^~\\&",
        _echo(header, 5),
        _echo(header, 6),
        _echo(header, 3),
        _echo(header, 4),
        at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000"),
        "",
        f"ACK^{event}^ACK" if event else "ACK",
        control_id,
        _echo(header, 11) or "P",
        _echo(header, 12) or "2.5",
        *[""] * 5,
        _echo(header, 18),
    ]
    return "|".join(fields).rstrip("|")


def _echo(header: Tree, number: int, component: int | None = None) -> str:
    """A field of the message's MSH, or one component of it, in ER7."""
    if component is not None:
        text = encode({"1": field(header, f"MSH-{number}.{component}")})
    else:
        text = "~".join(map(encode, repetitions(header, "MSH", number)))
    return text if _ECHOED.fullmatch(text) else ""


def _err(issue: Issue) -> str:
    condition = _CONDITIONS.get(issue.code, "207")
    match = _LOCATION.fullmatch(issue.path)
    fields = [
        "ERR",
        "",
        _location(match) if match else "",
        f"{condition}^{_MEANINGS[condition]}^HL70357",
        _SEVERITIES[issue.severity],
        encode({"1": issue.code}),
        "",
        "" if match else encode({"1": issue.path}),
    ]
    return "|".join(fields).rstrip("|")


def _location(match: re.Match[str]) -> str:
    """ERR-2 (ERL): segment, its sequence, field, repetition, component, subcomponent."""
    segment, sequence, number, repetition, component, subcomponent = match.groups()
    parts = [segment, sequence or "1", number, repetition, component, subcomponent]
    return "^".join(part or "" for part in parts).rstrip("^")
