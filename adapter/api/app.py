"""The HTTP application: endpoint, inbound channels, operations and console as plain routes of one FastAPI app."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import FastAPI
from starlette.routing import BaseRoute


def build_app(routes: Iterable[BaseRoute]) -> FastAPI:
    """An app that serves ``routes`` and nothing else: no generated documentation, no default error pages with details."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.router.routes.extend(routes)
    return app
