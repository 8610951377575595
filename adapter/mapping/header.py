"""The keys at the head of a mapping file, read one by one; what is wrong is noted with its line."""

from __future__ import annotations

from collections import abc
from typing import Any, Final

from adapter.domain.errors import Fault
from adapter.domain.located import Node
from adapter.domain.records import RecordType
from adapter.mapping.tables import Table, read_table

REQUIRED: Final = frozenset({"mapping", "version", "source", "target", "event", "record_types"})
OPTIONAL: Final = frozenset({"ignored", "protected", "tables", "let"})
# Of a free form: what a file or document looks like, and what a message says of itself.
NEEDED: Final[abc.Mapping[str, frozenset[str]]] = {
    "csv": frozenset({"columns", "envelope"}),
    "json": frozenset({"envelope"}),
    "xml": frozenset({"envelope"}),
}
ALLOWED: Final[abc.Mapping[str, frozenset[str]]] = {
    "json": frozenset({"when"}),
    "xml": frozenset({"when", "namespaces"}),
}
# Of a target that is written: what a file or message is like.
WRITTEN: Final[abc.Mapping[str, frozenset[str]]] = {
    "csv": frozenset({"columns", "charset"}),
    "hl7v2": frozenset({"message", "charset"}),
}


class Header:
    """Reads the keys of a mapping file; what is wrong goes to ``faults``."""

    def __init__(self, node: Node, members: abc.Mapping[str, Node]) -> None:
        self.node = node
        self.members = members
        self.faults: list[Fault] = []
        for name in self.texts("record_types"):
            if name not in set(RecordType):
                self.faults.append(
                    members["record_types"].fault(
                        f"there is no record type {name}; there are {', '.join(RecordType)}"
                    )
                )

    def check_keys(self, required: frozenset[str], optional: frozenset[str]) -> None:
        """Fault missing and unknown keys."""
        for key in sorted(required - self.members.keys()):
            self.faults.append(self.node.fault(f"the key {key} is missing"))
        for key in self.members.keys() - required - optional:
            self.faults.append(self.members[key].fault(f"the key {key} is unknown here"))

    def text(self, key: str) -> str:
        """A key that holds text."""
        node = self.members.get(key)
        if node is not None and (not isinstance(node.value, str) or not node.value):
            self.faults.append(node.fault(f"{key} is text"))
        return str(node.value) if node is not None else ""

    def texts(self, key: str) -> list[str]:
        """A key that holds a list of texts."""
        node = self.members.get(key)
        if node is None:
            return []
        values = node.plain()
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            self.faults.append(node.fault(f"{key} is a list of texts"))
            return []
        return values

    def one_of(self, key: str, choices: tuple[Any, ...]) -> Any:
        """A key that holds one of ``choices``; the first, after a fault."""
        node = self.members.get(key)
        if node is None or node.value in choices:
            return choices[0] if node is None else node.value
        self.faults.append(node.fault(f"{key} is one of {', '.join(choices)}"))
        return choices[0]

    def namespaces(self) -> dict[str, str]:
        """The namespaces by prefix; ``default`` is that of elements without one."""
        node = self.members.get("namespaces")
        found = {} if node is None else node.plain()
        if node is not None and (
            not isinstance(found, dict) or not all(uri and isinstance(uri, str) for uri in found.values())
        ):
            self.faults.append(node.fault("namespaces is an object: prefix: namespace"))
            return {}
        return found

    def tables(self, concept_maps: abc.Mapping[str, str]) -> dict[str, Table]:
        """The tables of this file alone; ``concept_maps`` by path are what they may name."""
        node = self.members.get("tables")
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.faults.append(node.fault("tables is an object: name: {rows: ...}"))
            return {}
        return {name: read_table(table, concept_maps, self.faults) for name, table in node.value.items()}
