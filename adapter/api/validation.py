"""``POST /fhir/{type}/$validate`` (FHIR R4, resource-operation-validate.html): is this resource what our profiles ask?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapter.api.fhir import FhirEndpoint
from adapter.api.request import caller
from adapter.api.responses import respond
from adapter.domain.errors import InputError, Issue
from adapter.domain.requester import Requester
from adapter.domain.scopes import require_scope_of
from adapter.exchange.validate import Validate
from adapter.fhir.outcome import ALL_OK, operation_outcome

_MAX_BYTES: Final = 262_144


@dataclass(frozen=True, slots=True)
class ValidationEndpoint:
    """The route of the operation; to be added before ``endpoint``'s own."""

    endpoint: FhirEndpoint
    validate: Validate

    def routes(self) -> list[Route]:
        """The route, to be added as it is."""
        return [
            Route("/fhir/{type}/$validate", self.endpoint.guarded(self._validate), methods=["POST"]),
        ]

    async def _validate(self, request: Request, requester: Requester, asked_as: str) -> Response:
        """The body is the resource, or Parameters with ``resource`` and perhaps ``profile``; valid or not, the answer is 200."""
        resource_type = request.path_params["type"]
        if not self.validate.knows(resource_type):
            raise InputError([Issue("http.path", "unknown-resource-type")], status=404)
        require_scope_of(requester.scopes, resource_type)
        profiles = _profiles_asked(request)
        resource = await self.endpoint.forms.resource(request, _MAX_BYTES)
        if resource.get("resourceType") == "Parameters":
            resource, stated = _unpacked(resource)
            profiles += stated
        if resource.get("resourceType") != resource_type:
            raise InputError([Issue("http.path", "type-of-path")], status=400)
        issues = await self.validate(requester, resource, profiles, asked_as, caller(request))
        outcome = operation_outcome(issues or (ALL_OK,), self.validate.invariants)
        return respond(orjson.dumps(outcome), 200, asked_as)


def _profiles_asked(request: Request) -> list[str]:
    if unknown := request.query_params.keys() - {"profile", "_format", "_pretty"}:
        raise InputError([Issue("http.query", "unknown-parameter") for _ in unknown], status=400)
    return request.query_params.getlist("profile")


def _unpacked(parameters: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The resource of the operation's Parameters, and the profiles. ``mode`` and ``usageContext`` are refused: nothing here heeds them."""
    resources: list[dict[str, Any]] = []
    profiles: list[str] = []
    for place, item in enumerate(_items(parameters)):
        match item:
            case {"name": "resource", "resource": dict() as resource}:
                resources.append(resource)
            case {"name": "profile", "valueUri": str() as url} | {
                "name": "profile",
                "valueCanonical": str() as url,
            }:
                profiles.append(url)
            case _:
                raise InputError([Issue(f"Parameters.parameter[{place}]", "unknown-parameter")], status=400)
    if len(resources) != 1:
        raise InputError([Issue("Parameters.parameter", "required")], status=400)
    return resources[0], profiles


def _items(parameters: Mapping[str, Any]) -> list[Any]:
    items = parameters.get("parameter")
    return items if isinstance(items, list) else []
