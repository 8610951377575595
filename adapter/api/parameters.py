"""The parameters of a FHIR request: those of its URL, and those of a form sent to ``_search`` (FHIR R4, http.html#search)."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from adapter.api.request import bounded_body
from adapter.domain.errors import InputError, Issue

FORM: Final = "application/x-www-form-urlencoded"
MAX_FORM_BYTES: Final = 65_536


async def stated(request: Request) -> list[tuple[str, str]]:
    """The parameters of a request, those of a form sent to ``_search`` after those of the URL."""
    return [*pairs_of(request.scope["query_string"]), *pairs_of(await _form(request))]


async def _form(request: Request) -> bytes:
    """The body of a POST ``_search``, read once; empty where none is sent as a form. Raises InputError (413)."""
    if not hasattr(request.state, "form"):
        request.state.form = b""
        if request.method == "POST" and request.url.path.endswith("/_search") and media_type(request) == FORM:
            request.state.form = await bounded_body(request, MAX_FORM_BYTES)
    form: bytes = request.state.form
    return form


def media_type(request: Request) -> str:
    """The media type of a body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def pairs_of(text: bytes) -> list[tuple[str, str]]:
    """The decoded pairs of a query string or form. Raises InputError (400) for what is none in UTF-8."""
    try:
        return parse_qsl(
            text.decode("ascii"), keep_blank_values=True, strict_parsing=bool(text), errors="strict"
        )
    except ValueError:
        raise InputError([Issue("http.query", "value")], status=400) from None
