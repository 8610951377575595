"""Reads the small forms that our own pages post."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

MOST_BYTES: Final = 16_384
MOST_FIELDS: Final = 20
_CONTENT_TYPE: Final = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a urlencoded form; raises HTTPException 413, 415 or 400."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _CONTENT_TYPE:
        raise HTTPException(415)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise HTTPException(413)
    try:
        return dict(
            parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
        )
    except ValueError:
        raise HTTPException(400) from None
