"""What a consent can ask of one resource: type, record type, time, labels, references, authors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from adapter.domain.records import DUDIT_SYSTEM, RESOURCE_TYPES, RecordType
from adapter.gate.reading import Period, objects_in, period_of
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
    """A resource as the decision sees it.

    ``key`` is ``Type/id`` (None without an id), ``keys`` every literal reference within a Bundle that means the resource, ``record_type``
    what consents speak of: an Observation's by its code. ``labels`` are its security labels, ``stated_labels`` those of its source.
    """

    def __init__(self, resource: Mapping[str, Any], stated_labels: frozenset[Code] | None = None) -> None:
        identity = resource.get("id")
        has_id = isinstance(identity, str)
        self.resource = resource
        self.type = str(resource.get("resourceType", ""))
        self.key = f"{self.type}/{identity}" if has_id else None
        self.keys = frozenset([f"{self.type}/{identity}", f"urn:uuid:{identity}"]) if has_id else frozenset()
        self.identifiers = frozenset(filter(None, map(identifier_of, as_list(resource.get("identifier")))))
        self.record_type = _record_type(self.type, resource)
        self.labels = _labels_of(resource.get("meta"))
        self.stated_labels = self.labels if stated_labels is None else stated_labels

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


def _labels_of(meta: object) -> frozenset[Code]:
    return (
        frozenset(codings(meta["security"]))
        if isinstance(meta, Mapping) and "security" in meta
        else frozenset()
    )


def _record_type(kind: str, resource: Mapping[str, Any]) -> RecordType | None:
    if kind != "Observation":
        return _TYPES_WITH_ONE_RECORD_TYPE.get(kind)
    codes = frozenset(codings(resource.get("code")))
    is_audit = any(system == LOINC and code in AUDIT_CODES for system, code in codes)
    is_dudit = any(system == DUDIT_SYSTEM for system, _ in codes)
    if is_audit == is_dudit:
        return None
    return RecordType.AUDIT if is_audit else RecordType.DUDIT


def as_list(value: object) -> list[Any]:
    """A repeating element whether it repeats or not; a missing one is empty."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def codings(value: object) -> Iterator[Code]:
    """Every Coding with system and code in a part of a resource."""
    for item in objects_in(value):
        system, code = item.get("system"), item.get("code")
        if isinstance(system, str) and isinstance(code, str):
            yield system, code


def _interval(value: object) -> Period | None:
    try:
        if isinstance(value, str):
            return period_of(value, value)
        if isinstance(value, Mapping) and (value.get("start") or value.get("end")):
            return period_of(value.get("start"), value.get("end"))
    except (ValueError, TypeError):
        pass
    return None
