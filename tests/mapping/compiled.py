"""Mappings compiled from a few lines, and a context to apply them with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from adapter.domain.identity import PERSONNUMMER, PersonId
from adapter.domain.located import locate
from adapter.mapping.evaluation import MappingContext
from adapter.mapping.fragments import load_fragments
from adapter.mapping.mapping import Mapped, compile_mapping
from adapter.mapping.mapping import Mapping as RecordMapping
from adapter.mapping.source import Form, Source
from adapter.mapping.tables import Terminology, load_terminology

RECEIVED_AT: Final = datetime(2026, 11, 16, 9, 15, tzinfo=UTC)
CONTEXT: Final = MappingContext(
    record_id=lambda *parts: "-".join(parts),
    received_at=RECEIVED_AT,
    person=PersonId(PERSONNUMMER, "191212121212"),
)
PROTECTED: Final = replace(CONTEXT, protected=True)
_TABLES: Final = load_terminology(
    {
        "colours.yaml": 'table: colours\nversion: "1"\nrows: {r: red, g: {name: green, warm: false}}\n',
        "sizes.yaml": 'table: sizes\nversion: "1"\nrows: {S: 1, L: 3}\ndefault: 2\n',
        "items.yaml": (
            'table: items\nversion: "1"\nrows:\n'
            "  - {codes: [a, A], number: 1, coding: {code: x}}\n  - {codes: [total], total: true}\n"
        ),
    },
    {
        "concept_maps/sizes.json": (
            '{"resourceType": "ConceptMap", "group": [{"element": [{"code": "S", "target": '
            '[{"code": "small", "equivalence": "equal"}]}]}]}'
        )
    },
)
UNIT: Final = "fragment: unit\nwith: [hsa]\nvalue: {display: '{hsa}'}\n"
TERMINOLOGY: Final = replace(_TABLES, fragments=load_fragments({"fragments/unit.yaml": UNIT}, {}))


def push_mapping(template: str, *, source: Form = "push", extra: str = "") -> RecordMapping:
    """A mapping to a push body with one key, ``out``: ``template`` is its value in YAML, on one line or indented by two."""
    return compiled(
        f"mapping: m\nversion: '1'\nsource: {source}\ntarget: push\nevent: [e]\nrecord_types: []\n{extra}"
        f"body:\n  out: {template}\n"
    )


def fhir_mapping(resources: str, *, source: Form = "push", extra: str = "") -> RecordMapping:
    """A mapping to FHIR: ``resources`` is the YAML list."""
    return compiled(
        f"mapping: m\nversion: '1'\nsource: {source}\ntarget: fhir\nevent: [e]\nrecord_types: []\n{extra}"
        f"resources:\n{resources}"
    )


def compiled(text: str, terminology: Terminology = TERMINOLOGY) -> RecordMapping:
    """The mapping of a whole file."""
    return compile_mapping(locate(text, "m.yaml"), terminology)


def apply(mapping: RecordMapping, tree: Mapping[str, Any], context: MappingContext = CONTEXT) -> Mapped:
    """What a mapping makes of a tree."""
    return mapping.apply(Source(mapping.source, tree), context, trace=True)


def out(template: str, tree: Mapping[str, Any], *, source: Form = "push", extra: str = "") -> Any:
    """The value that a template gives; None where it is left out."""
    return apply(push_mapping(template, source=source, extra=extra), tree).body.get("out")
