"""What anybody may ask, without a token: the CapabilityStatement, and what a path is good for (FHIR R4, http.html#capabilities)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from adapter.api.negotiation import Forms, agree
from adapter.api.parameters import pairs_of
from adapter.api.request import request_id
from adapter.api.responses import refused, respond
from adapter.api.witness import allowed
from adapter.domain.errors import InputError


@dataclass(frozen=True, slots=True)
class Metadata:
    """``GET /fhir/metadata`` and OPTIONS, to be added before the other routes. ``capability`` is the CapabilityStatement as JSON."""

    capability: bytes
    forms: Forms

    def routes(self) -> list[Route]:
        """The routes, to be added as they are."""
        return [
            Route("/fhir/metadata", self._metadata, methods=["GET"]),
            Route("/fhir", _options, methods=["OPTIONS"]),
            Route("/fhir/{rest:path}", _options, methods=["OPTIONS"]),
        ]

    async def _metadata(self, request: Request) -> Response:
        asked_as = request_id(request)
        try:
            agree(request, pairs_of(request.scope["query_string"]))
        except InputError as error:
            return refused(error.status, asked_as, error.issues)
        return await self.forms.rendered(respond(self.capability, 200, asked_as), request)


async def _options(request: Request) -> Response:
    """By the form of the path alone: it says nothing of anybody."""
    return respond(b"", 204, request_id(request), {"Allow": allowed(request)})


def served(routes: Iterable[BaseRoute]) -> frozenset[tuple[str, str]]:
    """Method and path of each route of ``/fhir`` and under it, as fhir.capability reads them."""
    return frozenset(
        (method, route.path.removeprefix("/fhir").removeprefix("/"))
        for route in routes
        if isinstance(route, Route) and f"{route.path}/".startswith("/fhir/")
        for method in route.methods or ()
    )
