"""FHIR ConceptMaps as tables (FHIR R4, ConceptMap and ConceptMapEquivalence): of each code what is as true of it, or less, and never more.

Faults name the ConceptMap's own file and the line of the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final, Literal, TypeAlias

from adapter.domain.errors import ConfigurationError, Fault
from adapter.domain.located import Node, locate

FOLDER: Final = "concept_maps"
"""Where ConceptMaps stand that belong to no one folder: ours, and a site's own."""
Gives: TypeAlias = Literal["code", "coding"]

_EXACT: Final = frozenset({"equal", "equivalent"})
_WIDER: Final = frozenset({"wider", "subsumes"})
_UNMATCHED: Final = "unmatched"
_REVERSED: Final = {
    "wider": "narrower",
    "narrower": "wider",
    "subsumes": "specializes",
    "specializes": "subsumes",
}
_MODIFIERS: Final = frozenset({"modifierExtension", "implicitRules", "dependsOn", "product"})
"""What makes a row mean something else than its code, target and equivalence say."""


@dataclass(frozen=True, slots=True)
class ConceptMapTable:
    """What a ConceptMap gives for each code, and for those that it does not list (``unmapped``, mode ``fixed``)."""

    rows: Mapping[str, Any] = field(default_factory=dict)
    default: Any = None


def concept_map_path(name: str, file: str) -> str:
    """Where the ConceptMap stands that ``file`` names: ``x.json`` beside it, ``x`` among those of no one folder."""
    return str(PurePosixPath(file).parent / name) if name.endswith(".json") else f"{FOLDER}/{name}.json"


def read_concept_map(
    text: str, path: str, *, gives: Gives = "code", reverse: bool = False
) -> ConceptMapTable:
    """Read a ConceptMap, ``reverse`` from its targets to its sources. Raises ConfigurationError with all its faults."""
    # JSON is YAML but for tabs, which stand in no JSON text but between its values.
    reading = _Reading(gives, reverse)
    table = reading.table(locate(text.replace("\t", " "), path))
    if reading.faults:
        raise ConfigurationError(reading.faults)
    return table


@dataclass(frozen=True, slots=True)
class _Match:
    """One code's way to another, in the direction that is read."""

    value: Any
    equivalence: str
    node: Node


class _Reading:
    """The reading of one ConceptMap; what is wrong goes to ``faults``."""

    def __init__(self, gives: Gives, reverse: bool) -> None:
        self.faults: list[Fault] = []
        self._gives = gives
        self._reverse = reverse
        self._matches: dict[str, list[_Match]] = {}
        self._defaults: list[Any] = []

    def table(self, node: Node) -> ConceptMapTable:
        """The rows of all groups together; a code means the same whichever system it is of."""
        members = self._members(node)
        if _text(members, "resourceType") != "ConceptMap":
            self._fault(node, "a ConceptMap of FHIR R4 in JSON is wanted")
        elif _text(members, "status") == "retired":
            self._fault(members["status"], "the ConceptMap is retired: name the one that took its place")
        else:
            for group in self._listed(members, "group"):
                self._group(group)
            if not self._matches and not self.faults:
                self._fault(node, "the ConceptMap has no rows in this direction")
        rows = {code: self._chosen(code, found) for code, found in self._matches.items()}
        return ConceptMapTable(rows, self._default(node))

    def _group(self, node: Node) -> None:
        members = self._members(node)
        for element in self._listed(members, "element"):
            mine = self._members(element)
            for target in self._listed(mine, "target"):
                theirs = self._members(target)
                equivalence = _text(theirs, "equivalence")
                if not equivalence:
                    self._fault(target, "a target needs its equivalence (FHIR R4)")
                elif equivalence != _UNMATCHED:
                    self._match(members, mine, theirs, equivalence, target)
        if "unmapped" in members and not self._reverse:
            self._unmapped(members, members["unmapped"])

    def _match(
        self,
        group: Mapping[str, Node],
        mine: Mapping[str, Node],
        theirs: Mapping[str, Node],
        equivalence: str,
        node: Node,
    ) -> None:
        here, there, end = (theirs, mine, "source") if self._reverse else (mine, theirs, "target")
        code, value = _text(here, "code"), self._value(group, there, end)
        if not code or value is None:
            self._fault(node, "a row needs a code on both sides, as text")
            return
        stated = _REVERSED.get(equivalence, equivalence) if self._reverse else equivalence
        self._matches.setdefault(code, []).append(_Match(value, stated, node))

    def _value(self, group: Mapping[str, Node], concept: Mapping[str, Node], end: str) -> Any:
        code = _text(concept, "code")
        if self._gives == "code" or not code:
            return code or None
        coding = {
            "system": _text(group, end),
            "version": _text(group, f"{end}Version"),
            "code": code,
            "display": _text(concept, "display"),
        }
        return {name: text for name, text in coding.items() if text}

    def _chosen(self, code: str, found: list[_Match]) -> Any:
        """The one match that is exact, or else wider; to none or to several no code is given away."""
        best = [match for match in found if match.equivalence in _EXACT] or [
            match for match in found if match.equivalence in _WIDER
        ]
        way = " (read in reverse)" if self._reverse else ""
        if not best:
            self._fault(
                found[0].node,
                f"{code} is {found[0].equivalence} here{way}: a table takes equal, equivalent, wider and subsumes; "
                "correct the row, or write the table's rows yourself",
            )
        for other in best[1:]:
            if other.value != best[0].value:
                self._fault(other.node, f"{code} has several targets{way}: leave the one that is meant")
        return best[0].value if best else None

    def _unmapped(self, group: Mapping[str, Node], node: Node) -> None:
        members = self._members(node)
        value = self._value(group, members, "target")
        if _text(members, "mode") != "fixed" or value is None:
            self._fault(
                node, "unmapped is taken with mode fixed and a code; else give the table a default of its own"
            )
        else:
            self._defaults.append(value)

    def _default(self, node: Node) -> Any:
        if any(value != self._defaults[0] for value in self._defaults[1:]):
            self._fault(node, "the groups have different codes under unmapped: one table has one default")
        return self._defaults[0] if self._defaults else None

    def _members(self, node: Node) -> Mapping[str, Node]:
        if not isinstance(node.value, dict):
            self._fault(node, "an object is wanted")
            return {}
        for key in node.value.keys() & _MODIFIERS:
            self._fault(node.value[key], f"{key} changes what the rows mean, and is not read")
        return node.value

    def _listed(self, members: Mapping[str, Node], key: str) -> Iterator[Node]:
        node = members.get(key)
        if node is not None and isinstance(node.value, list):
            yield from node.value
        elif node is not None:
            self._fault(node, f"{key} is a list")

    def _fault(self, node: Node, message: str) -> None:
        self.faults.append(node.fault(message))


def _text(members: Mapping[str, Node], key: str) -> str:
    node = members.get(key)
    return node.value if node is not None and isinstance(node.value, str) else ""
