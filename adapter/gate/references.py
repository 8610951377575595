"""References inside resources: what they point to, and whether two of them mean the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapter.domain.identity import Identifier

_LITERAL: Final = re.compile(
    r"(?P<root>https?://.+/)?(?P<key>[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?P<version>/_history/[A-Za-z0-9.-]+)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Ref:
    """A FHIR Reference as the gate compares it.

    ``key`` is ``Type/id`` or a ``urn:uuid:``; ``is_exact`` is False where it stood in an absolute URL or named a version.
    """

    key: str | None
    is_exact: bool
    type: str | None
    identifier: Identifier | None


def ref_of(value: Mapping[str, Any]) -> Ref:
    """Read a Reference; whatever is not text counts as missing."""
    reference, kind = value.get("reference"), value.get("type")
    match = _LITERAL.fullmatch(reference) if isinstance(reference, str) else None
    if match:
        key, exact = match["key"], match["root"] is None and match["version"] is None
        return Ref(key, exact, key.partition("/")[0], identifier_of(value.get("identifier")))
    uuid = reference if isinstance(reference, str) and reference.startswith("urn:uuid:") else None
    return Ref(uuid, True, kind if isinstance(kind, str) else None, identifier_of(value.get("identifier")))


def identifier_of(value: object) -> Identifier | None:
    """Read an Identifier that has both system and value, else None."""
    if not isinstance(value, Mapping):
        return None
    system, text = value.get("system"), value.get("value")
    return Identifier(system, text) if isinstance(system, str) and isinstance(text, str) else None


def references_in(value: object) -> Iterator[Mapping[str, Any]]:
    """Every Reference in a resource or a part of one; the value must be bounded in depth."""
    if isinstance(value, dict):
        if is_reference(value):
            yield value
        for child in value.values():
            yield from references_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from references_in(child)


def is_reference(value: Mapping[str, Any]) -> bool:
    """Whether an object is a Reference: one with a literal, a single identifier, or a resource type."""
    if "resourceType" in value:
        return False
    kind = value.get("type")
    names_type = isinstance(kind, str) and kind[:1].isupper()
    return isinstance(value.get("reference"), str) or isinstance(value.get("identifier"), dict) or names_type
