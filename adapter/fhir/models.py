"""The one import surface for fhir.resources (R4B): a second opinion on a resource, never a source of what is served.

R4B equals FHIR R4 4.0.1 element by element for the resources that we exchange. The library checks elements, cardinality and
primitive formats; it knows no bindings and no invariants, and its dump changes decimals and times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.resource import Resource
from pydantic import ValidationError

from adapter.domain.errors import Issue
from adapter.fhir.paths import ROOT, path_of

_CODES: Final = {
    "missing": "required",
    "model_field_validation.missing": "required",
    "extra_forbidden": "unknown-element",
}


def check_r4b(resource: Mapping[str, Any], root: str | None = None) -> tuple[Issue, ...]:
    """What fhir.resources finds wrong in one resource, as FHIRPath paths and codes, never values.

    ``root`` is the path of the resource itself; its type if not given. Codes: ``unknown-resource-type``, ``required``,
    ``unknown-element``, ``value``, and ``unreadable`` where the library gives up.
    """
    model = _model(resource.get("resourceType"))
    if model is None:
        return (Issue(root or ROOT, "unknown-resource-type"),)
    path = root or str(resource["resourceType"])
    try:
        model.model_validate(dict(resource))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        return tuple(Issue(_path(path, fault["loc"]), _CODES.get(fault["type"], "value")) for fault in faults)
    except (KeyError, TypeError, AttributeError):
        # The library's own answer to, for instance, a contained resource of a type that does not exist.
        return (Issue(path, "unreadable"),)
    return ()


def _model(resource_type: object) -> type[Resource] | None:
    if not isinstance(resource_type, str):
        return None
    try:
        model = get_fhir_model_class(resource_type)
    except ValueError:
        return None
    return model if issubclass(model, Resource) else None


def _path(root: str, location: Sequence[str | int]) -> str:
    """FHIRPath of a location; it stops at the first part that can be no element's name."""
    path = root
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif (below := path_of(path, part)) != path:
            path = below
        else:
            break
    return path
