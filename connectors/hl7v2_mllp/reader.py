"""Reads a region's HL7 v2 message into an Arrival: ORU^R01 (a score), ADT^A31 (changed person), ADT^A40 (merge)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar

from adapter.domain.errors import IdentityError, InputError, Issue
from adapter.domain.identity import HSA_ID, Identifier, PersonId, parse_organization_id
from adapter.domain.instants import Clock, stockholm_date
from adapter.domain.refusal_words import speaks_of_refusal
from adapter.exchange.ports import Act, Arrival
from adapter.mapping.er7 import encode
from adapter.mapping.hl7v2 import DEFAULT_LIMITS, Limits, field, parse, parse_timestamp, repetitions
from adapter.mapping.source import Source
from connectors.hl7v2_mllp.instrument import record_types
from connectors.hl7v2_mllp.person import read_person_id

CONTENT_TYPE: Final = "x-application/hl7-v2+er7"
# Access restrictions and consents may say that the person refused; nothing here evaluates them.
ALWAYS_REFUSED: Final = frozenset({"ARV", "CON"})

_ACTS: Final = {"ORU^R01": Act.RECORD, "ADT^A31": Act.RECORD, "ADT^A40": Act.MERGE}
_VERSION: Final = re.compile(r"2\.[1-9](\.[1-9])?", re.ASCII)
# MSH-10 of HL7 2.7 and later; older versions allow less.
_LONGEST_CONTROL_ID: Final = 199

_Tree = Mapping[str, Any]
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Hl7Reader:
    """A channel's reader (the port ``Reader``).

    ``processing_id`` is the one that MSH-11 must have (table 0103: P, T or D). ``refusals`` names segments, Z segments mostly,
    whose presence refuses the message. ``default_charset`` (table 0211) holds where MSH-18 is empty.
    """

    clock: Clock
    processing_id: str = "P"
    refusals: frozenset[str] = frozenset()
    default_charset: str | None = None
    limits: Limits = DEFAULT_LIMITS

    def read(self, body: bytes, content_type: str = CONTENT_TYPE) -> Arrival:
        """Read one message wholly.

        Raises InputError: 400, 413 and 415 as ``adapter.mapping.hl7v2.parse`` does; 415 for a header (MSH) that is not for us;
        422 with every fault of PID-3, MRG-1, PD1-12 and OBR-4, and for segments that refuse.
        """
        if content_type != CONTENT_TYPE:
            raise InputError([Issue("Content-Type", "content-type-unsupported")], 415)
        record = parse(body, self.default_charset, self.limits)
        return self._arrival(record, self._check_header(record.tree))

    def _arrival(self, record: Source, sent_at: datetime | None) -> Arrival:
        tree, event = record.tree, _event(record.tree)
        today = stockholm_date(self.clock())
        issues = [*_refusals(tree, self.refusals | ALWAYS_REFUSED), *_repeated(tree)]
        persons = _collect(issues, lambda: _persons(tree, event, today))
        types = _collect(issues, lambda: record_types(tree, event))
        protection = _collect(issues, lambda: _protection(tree))
        if issues or persons is None or types is None:
            raise InputError(issues)
        return Arrival(
            event=event,
            act=_ACTS[event],
            control_id=field(tree, "MSH-10"),
            source_application=f"{_encoded(tree, 'MSH', 3)}|{_encoded(tree, 'MSH', 4)}",
            sender=None,
            unit=_unit(tree),
            person=persons[0],
            record_types=types,
            record=record,
            sent_at=sent_at,
            protection=protection,
            superseded=persons[1],
            record_key=_record_key(tree) if event == "ORU^R01" else None,
            warnings=tuple(f"unknown-segment-{name}" for name in sorted(tree) if name.startswith("Z")),
        )

    def _check_header(self, tree: _Tree) -> datetime | None:
        """When the message was sent (MSH-7), if its header is one that this channel takes."""
        checks = {
            "MSH-9": (_event(tree) in _ACTS, "event-unsupported"),
            "MSH-10": (0 < len(field(tree, "MSH-10")) <= _LONGEST_CONTROL_ID, "control-id-too-long"),
            "MSH-11": (field(tree, "MSH-11") == self.processing_id, "processing-id-unsupported"),
            "MSH-12": (_VERSION.fullmatch(field(tree, "MSH-12")) is not None, "version-unsupported"),
        }
        issues = [
            Issue(path, code if field(tree, path) else "required")
            for path, (is_good, code) in checks.items()
            if not is_good
        ]
        sent_at = _collect(issues, lambda: _sent_at(tree))
        if issues:
            raise InputError(issues, 415)
        return sent_at


def _collect(issues: list[Issue], read: Callable[[], _Found]) -> _Found | None:
    """What ``read`` returns; or None, its faults added to the others."""
    try:
        return read()
    except InputError as error:
        issues.extend(error.issues)
        return None


def _event(tree: _Tree) -> str:
    return f"{field(tree, 'MSH-9.1')}^{field(tree, 'MSH-9.2')}"


def _sent_at(tree: _Tree) -> datetime | None:
    text = field(tree, "MSH-7")
    try:
        return parse_timestamp(text) if text else None
    except ValueError:
        raise InputError([Issue("MSH-7", "timestamp-malformed")]) from None


def _persons(tree: _Tree, event: str, today: date) -> tuple[PersonId, PersonId | None]:
    """The person, and for a merge the number that ceases."""
    issues: list[Issue] = []
    person = _collect(issues, lambda: read_person_id(tree, "PID", 3, today))
    superseded = None
    if _ACTS[event] is Act.MERGE:
        superseded = _collect(issues, lambda: read_person_id(tree, "MRG", 1, today))
    if superseded is not None and superseded == person:
        issues.append(Issue("MRG-1", "merge-same-identity"))
    if issues or person is None:
        raise InputError(issues)
    return person, superseded


def _refusals(tree: _Tree, refusals: frozenset[str]) -> Iterator[Issue]:
    """Segments that refuse by their name, and Z segments that speak of consent or refusal: nothing here evaluates what they say."""
    for name, segments in sorted(tree.items()):
        if name in refusals or (name.startswith("Z") and any(map(speaks_of_refusal, _texts(segments)))):
            yield Issue(name, "refusal")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for member in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(member)


def _repeated(tree: _Tree) -> Iterator[Issue]:
    """One message, one person: a second patient group would be released under the first one's consent."""
    return (
        Issue(f"{name}[2]", "segment-repeated")
        for name in ("PID", "PD1", "MRG")
        if len(tree.get(name, ())) > 1
    )


def _protection(tree: _Tree) -> frozenset[str] | None:
    """Protected identity by PD1-12 (table 0136); an absent or NULL flag says nothing and so lifts nothing."""
    flag = field(tree, "PD1-12")
    if flag not in ("Y", "N", ""):
        raise InputError([Issue("PD1-12", "protection-flag-unknown")])
    return None if flag == "" else frozenset({"sekretessmarkering"} if flag == "Y" else ())


def _unit(tree: _Tree) -> Identifier | None:
    """The sending facility (MSH-4) where it is an HSA-id."""
    for value in (field(tree, "MSH-4.1"), field(tree, "MSH-4.2")):
        try:
            return parse_organization_id(value, system=HSA_ID)
        except IdentityError:
            continue
    return None


def _record_key(tree: _Tree) -> str:
    """The filler's order number (OBR-3), else the placer's (OBR-2), else the message's own id."""
    return _encoded(tree, "OBR", 3) or _encoded(tree, "OBR", 2) or field(tree, "MSH-10")


def _encoded(tree: _Tree, segment: str, number: int) -> str:
    found = repetitions(tree, segment, number)
    return encode(found[0]) if found else ""
