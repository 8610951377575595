"""Reads the small forms that our own pages post."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from adapter.console.cookies import is_from_our_form

MOST_BYTES: Final = 16_384
MOST_FIELDS: Final = 20
_CONTENT_TYPE: Final = "application/x-www-form-urlencoded"


class FormStale(HTTPException):
    """A form does not carry the token of its session: it had become too old, or another site made it up."""

    def __init__(self) -> None:
        super().__init__(403)


async def trusted_form(request: Request, token: str, *, most: int = MOST_BYTES) -> dict[str, str]:
    """The fields of a form that one of our own pages posted in the session of ``token``; raises FormStale, and as ``read_form``."""
    form = await read_form(request, most=most)
    if not is_from_our_form(token, form):
        raise FormStale
    return form


async def read_form(request: Request, *, most: int = MOST_BYTES) -> dict[str, str]:
    """The fields of a urlencoded form of at most so many bytes; raises HTTPException 413, 415 or 400."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _CONTENT_TYPE:
        raise HTTPException(415)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413)
    try:
        return dict(
            parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
        )
    except ValueError:
        raise HTTPException(400) from None
