"""The templates of a mapping to FHIR, held at load to what their resource may and must have; the shapes come from the room of FHIR."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Literal, Protocol, TypeAlias

from adapter.domain.located import Node
from adapter.domain.records import CANONICAL
from adapter.mapping.compilation import Compilation
from adapter.mapping.resources import Declared


class TargetElement(Protocol):
    """An element of FHIR, or of a profile, as a template may fill it."""

    @property
    def holds(self) -> Literal["value", "object", "anything"]:
        """What may stand there."""
        ...

    def member(self, key: str) -> TargetElement | None:
        """What it holds under a JSON key; None where it may not."""
        ...

    def names(self) -> Iterable[str]:
        """The JSON keys that it may hold."""
        ...

    def required(self) -> Iterable[frozenset[str]]:
        """Of each element that may not be left out, the JSON keys: one for each type of a choice."""
        ...


TargetShapes: TypeAlias = Callable[[str, Sequence[str]], Sequence[TargetElement]]
"""The shapes that a resource type, and profiles by URL, must fit; empty for what is no resource type."""


def check_target(compilation: Compilation, resource: Declared, shapes: TargetShapes) -> None:
    """Fault what the target does not have, and what it needs and nothing feeds."""
    node = resource.members["resource"]
    found = shapes(resource.type, _profiles(node))
    if not found:
        compilation.fault(node, f"there is no resource type {resource.type} in FHIR R4")
    for url in _profiles(node):
        # One that is known counts each time that it is named.
        if url.startswith(f"{CANONICAL}/") and len(shapes(resource.type, [url, url])) < 2:
            stated = _members(_members(node)["meta"])["profile"]
            compilation.fault(
                stated, f"no profile of ours for {resource.type} is {url}; docs/fhir/profiles.md has them"
            )
    walk = _Walk(compilation)
    for shape in found:
        walk.object(_members(node), node, shape, resource.type)


def check_object(compilation: Compilation, node: Node, shape: TargetElement, path: str) -> None:
    """Fault what an object of another target has not, and what it needs and nothing feeds."""
    _Walk(compilation).object(_members(node), node, shape, path)


class _Walk:
    """Walks a template beside the shape of its target."""

    def __init__(self, compilation: Compilation) -> None:
        self._fault = compilation.fault
        self._fragments = compilation.terminology.fragments
        self._opened: tuple[str, ...] = ()

    def object(self, members: Mapping[str, Node], node: Node, shape: TargetElement, path: str) -> None:
        """An object: each of its keys, and those that are wanting."""
        for key, child in members.items():
            inner = shape.member(key)
            if inner is None:
                self._fault(child, f"{path} has no element {key}{_near(key, shape)}")
            else:
                self._value(child, inner, f"{path}.{key}")
        for keys in shape.required():
            if keys.isdisjoint(members):
                named = " or ".join(sorted(keys)[:3])
                self._fault(node, f"{path} needs {named}, which nothing here feeds; add it")

    def _value(self, node: Node, shape: TargetElement, path: str) -> None:
        members = _members(node)
        if isinstance(node.value, list):
            for item in node.value:
                self._value(item, shape, path)
        elif branches := _branches(members):
            for branch in branches:
                self._value(branch, shape, path)
        elif "include" in members and "with" in members:
            self._fragment(str(members["include"].value), shape, path)
        elif not isinstance(node.value, dict):
            if shape.holds == "object":
                self._fault(node, f"{path} is an object: write its elements ({', '.join(_some(shape))})")
        elif members.keys() & {"from", "using"}:
            if "default" in members:
                self._value(members["default"], shape, path)
        elif shape.holds == "value":
            self._fault(node, f"{path} is a single value, not an object")
        else:
            self.object(members, node, shape, path)

    def _fragment(self, name: str, shape: TargetElement, path: str) -> None:
        if name in self._fragments and name not in self._opened:
            outer, self._opened = self._opened, (*self._opened, name)
            self._value(self._fragments[name].value, shape, path)
            self._opened = outer


def _branches(members: Mapping[str, Node]) -> list[Node]:
    """What a conditional or a loop gives, if it is one."""
    if "if" in members:
        return [members[key] for key in ("then", "else") if key in members]
    return [members["do"]] if "for" in members and "do" in members else []


def _members(node: Node) -> Mapping[str, Node]:
    return node.value if isinstance(node.value, dict) else {}


def _profiles(node: Node) -> list[str]:
    """The profiles that every resource of a template claims: constants."""
    stated = _members(_members(node)["meta"]).get("profile") if "meta" in _members(node) else None
    listed = stated.plain() if stated is not None else None
    return [url for url in listed if isinstance(url, str)] if isinstance(listed, list) else []


def _near(key: str, shape: TargetElement) -> str:
    near = get_close_matches(key, list(shape.names()), 1)
    return f"; did you mean {near[0]}?" if near else f"; it has {', '.join(_some(shape))}"


def _some(shape: TargetElement) -> list[str]:
    return sorted(key for key in shape.names() if key not in ("id", "extension"))[:12]
