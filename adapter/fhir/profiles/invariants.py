"""Invariants in FHIRPath, evaluated by fhirpathrs behind one function.

A port of its own so that another engine can take its place: the tests compare it with fhirpathpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from fhirpathrs import evaluate

from adapter.fhir.profiles.definitions import Constraint, Element

# By contained.py, in less time.
_TOLD_ELSEWHERE: Final = frozenset({"dom-3"})


def broken(element: Element, value: Any, resource: Mapping[str, Any], root: Mapping[str, Any]) -> list[str]:
    """The keys of an element's invariants that do not hold for ``value``; the rest as for ``holds``."""
    rules = element.constraints
    if element.together is not None and holds(element.together, value, resource, root):
        rules = ()
    if element.about_contained and "contained" in value:
        rules += tuple(rule for rule in element.about_contained if rule.key not in _TOLD_ELSEWHERE)
    return [rule.key for rule in rules if not holds(rule, value, resource, root)]


def holds(constraint: Constraint, value: Any, resource: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    """Whether an invariant holds for ``value`` within ``resource`` (FHIRPath ``%resource``; ``root``: ``%rootResource``).

    What the engine cannot evaluate does not hold.
    """
    # Handing a resource over costs more than most expressions: only to those that ask for it, and not what the engine has at hand, since each
    # of these names stands for ``value`` where nothing else is said.
    constants = {
        name: found
        for name, found in (("resource", resource), ("rootResource", root))
        if found is not value and f"%{name}" in constraint.expression
    }
    try:
        result = _evaluated(constraint.expression, value, constants)
    except (RuntimeError, ValueError, OverflowError, TypeError):
        return False
    return result is True or result == [True]


def _evaluated(expression: str, value: Any, constants: dict[str, Any]) -> Any:
    try:
        return evaluate(expression, value, constants or None)
    except TypeError:
        # The engine knows no Decimal.
        return evaluate(expression, _with_floats(value), _with_floats(constants) or None)


def _with_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_floats(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_floats(part) for part in value]
    return float(value) if isinstance(value, Decimal) else value
