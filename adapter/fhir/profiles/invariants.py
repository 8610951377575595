"""Invariants in FHIRPath, evaluated by fhirpathrs behind one function.

A port of its own so that another engine can take its place: the tests compare it with fhirpathpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhirpathrs import evaluate

from adapter.fhir.profiles.definitions import Constraint, Element


def broken(element: Element, value: Any, resource: Mapping[str, Any], root: Mapping[str, Any]) -> list[str]:
    """The keys of an element's invariants that do not hold for ``value``; the rest as for ``holds``."""
    rules = element.constraints
    if element.together is not None and holds(element.together, value, resource, root):
        rules = ()
    if element.about_contained and "contained" in value:
        rules += element.about_contained
    return [rule.key for rule in rules if not holds(rule, value, resource, root)]


def holds(constraint: Constraint, value: Any, resource: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    """Whether an invariant holds for ``value`` within ``resource`` (FHIRPath ``%resource``; ``root``: ``%rootResource``).

    What the engine cannot evaluate does not hold.
    """
    # Handing a resource over costs more than most expressions: only to those that ask for it.
    constants = {
        name: found
        for name, found in _constants(value, resource, root)
        if f"%{name}" in constraint.expression
    }
    try:
        result = evaluate(constraint.expression, value, constants or None)
    except (RuntimeError, ValueError):
        return False
    return result is True or result == [True]


def _constants(value: Any, resource: Any, root: Any) -> tuple[tuple[str, Any], ...]:
    return ("resource", resource), ("rootResource", root), ("context", value)
