"""The HTTP application: endpoint, inbound channels, operations and console as plain routes of one FastAPI app."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus

import orjson
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from adapter.api.cors import FhirCors


async def _problem(_request: Request, fault: Exception) -> Response:
    """An unknown path or method, as problem+json (RFC 9457)."""
    status, headers = (fault.status_code, fault.headers) if isinstance(fault, HTTPException) else (500, None)
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return Response(orjson.dumps(body), status, headers, media_type="application/problem+json")


def build_app(routes: Iterable[BaseRoute], *, cors_origins: Sequence[str] = ()) -> FastAPI:
    """An app that serves ``routes`` and nothing else: no generated documentation, no default error pages with details.

    Scripts of ``cors_origins`` (``https://app.example``) may call the FHIR endpoint; of none, if there are none.
    """
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _problem},
    )
    app.router.routes.extend(routes)
    if cors_origins:
        app.add_middleware(FhirCors, origins=cors_origins)
    return app
