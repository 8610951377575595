"""What an answer shows beside what matches (FHIR R4, search.html#include, #revinclude), along the references within one record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from adapter.fhir.search_criteria import ValueFault
from adapter.fhir.search_parameters import INCLUDES

Parameter = Literal["_include", "_revinclude"]
PARAMETERS: Final[tuple[Parameter, ...]] = ("_include", "_revinclude")


@dataclass(frozen=True, slots=True)
class Include:
    """The references of one element, followed from what matches (``_include``) or back to it (``_revinclude``).

    ``added`` is the type that comes beside what matches.
    """

    parameter: Parameter
    element: str
    added: str

    def of(
        self, shown: Sequence[Mapping[str, Any]], released: Sequence[Mapping[str, Any]]
    ) -> tuple[Mapping[str, Any], ...]:
        """Those of the ``released`` resources of the added type that the ``shown`` ones refer to, or that refer to these; each once."""
        if self.parameter == "_include":
            named = {link for resource in shown for link in self._named(resource)}
            return tuple(it for it in released if _reference(it) in named)
        found = set(map(_reference, shown))
        return tuple(it for it in released if not found.isdisjoint(self._named(it)))

    def _named(self, resource: Mapping[str, Any]) -> Iterable[str | None]:
        """What the element refers to, whether it repeats or not."""
        element = resource.get(self.element, ())
        return (link.get("reference") for link in ([element] if isinstance(element, Mapping) else element))


def read_include(resource_type: str, parameter: Parameter, value: str) -> tuple[Include, ...]:
    """What ``Type:parameter``, ``Type:parameter:Target`` or ``Type:*`` asks for in a search of a type. Raises ValueFault."""
    source, _, path = value.partition(":")
    name, _, target = path.partition(":")
    found = tuple(
        Include(parameter, element, to if parameter == "_include" else source)
        for known, (element, to) in INCLUDES.get(source, {}).items()
        if resource_type == (source if parameter == "_include" else to)
        and (path == "*" or (name == known and target in ("", to)))
    )
    if not found:
        raise ValueFault("unsupported-include")
    return found


def offered(resource_type: str, parameter: Parameter) -> list[str]:
    """Every ``Type:parameter`` that a search of a type may ask for."""
    return [
        f"{source}:{name}"
        for source, known in INCLUDES.items()
        for name, (_, target) in known.items()
        if resource_type == (source if parameter == "_include" else target)
    ]


def _reference(resource: Mapping[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
