"""Judges of elements that are a primitive, or a list of one: one question to a value that is as it should be, which most are.

What a judge refuses the checker looks at closely, to say what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from operator import eq
from typing import Any

from adapter.fhir.profiles.definitions import Definitions, Element
from adapter.fhir.profiles.primitives import Judge, Primitives


def set_judges(definitions: Definitions, primitives: Primitives) -> None:
    """Give every element the judges of what it may hold."""
    for element in definitions.elements():
        element.judges = dict(_judges(element, definitions, primitives))


def _judges(
    element: Element, definitions: Definitions, primitives: Primitives
) -> Iterator[tuple[str, tuple[str, Judge]]]:
    for child in element.children.values():
        if child.most == 0 or len(child.types) != 1 or not _is_primitive(child, definitions):
            continue
        judge = _judge(child, definitions, primitives)
        if judge is None:
            continue
        if not child.is_many:
            yield child.keys[0][0], (child.name, judge)
        elif child.most is None and child.least <= 1:
            yield child.keys[0][0], (child.name, partial(_are_all, judge))


def _is_primitive(element: Element, definitions: Definitions) -> bool:
    structure = definitions.of_type(element.types[0].code)
    return structure is not None and structure.is_primitive


def _judge(element: Element, definitions: Definitions, primitives: Primitives) -> Judge | None:
    """None where more is asked than one question can tell."""
    if not element.asks:
        return primitives.judge(element.types[0])
    if element.asks == {"fixed"} and isinstance(element.fixed, str):
        return partial(eq, element.fixed)
    codes = definitions.codes(element.binding or "")
    if element.asks == {"binding"} and codes is not None:
        return partial(_is_among, frozenset().union(*codes.values()))
    return None


def _is_among(codes: frozenset[str], value: Any) -> bool:
    return isinstance(value, str) and value in codes


def _are_all(judge: Judge, values: Any) -> bool:
    return isinstance(values, list) and bool(values) and all(map(judge, values))
