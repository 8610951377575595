"""Where references lead: the type of the resource at their end, as far as it can be told without fetching it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from adapter.fhir.profiles.definitions import FHIR, Definitions, TypeRef
from adapter.fhir.profiles.slicing import as_items

_LITERAL: Final = re.compile(
    r"(?:.*/)?([A-Z][A-Za-z]{1,63})/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?"
)


class References:
    """Judges the references within ``whole``, a resource or a Bundle of them."""

    def __init__(self, definitions: Definitions, whole: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._whole = whole
        self._at_hand: dict[str, str] | None = None

    def is_good(self, reference: Any, kind: TypeRef, container: Mapping[str, Any]) -> bool:
        """Whether a Reference leads to one of its allowed types, and if to a contained resource, to one that is there (ref-1)."""
        if not isinstance(reference, dict):
            return True
        literal = reference.get("reference")
        if isinstance(literal, str) and literal.startswith("#"):
            found = _contained(container, literal[1:])
            return found is not None and self._is_allowed(found, kind)
        return all(self._is_allowed(name, kind) for name in self._named(reference, literal))

    def _named(self, reference: Mapping[str, Any], literal: object) -> Iterator[str]:
        stated = reference.get("type")
        if isinstance(stated, str):
            yield stated.removeprefix(FHIR)
        if isinstance(literal, str):
            name = self._type_at_hand(literal)
            if name is not None:
                yield name
            elif match := _LITERAL.fullmatch(literal):
                yield match[1]

    def _type_at_hand(self, literal: str) -> str | None:
        if self._at_hand is None:
            self._at_hand = dict(_types_by_url(self._whole))
        return self._at_hand.get(literal)

    def _is_allowed(self, name: str, kind: TypeRef) -> bool:
        allowed = self._definitions.types_at(kind.targets)
        return not allowed or name in allowed


def _contained(container: Mapping[str, Any], identity: str) -> str | None:
    if not identity:
        return str(container.get("resourceType"))
    for item in as_items(container.get("contained")):
        if isinstance(item, dict) and item.get("id") == identity:
            return str(item.get("resourceType"))
    return None


def _types_by_url(whole: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for entry in as_items(whole.get("entry")):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and isinstance(entry.get("fullUrl"), str):
            yield entry["fullUrl"], str(resource.get("resourceType"))
