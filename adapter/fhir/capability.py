"""CapabilityStatement (FHIR R4), made from the routes and the table of search parameters, so that it cannot promise anything else."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, Final

from adapter.domain.records import CANONICAL
from adapter.fhir.includes import offered
from adapter.fhir.search_parameters import (
    PERSON_PARAMETERS,
    SEARCH_PARAMETERS,
    SearchParameter,
    person_spellings,
)

_SECURITY: Final = (
    "Bearer token (RFC 6750): a signed access token that names organisation, unit and purpose of use. Every answer holds only what the "
    "person's consent lets this requester have."
)
_INTERACTIONS: Final = {
    "create": ("POST", "{type}"),
    "read": ("GET", "{type}/{id}"),
    "vread": ("GET", "{type}/{id}/_history/{version}"),
    "update": ("PUT", "{type}/{id}"),
    "search-type": ("POST", "{type}/_search"),
}
"""By FHIR's name of an interaction, its method and path."""
_OPERATIONS: Final = {
    "validate": ("Resource-validate", ("POST", "{type}/$validate")),
    "everything": ("Patient-everything", ("GET", "{type}/{id}/$everything")),
}
"""By name, an operation's definition in FHIR, and its method and path."""
_SYSTEM: Final = [
    {"code": code, "documentation": f"POST and PUT of Consents alone; {effect}."}
    for code, effect in {
        "transaction": "all or none, one of each person",
        "batch": "each by itself, in their order",
    }.items()
]
# Their definitions are in fhir_profiles/.
_OUR_OPERATIONS: Final = {
    "confirm-receipt": "The answer of that identifier has arrived whole: what was held for it is no longer kept.",
    "release-without-consent": "A named official of the sender releases record types to one unit, on a ground of OSL.",
}
# Filed and changed here: an update states the version that it replaces.
_REGISTERED: Final[dict[str, Any]] = {
    "versioning": "versioned-update",
    "readHistory": True,
    "updateCreate": False,
    "conditionalCreate": True,
    "conditionalUpdate": False,
}
# Definitions in fhir_profiles/.
_PROFILES: Final[dict[str, tuple[str, ...]]] = {
    "Patient": ("patient",),
    "Consent": ("consent-osl-waiver", "consent-sip-plan", "consent-block"),
    "CarePlan": ("sip",),
    "Goal": ("sip-goal",),
    "CareTeam": ("sip-care-team",),
    "Task": ("sip-follow-up",),
    "Observation": ("observation-audit", "observation-audit-c", "observation-dudit"),
    "AuditEvent": (
        "audit-access",
        "audit-authorization",
        "audit-disclosure",
        "audit-filing",
        "audit-operation",
    ),
}


Served = Collection[tuple[str, str]]
"""Method and path below the endpoint of each route."""


def capability_statement(
    base: str, served: Served, *, version: str, published: date, has_cors: bool = False
) -> dict[str, Any]:
    """The CapabilityStatement of the endpoint at ``base`` (no slash at its end), which serves ``served``.

    ``version`` is the software's, ``published`` the day it was released. ``has_cors``: scripts of some web origins may call it.
    """
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{CANONICAL}/CapabilityStatement/sambro",
        "version": version,
        "name": "Sambro",
        "status": "active",
        "date": published.isoformat(),
        "kind": "instance",
        "instantiates": [f"{CANONICAL}/CapabilityStatement/endpoint"],
        "software": {"name": "sambro", "version": version},
        "implementation": {"description": "Consent-gated exchange between kommun and region", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json", "xml", "application/fhir+json", "application/fhir+xml"],
        "rest": [
            {
                "mode": "server",
                "security": {"cors": has_cors, "description": _SECURITY},
                "resource": [_resource(resource_type, served) for resource_type in SEARCH_PARAMETERS],
                **({"interaction": _SYSTEM} if ("POST", "") in served else {}),
                "operation": [
                    _our_operation(name)
                    for name in sorted(path[1:] for _, path in served if path.startswith("$"))
                ],
            }
        ],
    }


def _our_operation(name: str) -> dict[str, str]:
    definition = f"{CANONICAL}/OperationDefinition/{name}"
    return {"name": name, "definition": definition, "documentation": _OUR_OPERATIONS[name]}


def _resource(resource_type: str, served: Served) -> dict[str, Any]:
    is_registered = _is_served(_INTERACTIONS["update"], resource_type, served)
    spellings = ", ".join(person_spellings(resource_type))
    beside = {
        "searchInclude": offered(resource_type, "_include"),
        "searchRevInclude": offered(resource_type, "_revinclude"),
    }
    return {
        "type": resource_type,
        "supportedProfile": [f"{CANONICAL}/StructureDefinition/{name}" for name in _PROFILES[resource_type]],
        "interaction": [
            {"code": code} for code, at in _INTERACTIONS.items() if _is_served(at, resource_type, served)
        ],
        **(_REGISTERED if is_registered else {"versioning": "no-version"}),
        "conditionalRead": "not-match",
        "referencePolicy": ["literal", "logical"],
        "documentation": f"A search names exactly one person, by one of: {spellings}. POST _search is recommended.",
        "operation": [
            {"name": name, "definition": f"http://hl7.org/fhir/OperationDefinition/{definition}"}
            for name, (definition, at) in _OPERATIONS.items()
            if _is_served(at, resource_type, served)
        ],
        **{name: values for name, values in beside.items() if values},
        "searchParam": [
            _search_parameter(parameter)
            for parameter in PERSON_PARAMETERS[resource_type] + SEARCH_PARAMETERS[resource_type]
        ],
    }


def _is_served(at: tuple[str, str], resource_type: str, served: Served) -> bool:
    method, path = at
    return not {at, (method, path.replace("{type}", resource_type))}.isdisjoint(served)


def _search_parameter(parameter: SearchParameter) -> dict[str, str]:
    return {"name": parameter.name, "definition": parameter.definition, "type": parameter.type}
