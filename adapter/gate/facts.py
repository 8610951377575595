"""What a consent can ask of one resource: type, record type, time, labels, references, authors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from adapter.domain.identity import Identifier
from adapter.domain.records import DUDIT_SYSTEM, RESOURCE_TYPES, RecordType
from adapter.gate.reading import Period, period_of
from adapter.gate.references import Ref, identifier_of, ref_of, references_in
from adapter.gate.request import Code

LOINC: Final = "http://loinc.org"
AUDIT_CODES: Final = frozenset({"75624-7", "72110-0", "72109-2", "75626-2"})
"""LOINC: AUDIT total and panel, AUDIT-C panel and total."""

_TYPES_WITH_ONE_RECORD_TYPE: Final = {
    resource_type: record_type
    for record_type, resource_types in RESOURCE_TYPES.items()
    for resource_type in resource_types
    if record_type not in (RecordType.AUDIT, RecordType.DUDIT)
}
_TIMES: Final = ("effectiveDateTime", "effectiveInstant")
_PERIODS: Final = ("effectivePeriod", "period")


class Facts:
    """A resource as the decision sees it. ``stated_labels`` are its labels before ours were set."""

    def __init__(self, resource: Mapping[str, Any], stated_labels: frozenset[Code] | None = None) -> None:
        self.resource = resource
        self._stated_labels = stated_labels

    @cached_property
    def type(self) -> str:
        """The resource type."""
        return str(self.resource.get("resourceType", ""))

    @cached_property
    def key(self) -> str | None:
        """``Type/id``, or None without an id."""
        identity = self.resource.get("id")
        return f"{self.type}/{identity}" if isinstance(identity, str) else None

    @cached_property
    def keys(self) -> frozenset[str]:
        """Every literal reference within a Bundle that means this resource."""
        return frozenset() if self.key is None else frozenset({self.key, f"urn:uuid:{self.resource['id']}"})

    @cached_property
    def identifiers(self) -> frozenset[Identifier]:
        """Its business identifiers."""
        return frozenset(filter(None, map(identifier_of, as_list(self.resource.get("identifier")))))

    @cached_property
    def record_type(self) -> RecordType | None:
        """The record type that consents speak of; an Observation's by its code."""
        if self.type in _TYPES_WITH_ONE_RECORD_TYPE:
            return _TYPES_WITH_ONE_RECORD_TYPE[self.type]
        if self.type != "Observation":
            return None
        codes = frozenset(codings(self.resource.get("code")))
        is_audit = any(system == LOINC and code in AUDIT_CODES for system, code in codes)
        is_dudit = any(system == DUDIT_SYSTEM for system, _ in codes)
        if is_audit == is_dudit:
            return None
        return RecordType.AUDIT if is_audit else RecordType.DUDIT

    @cached_property
    def codes(self) -> frozenset[Code]:
        """The codes that say what the resource is."""
        return frozenset(
            code for name in ("code", "category", "type") for code in codings(self.resource.get(name))
        )

    @cached_property
    def codes_anywhere(self) -> frozenset[Code]:
        """Every coding anywhere in it."""
        return frozenset(codings(self.resource))

    @cached_property
    def labels(self) -> frozenset[Code]:
        """Its security labels."""
        meta = self.resource.get("meta")
        return frozenset(codings(meta.get("security"))) if isinstance(meta, Mapping) else frozenset()

    @property
    def stated_labels(self) -> frozenset[Code]:
        """The labels that its source stated."""
        return self.labels if self._stated_labels is None else self._stated_labels

    @cached_property
    def interval(self) -> Period | None:
        """When it holds, by ``effective[x]`` or ``period``; None if undated."""
        for name in (*_TIMES, *_PERIODS):
            value = self.resource.get(name)
            if value is not None:
                return _interval(value)
        return None

    @cached_property
    def references(self) -> tuple[Ref, ...]:
        """Everything that it refers to."""
        return tuple(ref_of(reference) for reference in references_in(self.resource))

    @cached_property
    def authors(self) -> tuple[Ref, ...]:
        """Its author, or the performers of an Observation."""
        name = "performer" if self.type == "Observation" else "author"
        return tuple(ref_of(item) for item in as_list(self.resource.get(name)) if isinstance(item, Mapping))


def as_list(value: object) -> list[Any]:
    """A repeating element whether it repeats or not; a missing one is empty."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def codings(value: object) -> Iterator[Code]:
    """Every Coding with system and code in a part of a resource."""
    if isinstance(value, dict):
        system, code = value.get("system"), value.get("code")
        if isinstance(system, str) and isinstance(code, str):
            yield system, code
        yield from _codings_of(value.values())
    elif isinstance(value, list):
        yield from _codings_of(value)


def _codings_of(values: Iterable[object]) -> Iterator[Code]:
    for value in values:
        if isinstance(value, dict | list):
            yield from codings(value)


def _interval(value: object) -> Period | None:
    try:
        if isinstance(value, str):
            return period_of(value, value)
        if isinstance(value, Mapping) and (value.get("start") or value.get("end")):
            return period_of(value.get("start"), value.get("end"))
    except (ValueError, TypeError):
        pass
    return None
