"""YAML that remembers where each value stands, so that a fault in a configuration file names its line.

The reading is the core schema of YAML 1.2 (section 10.3) without its octal and hexadecimal forms: only ``true`` and ``false`` are
booleans, and dates, ``yes``, ``on`` and ``12:30`` stay text. An alias gives the anchored value once more, at its first place; tags
of one's own and merge keys (``<<``) are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import yaml

from adapter.domain.errors import ConfigurationError, Fault

Scalar: TypeAlias = str | int | float | bool | None

_WORDS: Final[dict[str, Scalar]] = {"": None, "~": None, "null": None, "true": True, "false": False}
_ADVICE: Final = {
    r"'\t'": "indent with blanks, not tabs",
    "mapping values are not allowed": "a text with a colon in it stands in quotes, and keys of one object are indented alike",
}
_MOST_VALUES: Final = 100_000
_DEEPEST: Final = 100
# libyaml's reader, where PyYAML was built with it, is some fifteen times as fast: each command reads every mapping.
_FAST: Final = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
# What YAML gives to values that have no tag of their own.
_IMPLICIT_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
)
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]*", re.ASCII)
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place: ``value`` is a dict or list of nodes, or a scalar; ``line`` counts from 1."""

    value: dict[str, Node] | list[Node] | Scalar
    line: int
    file: str

    def fault(self, message: str) -> Fault:
        """A fault at this place."""
        return Fault(self.file, self.line, message)

    def plain(self) -> Any:
        """The value as plain dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


def locate(text: str, file: str) -> Node:
    """Read one YAML document; ``file`` is the name that faults carry.

    Raises ConfigurationError when the text is not YAML, or with every tag of its own, duplicate, merge or non-text key, and alias
    within its own anchor, when values stand more than 100 deep, or when aliases make it larger than 100,000 values. An empty text
    is a Node with value None at line 1.
    """
    try:
        root = _composed(text)
    except yaml.YAMLError as error:
        raise ConfigurationError([_syntax_fault(error, file)]) from None
    if root is None:
        return Node(None, 1, file)
    reading = _Reading(file)
    node = reading.node(root)
    if reading.faults:
        raise ConfigurationError(reading.faults)
    return node


def _composed(text: str) -> yaml.Node | None:
    try:
        return _bounded(text, _FAST)
    except yaml.YAMLError:
        # The other reader's errors say more.
        return _bounded(text, yaml.SafeLoader)


def _bounded(text: str, loader: Any) -> yaml.Node | None:
    """Both readers compose by recursion; libyaml's has no bound of its own."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            problem = f"values stand within each other more than {_DEEPEST} deep"
            raise yaml.MarkedYAMLError(None, None, problem, event.start_mark)  # type: ignore[arg-type]  # libyaml's mark is as good
    return yaml.compose(text, Loader=loader)


def _syntax_fault(error: Exception, file: str) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "the file cannot be read as YAML"
    problem += next((f"; {advice}" for sign, advice in _ADVICE.items() if sign in problem), "")
    return Fault(file, mark.line + 1 if mark is not None else 1, f"YAML: {problem}")


class _Reading:
    """Turns composed YAML nodes into ours; what an alias repeats is made once and counted each time."""

    def __init__(self, file: str) -> None:
        self.faults: list[Fault] = []
        self._file = file
        self._made: dict[int, tuple[Node, int]] = {}
        self._open: set[int] = set()
        self._size = 0

    def node(self, node: yaml.Node) -> Node:
        """The located value of a composed node."""
        if id(node) not in self._made:
            before = self._size
            made = self._located(node)
            self._made[id(node)] = made, self._size - before + 1
            self._size += 1
            return made
        made, size = self._made[id(node)]
        self._grow(node, size)
        return made

    def _grow(self, node: yaml.Node, size: int) -> None:
        if self._size <= _MOST_VALUES < self._size + size:
            self._fault(node, f"aliases make more than {_MOST_VALUES} values")
        self._size += size

    def _located(self, node: yaml.Node) -> Node:
        value: dict[str, Node] | list[Node] | Scalar = None
        if node.tag not in _IMPLICIT_TAGS:
            self._fault(node, f"the tag {node.tag} is not allowed")
        elif id(node) in self._open:
            self._fault(node, "an alias stands within its own anchor")
        elif isinstance(node, yaml.ScalarNode):
            # Only a plain scalar, without quotes, can be anything but text.
            value = node.value if node.style else _scalar(node.value)
        else:
            self._open.add(id(node))
            is_mapping = isinstance(node, yaml.MappingNode)
            value = self._members(node) if is_mapping else [self.node(child) for child in node.value]
            self._open.discard(id(node))
        return Node(value, node.start_mark.line + 1, self._file)

    def _members(self, node: yaml.Node) -> dict[str, Node]:
        members: dict[str, Node] = {}
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                self._fault(key, "a key must be text")
            elif key.value in members:
                self._fault(key, f"the key {key.value} stands twice")
            else:
                members[key.value] = self.node(child)
        return members

    def _fault(self, node: yaml.Node, message: str) -> None:
        self.faults.append(Fault(self._file, node.start_mark.line + 1, f"YAML: {message}"))


def _scalar(text: str) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text
