"""Cross-Origin Resource Sharing (Fetch Standard, 3.2) for the FHIR endpoint alone, and only for the origins that the configuration names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "OPTIONS")
_ASKED: Final = (
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Exist",
    "If-None-Match",
    "Prefer",
    "X-Request-Id",
)
_TOLD: Final = ("ETag", "Last-Modified", "Location", "Sambro-Revocation", "X-Request-Id")


class FhirCors:
    """Lets scripts of ``origins`` call ``/fhir`` and what lies under it; nothing else is shared, and no cookies are."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._shared = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_ASKED,
            expose_headers=_TOLD,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_fhir = scope["type"] == "http" and f"{scope['path']}/".startswith("/fhir/")
        await (self._shared if is_fhir else self._app)(scope, receive, send)
