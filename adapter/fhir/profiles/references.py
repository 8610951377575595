"""Where references lead: the type of the resource at their end, as far as it can be told without fetching it (FHIR R4 2.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from adapter.fhir.profiles.definitions import Definitions, TypeRef
from adapter.fhir.profiles.primitives import is_uri
from adapter.fhir.profiles.slicing import as_items

_REST: Final = re.compile(
    r"(?:.*/)?([A-Z][A-Za-z]{1,63})/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)
# In a transaction a reference may be a search that finds one resource (R4 3.1.0.11.2).
_CONDITIONAL: Final = re.compile(r"([A-Z][A-Za-z]{1,63})\?\S+")
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


class References:
    """Judges the references within ``whole``, a resource or a Bundle of them."""

    def __init__(self, definitions: Definitions, whole: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._whole = whole
        self._at_hand: dict[str, str] | None = None
        self._contained: dict[int, dict[str, str]] = {}

    def is_good(self, reference: Any, kind: TypeRef, container: Mapping[str, Any]) -> bool:
        """Whether a Reference is one of the standard's forms, leads to one of its allowed types, and says no other type.

        One to a contained resource leads to one that is there (ref-1).
        """
        if not isinstance(reference, dict):
            return True
        stated, literal = reference.get("type"), reference.get("reference")
        named = {stated} if isinstance(stated, str) else set()
        if isinstance(literal, str):
            if not self._is_form(literal, container):
                return False
            named.update(self._led_to(literal, container))
        return len(named) < 2 and all(self._is_allowed(name, kind) for name in named)

    def _is_form(self, literal: str, container: Mapping[str, Any]) -> bool:
        if literal.startswith("#"):
            return literal[1:] in self._contained_in(container)
        if _ABSOLUTE.fullmatch(literal):
            return is_uri(literal)
        match = _REST.fullmatch(literal) or _CONDITIONAL.fullmatch(literal)
        return match is not None and literal.startswith(match[1])

    def _led_to(self, literal: str, container: Mapping[str, Any]) -> Iterator[str]:
        if literal.startswith("#"):
            yield self._contained_in(container)[literal[1:]]
        elif name := self._type_at_hand(literal):
            yield name
        elif match := _REST.fullmatch(literal) or _CONDITIONAL.fullmatch(literal):
            yield match[1]

    def _type_at_hand(self, literal: str) -> str | None:
        if self._at_hand is None:
            self._at_hand = dict(_types_by_url(self._whole))
        return self._at_hand.get(literal)

    def _contained_in(self, container: Mapping[str, Any]) -> dict[str, str]:
        """The types of what is contained, by id, found once; an empty id stands for the container."""
        known = self._contained.get(id(container))
        if known is None:
            known = self._contained[id(container)] = dict(_types_by_id(container))
        return known

    def _is_allowed(self, name: str, kind: TypeRef) -> bool:
        allowed = self._definitions.types_at(kind.targets)
        if allowed:
            return name in allowed
        # Not every type of R4 is defined here; a data type or an abstract one is none.
        return self._definitions.of_type(name) is None or self._definitions.resource(name) is not None


def _types_by_id(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "", str(container.get("resourceType"))
    for item in as_items(container.get("contained")):
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            yield item["id"], str(item.get("resourceType"))


def _types_by_url(whole: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for entry in as_items(whole.get("entry")):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and isinstance(entry.get("fullUrl"), str):
            yield entry["fullUrl"], str(resource.get("resourceType"))
