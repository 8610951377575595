"""What a compiled mapping is evaluated with: the context of a message, and what is noted on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from adapter.domain.agreement import Agreement, Party, Unit
from adapter.domain.errors import Issue
from adapter.domain.identity import PersonId

Scope: TypeAlias = tuple[Any, ...]
"""The items that loops stand at, innermost first; the root last."""


@dataclass(frozen=True, slots=True)
class MappingContext:
    """What a message's envelope and agreement say.

    ``record_id(resource_type, *source_identifiers)`` gives the deterministic id (a keyed HMAC that already knows the source
    system), a UUID in form. ``received_at`` is aware. ``protected``: the person has protected identity.
    """

    record_id: Callable[..., str]
    received_at: datetime
    agreement: Agreement | None = None
    sender: Party | None = None
    unit: Unit | None = None
    person: PersonId | None = None
    protected: bool = False


class TraceRow(NamedTuple):
    """One value's way: the source path that gave it and the element of the target that took it, as the mapping writes them.

    ``row`` is the table's row that it was looked up in (``table[code]``), or ``default`` where the rule's own took its place. ``within``: file and
    line of the fragment that reads it.
    """

    source: str
    target: str
    row: str = ""
    within: str = ""


@dataclass(slots=True)
class Run:
    """One evaluation. ``used`` holds the read places as (id of the container, key or index); ``trace`` is None when not asked for.

    ``variables`` are the values of the current resource's ``let``, ``record_id`` its id. ``cut_offs`` are those by which bands were given, by URL.
    """

    root: Mapping[str, Any]
    context: MappingContext
    trace: list[TraceRow] | None = None
    used: set[tuple[int, Any]] = field(default_factory=set)
    issues: list[Issue] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    record_id: str | None = None
    cut_offs: set[str] = field(default_factory=set)
    _by_reference: dict[str, Any] | None = None

    def refuse(self, path: str, code: str) -> None:
        """Note an error; the mapping then fails as a whole."""
        self.issues.append(Issue(path, code))

    def resources(self) -> list[Any]:
        """The resources of a FHIR source: a Bundle's entries, or the one resource."""
        if self.root.get("resourceType") != "Bundle":
            return [self.root]
        return [entry["resource"] for entry in self.root.get("entry", ()) if "resource" in entry]

    def resolve(self, reference: str) -> Any:
        """The resource that a literal reference names within the source (FHIR R4, Bundle "Resolving references"), or None."""
        if self._by_reference is None:
            self._by_reference = _references(self.root, self.resources())
        return self._by_reference.get(reference)


Evaluator: TypeAlias = Callable[[Run, Scope], Any]
"""Gives a value, or None where there is none."""


def _references(root: Mapping[str, Any], resources: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for resource in resources:
        found[f"{resource.get('resourceType')}/{resource.get('id')}"] = resource
        found.update((f"#{inner.get('id')}", inner) for inner in resource.get("contained", ()))
    found.update(
        (entry["fullUrl"], entry.get("resource")) for entry in root.get("entry", ()) if "fullUrl" in entry
    )
    return found
