"""Templates of HL7 v2 messages, held at load to HL7's own definitions (version 2.5), as hl7apy has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from hl7apy import load_library
from hl7apy.exceptions import ChildNotFound

from adapter.domain.located import Node
from adapter.mapping.compilation import Compilation
from adapter.mapping.hl7v2_writing import VERSION
from adapter.mapping.targets import check_object

# What the writer sets.
_SET: Final = {"MSH": frozenset({"1", "2", "7", "9", "10", "11", "12", "18"})}
# Which segments a template writes inside another, as they belong to it.
_INSIDE: Final = {"OBR": ("NTE", "OBX"), "OBX": ("NTE",)}


def check_message(compilation: Compilation, event: Node, body: Node) -> None:
    """Fault segments, fields and components that the message has not, and required ones that nothing feeds."""
    structure = str(event.value).rpartition("^")[2]
    try:
        definition = load_library(VERSION).get(structure, "Message")
    except (ChildNotFound, KeyError):
        compilation.fault(
            event, f"message is trigger and structure of HL7 {VERSION}, as ORU^R01^ORU_R01 or ADT^A31^ADT_A05"
        )
        return
    message = _Message(tuple(_segments(definition)))
    check_object(compilation, body, message, structure)
    _check_order(compilation, body, message)


def _check_order(compilation: Compilation, body: Node, message: _Message) -> None:
    places = {name: place for place, (name, _) in enumerate(reversed(message.segments))}
    last = len(places)
    for name, node in (body.value if isinstance(body.value, dict) else {}).items():
        place = places.get(name, last)
        if place > last:
            compilation.fault(node, f"{name} stands after what follows it in the message; move it up")
        last = min(last, place)


@dataclass(frozen=True, slots=True)
class _Message:
    """Its segments in their order, with whether each is required."""

    segments: tuple[tuple[str, bool], ...]
    holds: Literal["object"] = "object"

    def member(self, key: str) -> _Segment | None:
        """A segment."""
        return _segment(key) if key in dict(self.segments) else None

    def names(self) -> Iterable[str]:
        """The segments."""
        return [name for name, _ in self.segments]

    def required(self) -> Iterable[frozenset[str]]:
        """Those that may not be left out; MSH is written in any case."""
        return [frozenset({name}) for name, is_required in self.segments if is_required and name not in _SET]


@dataclass(frozen=True, slots=True)
class _Segment:
    """Its fields by number, and the segments that are written inside it."""

    name: str
    fields: Mapping[str, _Part]
    needed: tuple[str, ...]
    holds: Literal["object"] = "object"

    def member(self, key: str) -> _Part | _Segment | None:
        """A field, or a segment inside."""
        return _segment(key) if key in _INSIDE.get(self.name, ()) else self.fields.get(key)

    def names(self) -> Iterable[str]:
        """The fields, and the segments inside."""
        return [*self.fields, *_INSIDE.get(self.name, ())]

    def required(self) -> Iterable[frozenset[str]]:
        """The fields that may not be left out."""
        return [frozenset({number}) for number in self.needed]


@dataclass(frozen=True, slots=True)
class _Part:
    """A field or component: of a composite type either its components, or a value, which is the first."""

    parts: Mapping[str, _Part]
    is_open: bool

    @property
    def holds(self) -> Literal["value", "anything"]:
        """What may stand there."""
        return "anything" if self.parts or self.is_open else "value"

    def member(self, key: str) -> _Part | None:
        """A component; of a field of varying type (OBX-5) any."""
        return self if self.is_open and key.isdecimal() else self.parts.get(key)

    def names(self) -> Iterable[str]:
        """The components."""
        return self.parts

    def required(self) -> Iterable[frozenset[str]]:
        """None: a part that is there may have any of its components."""
        return ()


def _segments(definition: Any, is_required: bool = True) -> Iterator[tuple[str, bool]]:
    seen: set[str] = set()
    for name, child, (least, _most), kind in definition[1]:
        found = [(name, least > 0)] if kind == "SEG" else _segments(child, least > 0)
        for one, one_required in found:
            if one not in seen:
                seen.add(one)
                yield one, is_required and one_required


@cache
def _segment(name: str) -> _Segment:
    written = _SET.get(name, frozenset())
    fields: dict[str, _Part] = {}
    needed: list[str] = []
    for path, definition, (least, _most), _kind in load_library(VERSION).get(name, "Segment")[1]:
        number = path.rpartition("_")[2]
        if number not in written:
            fields[number] = _part(definition)
        if least > 0 and number not in written:
            needed.append(number)
    return _Segment(name, fields, tuple(needed))


def _part(definition: Any) -> _Part:
    components = definition[1] if definition[0] == "sequence" else ()
    parts = {path.rpartition("_")[2]: _part(component) for path, component, _, _ in components}
    return _Part(parts, is_open=definition[2] == "varies")
