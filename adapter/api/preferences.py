"""What a request's headers wish: ``Prefer`` (RFC 7240; FHIR R4, http.html#ops, search.html#errors) and ``If-None-Match`` (RFC 9110, 13.1.2)."""

from __future__ import annotations

import hashlib

from starlette.requests import Request


def preferences(request: Request) -> dict[str, str]:
    """The preferences of a request in lower case; of one that stands twice the first (RFC 7240, 2)."""
    found: dict[str, str] = {}
    for part in ",".join(request.headers.getlist("prefer")).lower().replace(";", ",").split(","):
        name, _, value = part.partition("=")
        found.setdefault(name.strip(), value.strip().strip('"'))
    return found


def is_lenient(request: Request) -> bool:
    """Whether a search is to be answered although we do not know all of its parameters."""
    return preferences(request).get("handling") == "lenient"


def content_tag(body: bytes) -> str:
    """The ETag of a resource without a version: of what it says, in whatever form."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_held(request: Request, tag: str) -> bool:
    """Whether the caller has what has this ETag already; weak comparison."""
    held = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    return "*" in held or tag.removeprefix("W/") in held
