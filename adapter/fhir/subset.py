"""Parts of a resource (FHIR R4, search.html#summary, #elements): after the release filter, and marked as parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from adapter.fhir.profiles.definitions import Element
from adapter.fhir.xml.shapes import Shapes

_MARK: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
_ALWAYS: Final = frozenset({"id", "meta"})
Summary = Literal["true", "text", "data", "false"]


@dataclass(frozen=True, slots=True)
class Subset:
    """What of a resource is asked for: a summary, or ``elements`` by name."""

    summary: Summary = "false"
    elements: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether that is all of it."""
        return self.summary == "false" and not self.elements


class Subsetting:
    """Leaves of a resource what is asked for, and what its reader must have: mandatory elements, and those that modify."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes

    def of(self, resource: Mapping[str, Any], subset: Subset) -> Mapping[str, Any]:
        """A resource, or a marked copy with a part of it. Raises KeyError for a type that is not defined."""
        if subset.is_whole:
            return resource
        shape = self._shapes.resource(resource["resourceType"])
        if shape is None:
            raise KeyError(resource["resourceType"])
        part = _left(resource, shape, _wanted(subset), is_deep=subset.summary == "true")
        meta = dict(resource.get("meta", {}))
        return part | {"meta": meta | {"tag": [*meta.get("tag", ()), _MARK]}}


def _wanted(subset: Subset) -> Callable[[Element], bool]:
    match subset.summary:
        case "true":
            return lambda element: element.is_summary
        case "text":
            return lambda element: element.name == "text"
        case "data":
            return lambda element: element.name != "text"
    return lambda element: element.name in subset.elements


def _left(
    holder: Mapping[str, Any], shape: Element, is_wanted: Callable[[Element], bool], *, is_deep: bool
) -> dict[str, Any]:
    part: dict[str, Any] = {}
    for key, value in holder.items():
        child, _ = shape.by_key.get(key.removeprefix("_"), (None, None))
        if child is None:
            part[key] = value
        elif child.name in _ALWAYS or child.least or child.is_modifier or is_wanted(child):
            part[key] = _below(value, child, is_wanted) if is_deep and child.children else value
    return part


def _below(value: Any, shape: Element, is_wanted: Callable[[Element], bool]) -> Any:
    if isinstance(value, list | tuple):
        return [_below(item, shape, is_wanted) for item in value]
    return _left(value, shape, is_wanted, is_deep=True)
