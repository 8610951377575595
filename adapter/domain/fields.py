"""Typed reading of located YAML that collects every fault instead of stopping at the first.

A value that cannot be used leaves a fault and a stand-in of the right type, so that reading goes on; whoever reads raises
ConfigurationError at the end if there is any fault.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date
from difflib import get_close_matches
from types import TracebackType
from typing import Final, Self, TypeVar

from adapter.domain.errors import Fault, IdentityError
from adapter.domain.identity import Identifier, parse_organization_id
from adapter.domain.located import Node

_T = TypeVar("_T", bound=str)
_S = TypeVar("_S", str, int, bool)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Fields:
    """The keys of one YAML mapping. As a context manager it reports the keys that nobody asked for."""

    def __init__(self, node: Node, faults: list[Fault]) -> None:
        self.node = node
        self._faults = faults
        self._asked: set[str] = set()
        self._is_mapping = isinstance(node.value, dict)
        self._members: dict[str, Node] = node.value if isinstance(node.value, dict) else {}
        if not self._is_mapping:
            faults.append(node.fault("must be keys with values"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for key in self._members.keys() - self._asked:
            self._faults.append(self._members[key].fault(_unknown(key, self._asked)))

    def __contains__(self, key: str) -> bool:
        """Whether the key is stated; asking makes it a known one."""
        self._asked.add(key)
        return key in self._members

    def fault(self, key: str, message: str) -> None:
        """Report a fault at a key's value, or where the mapping begins if the key is not stated.

        Of what is no mapping at all, nothing more is reported.
        """
        if self._is_mapping:
            self._faults.append(self._members.get(key, self.node).fault(f"{key}: {message}"))

    def at(self, key: str) -> Node | None:
        """The node of a stated key; a required one that is missing is a fault."""
        if key in self:
            return self._members[key]
        self.fault(key, "is missing; add it")
        return None

    def text(self, key: str, default: str | None = None) -> str:
        """Text that is not empty; required without a default."""
        return self._scalar(key, str, "text (put it in quotes)", default, "")

    def matching(self, key: str, form: re.Pattern[str], words: str) -> str:
        """Required text of a form; ``words`` describe it."""
        value = self.text(key)
        if value and not form.fullmatch(value):
            self.fault(key, f"must be {words}")
            return ""
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        """True or false; required without a default."""
        return self._scalar(key, bool, "true or false", default, False)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from ``low`` to ``high``; required without a default."""
        value = self._scalar(key, int, "a whole number", default, low)
        if not low <= value <= high:
            self.fault(key, f"must be from {low} to {high}")
            return low
        return value

    def day(self, key: str) -> date | None:
        """A required date, ``YYYY-MM-DD``; None where there is a fault."""
        value = self.text(key)
        try:
            if _DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        if value:
            self.fault(key, "must be a date, YYYY-MM-DD")
        return None

    def choice(self, key: str, allowed: tuple[_T, ...], default: _T | None = None) -> _T:
        """One of the words that are allowed; required without a default."""
        if default is not None and key not in self:
            return default
        value = self.text(key)
        found = next((word for word in allowed if word == value), None)
        if value and found is None:
            self.fault(key, _unknown(value, allowed))
        return allowed[0] if found is None else found

    def reference(self, key: str, known: Collection[str] | None) -> str:
        """A required name out of ``known``, or "" where there is a fault; ``known`` is None when it cannot be told."""
        value = self.text(key)
        if value and known is not None and value not in known:
            self.fault(key, _unknown(value, known))
            return ""
        return value

    def choices(self, key: str, allowed: Collection[_T] | None) -> tuple[_T, ...]:
        """A required list, not empty, of distinct words that are allowed; ``allowed`` is None when it cannot be told."""
        texts = self.texts(key)
        if allowed is None:
            return ()
        for text in texts:
            if text not in allowed:
                self.fault(key, _unknown(text, allowed))
        return tuple(word for word in allowed if word in texts)

    def texts(self, key: str) -> tuple[str, ...]:
        """A required list, not empty, of distinct texts."""
        items = [node.value for node in self.items(key)]
        if not all(isinstance(item, str) and item for item in items):
            self.fault(key, "every item must be text (put it in quotes)")
        texts = tuple(item for item in items if isinstance(item, str))
        if len(set(texts)) < len(texts):
            self.fault(key, "an item stands twice")
        return texts

    def items(self, key: str) -> list[Node]:
        """The nodes of a required list that is not empty."""
        node = self.at(key)
        if node is None:
            return []
        if not isinstance(node.value, list) or not node.value:
            self.fault(key, "must be a list with at least one item")
            return []
        return node.value

    def sections(self, key: str) -> list[Fields]:
        """Each item of a required list, read as keys with values."""
        return [Fields(node, self._faults) for node in self.items(key)]

    def section(self, key: str, *, required: bool = False) -> Fields:
        """Keys with values beneath a key; beneath a missing one there are none."""
        if key in self:
            return Fields(self._members[key], self._faults)
        if required:
            self.fault(key, "is missing; add it")
        # What is missing beneath a missing key is no fault of its own.
        return Fields(Node({}, self.node.line, self.node.file), [] if required else self._faults)

    def named(self, key: str, form: re.Pattern[str], words: str) -> dict[str, Fields]:
        """Sections by their names, each name of a form that ``words`` describe; a missing or empty key has none."""
        nodes = self._nodes(key)
        for name, node in nodes.items():
            if not form.fullmatch(name):
                self._faults.append(node.fault(f"{key}: {name}: a name must be {words}"))
        return {name: Fields(node, self._faults) for name, node in nodes.items()}

    def named_after(self, key: str, known: Collection[str] | None) -> dict[str, Fields]:
        """Sections by names out of ``known``, which is None when it cannot be told; a missing or empty key has none."""
        nodes = self._nodes(key)
        for name, node in nodes.items():
            if known is not None and name not in known:
                self._faults.append(node.fault(f"{key}: {_unknown(name, known)}"))
        return {name: Fields(node, self._faults) for name, node in nodes.items()}

    def organization_id(self, key: str, system: str) -> Identifier | None:
        """A required identifier of an organisation or unit in ``system`` (a URI); None where there is a fault."""
        text = self.text(key)
        if not text:
            return None
        try:
            return parse_organization_id(text, system=system)
        except IdentityError as error:
            self.fault(key, f"{error.code}; correct the number")
            return None

    def _nodes(self, key: str) -> dict[str, Node]:
        if key not in self:
            return {}
        value = self._members[key].value
        if isinstance(value, dict):
            return value
        self.fault(key, "must be names, each with its keys")
        return {}

    def _scalar(self, key: str, kind: type[_S], words: str, default: _S | None, stand_in: _S) -> _S:
        if default is not None and key not in self:
            return default
        node = self.at(key)
        if node is None:
            return stand_in
        # bool is an int to Python, not to an admin.
        if type(node.value) is not kind or node.value == "":
            self.fault(key, f"must be {words}")
            return stand_in
        return node.value


def _unknown(word: str, known: Iterable[str]) -> str:
    words = sorted(map(str, known))
    close = get_close_matches(word, words, n=1)
    advice = (
        f"did you mean {close[0]}?" if close else f"use one of: {', '.join(words)}" if words else "remove it"
    )
    return f"{word} is not known here; {advice}"
