"""What an answer shows beside what matches: ``_include`` (FHIR R4, search.html#include), along the references within one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapter.fhir.search_criteria import ValueFault
from adapter.fhir.search_parameters import INCLUDES


@dataclass(frozen=True, slots=True)
class Include:
    """The references of one element, followed: ``element`` of what matches, ``target`` the type that they lead to."""

    element: str
    target: str

    def of(
        self, shown: Sequence[Mapping[str, Any]], released: Sequence[Mapping[str, Any]]
    ) -> tuple[Mapping[str, Any], ...]:
        """Those of the ``released`` resources of the target type that the ``shown`` ones refer to; each once."""
        named = {link.get("reference") for resource in shown for link in resource.get(self.element, ())}
        return tuple(it for it in released if f"{self.target}/{it['id']}" in named)


def read_include(resource_type: str, value: str) -> tuple[Include, ...]:
    """What ``Type:parameter``, ``Type:parameter:Target`` or ``Type:*`` asks for. Raises ValueFault."""
    source, _, path = value.partition(":")
    name, _, target = path.partition(":")
    known = {name: Include(*led) for name, led in INCLUDES.get(resource_type, {}).items()}
    if source == resource_type and path == "*" and known:
        return tuple(known.values())
    if source != resource_type or name not in known or target not in ("", known[name].target):
        raise ValueFault("unsupported-include")
    return (known[name],)
