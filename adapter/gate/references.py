"""References inside resources: what they point to, and whether two of them mean the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from adapter.domain.identity import Identifier
from adapter.gate.reading import objects_in

_LITERAL: Final = re.compile(
    r"(?P<root>https?://.+/)?(?P<key>[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?P<version>/_history/[A-Za-z0-9.-]+)?",
    re.ASCII,
)


class Ref(NamedTuple):
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
    identifier = identifier_of(value.get("identifier"))
    if isinstance(reference, str):
        match = _LITERAL.fullmatch(reference)
        if match:
            root, key, version = match.group("root", "key", "version")
            return Ref(key, root is None and version is None, key.partition("/")[0], identifier)
    uuid = reference if isinstance(reference, str) and reference.startswith("urn:uuid:") else None
    return Ref(uuid, True, kind if isinstance(kind, str) else None, identifier)


def identifier_of(value: object) -> Identifier | None:
    """Read an Identifier that has both system and value, else None."""
    if not isinstance(value, dict):
        return None
    system, text = value.get("system"), value.get("value")
    return Identifier(system, text) if isinstance(system, str) and isinstance(text, str) else None


def references_in(value: object) -> Iterator[Mapping[str, Any]]:
    """Every Reference in a resource or a part of one; raises OutOfBounds."""
    return filter(is_reference, objects_in(value))


def is_reference(value: Mapping[str, Any]) -> bool:
    """Whether an object is a Reference: one with a literal, a single identifier, or a resource type."""
    if "resourceType" in value:
        return False
    kind = value.get("type")
    names_type = isinstance(kind, str) and kind[:1].isupper()
    return isinstance(value.get("reference"), str) or isinstance(value.get("identifier"), dict) or names_type
