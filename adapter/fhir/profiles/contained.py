"""What is contained (FHIR R4 2.3.4): each resource has an id, of its own within its holder, and is referred to (dom-3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adapter.domain.errors import Issue
from adapter.fhir.profiles.slicing import as_items


def faults_of_contained(container: Mapping[str, Any], path: str) -> Iterator[Issue]:
    """``required`` and ``duplicate-id`` of ids, and ``dom-3``, of what is contained in the resource at ``path``.

    dom-3 is told here since the work of its expression grows with the cube of what is contained.
    """
    items = [item for item in as_items(container.get("contained")) if isinstance(item, dict)]
    if not items:
        return
    known: set[str] = set()
    used = set(_local_references(container))
    for place, item in enumerate(items):
        identity = item.get("id")
        if identity is None:
            yield Issue(f"{path}.contained[{place}].id", "required")
        elif isinstance(identity, str):
            if identity in known:
                yield Issue(f"{path}.contained[{place}].id", "duplicate-id")
            known.add(identity)
        if f"#{identity}" not in used and "#" not in _local_references(item):
            yield Issue(path, "dom-3")


def _local_references(value: Any) -> Iterator[str]:
    """Every text below a value that can lead to something contained: in a Reference, or as a uri, url or canonical."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _local_references(part)
    elif isinstance(value, str) and value.startswith("#"):
        yield value
