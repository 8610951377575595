"""What an element asks of its value beyond the type, and of the number of its values; each fault a code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from adapter.fhir.profiles.definitions import Codes, Definitions, Element
from adapter.fhir.profiles.slicing import codings, fits


def faults_of_value(value: Any, element: Element, definitions: Definitions) -> Iterator[str]:
    """Fixed value, pattern, length and bounds, required binding: ``fixed-value``, ``pattern``, ``value``, ``code``."""
    if element.fixed is not None and value != element.fixed:
        yield "fixed-value"
    if element.pattern is not None and not fits(element.pattern, value):
        yield "pattern"
    if not _is_within(value, element):
        yield "value"
    if element.binding is not None and value is not None:
        codes = definitions.codes(element.binding)
        if codes is not None and not _is_bound(value, codes):
            yield "code"


def faults_of_number(element: Element, in_slices: Sequence[Element | None]) -> Iterator[str]:
    """Cardinality of an element whose repetitions belong to ``in_slices``, and of its slices: ``required``, ``too-many-values``."""
    yield from _counted(element, len(in_slices))
    for sliced in element.slices.values() if element.most != 0 else ():
        yield from _counted(sliced, sum(own is sliced for own in in_slices))


def _counted(element: Element, number: int) -> Iterator[str]:
    if number < element.least:
        yield "required"
    if element.most is not None and number > element.most:
        yield "too-many-values"


def _is_bound(value: Any, codes: Codes) -> bool:
    if isinstance(value, str):
        return any(value in known for known in codes.values())
    return any(code in codes.get(system or "", ()) for system, code in codings(value))


def _is_within(value: Any, element: Element) -> bool:
    """Length and bounds (ElementDefinition.maxLength, minValue[x], maxValue[x]); they say nothing of values of other types."""
    if isinstance(value, str):
        return element.max_length is None or len(value) <= element.max_length
    if not isinstance(value, int | float | Decimal):
        return True
    return (element.lowest is None or value >= element.lowest) and (
        element.highest is None or value <= element.highest
    )
