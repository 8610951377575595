"""CapabilityStatement (FHIR R4), made from the table of search parameters, so that it cannot promise anything else."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from adapter.domain.records import CANONICAL
from adapter.fhir.search_parameters import (
    PERSON_PARAMETERS,
    SEARCH_PARAMETERS,
    SearchParameter,
    person_spellings,
)

_SECURITY: Final = {
    "cors": False,
    "description": "Bearer token (RFC 6750): a signed access token that names organisation, unit and purpose of use. Every answer "
    "holds only what the person's consent lets this requester have.",
}

_VALIDATE: Final = "http://hl7.org/fhir/OperationDefinition/Resource-validate"
# Their definitions are names only: docs/fhir/README.md says what they take.
_OPERATIONS: Final = {
    "confirm-receipt": "The answer of that identifier has arrived whole: what was held for it is no longer kept.",
    "release-without-consent": "A named official of the sender releases record types to one unit, on a ground of OSL.",
}
_READ: Final[dict[str, Any]] = {
    "interaction": [{"code": "read"}, {"code": "search-type"}],
    "versioning": "no-version",
}
# Filed and changed here: an update states the version that it replaces.
_REGISTERED: Final[dict[str, Any]] = {
    "interaction": [{"code": code} for code in ("create", "read", "vread", "update", "search-type")],
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
    "Observation": ("observation-audit", "observation-dudit"),
    "AuditEvent": (
        "audit-access",
        "audit-authorization",
        "audit-disclosure",
        "audit-filing",
        "audit-operation",
    ),
}


def capability_statement(base: str, *, version: str, published: date) -> dict[str, Any]:
    """The CapabilityStatement of the endpoint at ``base`` (no slash at its end).

    ``version`` is the software's, ``published`` the day it was released.
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
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "security": _SECURITY,
                "resource": [_resource(resource_type) for resource_type in SEARCH_PARAMETERS],
                "operation": [_operation(name, text) for name, text in _OPERATIONS.items()],
            }
        ],
    }


def _operation(name: str, documentation: str) -> dict[str, str]:
    definition = f"{CANONICAL}/OperationDefinition/{name}"
    return {"name": name, "definition": definition, "documentation": documentation}


def _resource(resource_type: str) -> dict[str, Any]:
    spellings = ", ".join(person_spellings(resource_type))
    return {
        "type": resource_type,
        "supportedProfile": [f"{CANONICAL}/StructureDefinition/{name}" for name in _PROFILES[resource_type]],
        **(_REGISTERED if resource_type == "Consent" else _READ),
        "referencePolicy": ["literal", "logical"],
        "documentation": f"A search names exactly one person, by one of: {spellings}. POST _search is recommended.",
        "operation": [{"name": "validate", "definition": _VALIDATE}],
        "searchParam": [
            _search_parameter(parameter)
            for parameter in PERSON_PARAMETERS[resource_type] + SEARCH_PARAMETERS[resource_type]
        ],
    }


def _search_parameter(parameter: SearchParameter) -> dict[str, str]:
    return {"name": parameter.name, "definition": parameter.definition, "type": parameter.type}
