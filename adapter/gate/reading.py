"""Untrusted FHIR JSON, read without ever raising: what cannot be read is noted as a fault with its path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapter.domain.errors import Issue
from adapter.domain.instants import interval_of
from adapter.gate.request import Code
from adapter.gate.verdict import Reason

MAX_DEPTH: Final = 32
MAX_VALUES: Final = 20_000
MAX_TEXT: Final = 1_000_000
"""Bounds of one resource: nesting, JSON values, and characters of text in all."""

_ELEMENT: Final = re.compile(r"[a-z][A-Za-z]{1,40}", re.ASCII)
_ANYWHERE: Final = frozenset({"id", "extension", "modifierExtension"})
CODING: Final = frozenset({"system", "version", "code", "display", "userSelected"})
CONCEPT: Final = frozenset({"coding", "text"})
REFERENCE: Final = frozenset({"reference", "type", "identifier", "display"})
PERIOD: Final = frozenset({"start", "end"})


class OutOfBounds(ValueError):
    """Parsed JSON nests deeper, or holds more, than anything that the gate reads."""


def objects_in(value: object) -> Iterator[dict[str, Any]]:
    """Every object in parsed JSON, itself included, level by level; never recurses. Raises OutOfBounds."""
    level, values, text = [value], 0, 0
    for _ in range(MAX_DEPTH + 1):
        values += len(level)
        if values > MAX_VALUES:
            break
        below: list[object] = []
        for item in level:
            if isinstance(item, str):
                text += len(item)
            elif isinstance(item, dict):
                yield item
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if text > MAX_TEXT:
            break
        if not below:
            return
        level = below
    raise OutOfBounds


def is_bounded(value: object) -> bool:
    """Whether parsed JSON keeps within the bounds."""
    try:
        return all(True for _ in objects_in(value))
    except OutOfBounds:
        return False


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open interval; None is no limit."""

    start: datetime | None
    end: datetime | None

    def contains(self, instant: datetime) -> bool:
        """Whether an instant lies inside."""
        return (self.start is None or self.start <= instant) and (self.end is None or instant < self.end)

    def encloses(self, other: Period) -> bool:
        """Whether another period lies wholly inside."""
        after_start = self.start is None or (other.start is not None and self.start <= other.start)
        before_end = self.end is None or (other.end is not None and other.end <= self.end)
        return after_start and before_end

    def overlaps(self, other: Period) -> bool:
        """Whether the two have an instant in common."""
        starts_in_time = self.end is None or other.start is None or other.start < self.end
        return starts_in_time and (other.end is None or self.start is None or self.start < other.end)


def period_of(start: str | None, end: str | None) -> Period:
    """A FHIR Period's two texts as an interval: a date covers its whole Stockholm day, a partial date its month or year.

    Raises ValueError if one is not a FHIR dateTime, or if the end is before the start.
    """
    first = None if start is None else interval_of(start)[0]
    last = None if end is None else interval_of(end)[1]
    if first is not None and last is not None and last <= first:
        raise ValueError("ends before it starts")
    return Period(first, last)


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON object of a resource, with its path and the faults found so far in the whole resource."""

    value: Mapping[str, Any]
    path: str
    faults: list[Issue]

    def fault(self, reason: Reason, name: str = "") -> None:
        """Note what cannot be read or evaluated here."""
        self.faults.append(Issue(self._at(name), reason.value))

    def check(self, known: frozenset[str]) -> None:
        """Note every element beyond ``known``, every modifier extension, and every primitive that has only an extension."""
        for name, content in self.value.items():
            base = name.removeprefix("_")
            if (
                (base not in known and base not in _ANYWHERE)
                or base not in self.value
                or (base == "modifierExtension" and content)
            ):
                # A name that is no element's could be anything, also a value.
                self.fault(Reason.ELEMENT_NOT_EVALUATED, base if _ELEMENT.fullmatch(base) else "")

    def child(self, name: str) -> Node | None:
        """A single object; None if it is missing or, noted, something else."""
        content = self.value.get(name)
        if isinstance(content, Mapping):
            return Node(content, self._at(name), self.faults)
        if name in self.value:
            self.fault(Reason.CONSENT_UNREADABLE, name)
        return None

    def children(self, name: str) -> list[Node] | None:
        """A repeating object; None if it is missing. What is no object is noted and left out."""
        if name not in self.value:
            return None
        content = self.value[name]
        if not isinstance(content, list) or not content:
            self.fault(Reason.CONSENT_UNREADABLE, name)
            return []
        nodes = []
        for place, item in enumerate(content):
            if isinstance(item, Mapping):
                nodes.append(Node(item, f"{self._at(name)}[{place}]", self.faults))
            else:
                self.fault(Reason.CONSENT_UNREADABLE, f"{name}[{place}]")
        return nodes

    def text(self, name: str) -> str | None:
        """A primitive that is text; None if it is missing or, noted, something else."""
        content = self.value.get(name)
        if isinstance(content, str) and content:
            return content
        if name in self.value:
            self.fault(Reason.CONSENT_UNREADABLE, name)
        return None

    def period(self, name: str) -> Period | None:
        """A Period; None if it is missing or, noted, cannot be read."""
        node = self.child(name)
        if node is None:
            return None
        node.check(PERIOD)
        try:
            return period_of(node.text("start"), node.text("end"))
        except ValueError:
            node.fault(Reason.CONSENT_UNREADABLE)
            return None

    def coding(self) -> Code:
        """This Coding; a missing system or code is the empty text, which equals nothing."""
        self.check(CODING)
        return self.text("system") or "", self.text("code") or ""

    def concept(self) -> frozenset[Code]:
        """The codings of this CodeableConcept."""
        self.check(CONCEPT)
        return frozenset(coding.coding() for coding in self.children("coding") or ())

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if name else self.path
