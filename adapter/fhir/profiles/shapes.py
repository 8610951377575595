"""What a template of a resource may and must hold, as the definitions say it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from adapter.fhir.profiles.definitions import Definitions, Element, TypeRef

_OF_RESOURCES: Final = frozenset({"resourceType"})


@dataclass(frozen=True, slots=True)
class Shape:
    """An element; what is in it is not known where ``element`` is None, as in a resource within another."""

    definitions: Definitions
    element: Element | None
    holds: Literal["value", "object", "anything"] = "object"

    def member(self, key: str) -> Shape | None:
        """What it holds under a JSON key; None where it may not."""
        if self.element is None:
            return self
        name = key.removeprefix("_")
        child, kind = self.element.by_key.get(name, (None, None))
        if child is None:
            return (
                Shape(self.definitions, None, "value") if key in _OF_RESOURCES and self._is_whole() else None
            )
        if child.most == 0:
            return None
        if key != name:
            return self._of_type("Element")
        return self._child(child, kind)

    def names(self) -> Iterator[str]:
        """The JSON keys that it may hold."""
        for key, (child, _) in () if self.element is None else self.element.by_key.items():
            if child.most != 0:
                yield key

    def required(self) -> Iterator[frozenset[str]]:
        """Of each element that may not be left out, the JSON keys: one for each type of a choice."""
        for child in () if self.element is None else self.element.required:
            yield frozenset(key for key, _ in child.keys)

    def _is_whole(self) -> bool:
        return self.element is not None and "." not in self.element.path

    def _child(self, child: Element, kind: TypeRef | None) -> Shape:
        if child.content is not None:
            return Shape(self.definitions, self._as(child.content))
        structure = None if kind is None else self.definitions.of_type(kind.code)
        if structure is None or structure.kind == "resource":
            return Shape(self.definitions, None, "anything")
        shape = child if child.children else structure.root
        return Shape(self.definitions, shape, "value" if structure.is_primitive else "object")

    def _as(self, content: str) -> Element | None:
        """The element that another is shaped as (``contentReference``)."""
        name, *below = content.rpartition("#")[2].split(".")
        structure = self.definitions.of_type(name)
        shape = None if structure is None else structure.root
        for step in below:
            shape = None if shape is None else shape.children.get(step)
        return shape

    def _of_type(self, code: str) -> Shape:
        structure = self.definitions.of_type(code)
        return Shape(self.definitions, None if structure is None else structure.root)


def shapes_of(definitions: Definitions, resource_type: str, profiles: Sequence[str]) -> list[Shape]:
    """The shapes of a resource of that type with these profiles; of profiles that are unknown or another type's, none. Empty for no resource type."""
    base = definitions.of_type(resource_type)
    if base is None or base.kind != "resource":
        return []
    found = [known for url in profiles if (known := definitions.find(url)) and known.type == resource_type]
    return [Shape(definitions, structure.root) for structure in found or [base]]
