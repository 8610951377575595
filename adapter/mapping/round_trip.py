"""What a record loses on its way to FHIR and back by the mappings of one folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from adapter.domain.agreement import Agreement
from adapter.mapping.catalog import MappingCatalog
from adapter.mapping.examples import ExampleInput, example_context
from adapter.mapping.flat_csv import read_row
from adapter.mapping.hl7v2 import parse
from adapter.mapping.mapping import Mapped, Mapping
from adapter.mapping.source import Form, Source
from adapter.mapping.template import Target


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The source fields of which nothing came back, and those that came back otherwise; paths without list indexes."""

    lost: tuple[str, ...]
    changed: tuple[str, ...]


def round_trip(
    catalog: MappingCatalog, mapping: Mapping, given: ExampleInput, agreement: Agreement
) -> RoundTrip | None:
    """A record's way to FHIR by ``mapping`` and back; None where its folder has no mapping back for what it carries.

    Raises MappingError where one of them refuses it.
    """
    back = _back(catalog, mapping)
    if back is None:
        return None
    context = example_context(given, agreement)
    there = mapping.apply(given.record, context).body
    returned = back.apply(Source("fhir", there), context)
    before, after = (
        Counter(_leaves(given.record.tree, "")),
        Counter(_leaves(_read(returned, mapping.source), "")),
    )
    gone, kept = {path for path, _ in before - after}, {path for path, _ in after}
    return RoundTrip(tuple(sorted(gone - kept)), tuple(sorted(gone & kept)))


def _back(catalog: MappingCatalog, mapping: Mapping) -> Mapping | None:
    target: Target = mapping.source if mapping.source == "csv" or mapping.source == "hl7v2" else "push"
    keys = ((mapping.folder, kind.value, target) for kind in sorted(mapping.record_types))
    return next((catalog.by_event[key] for key in keys if key in catalog.by_event), None)


def _read(returned: Mapped, form: Form) -> Any:
    """What came back, as the reader of its form reads it."""
    if form == "hl7v2":
        return parse(returned.written).tree
    return read_row(returned.written).values if form == "csv" else returned.body


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every scalar with its path."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _leaves(member, f"{path}.{key}" if path else key)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _leaves(member, path)
    else:
        yield path, repr(value)
