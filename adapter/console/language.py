"""Which language a page is written in: asked for, remembered, or the browser's."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from adapter.console.texts import LANGUAGES, Language

PARAMETER: Final = "lang"
_COOKIE: Final = "sambro_lang"
_YEAR: Final = 365 * 24 * 3600


def language_of(request: Request) -> Language:
    """``?lang=``, else the cookie that remembers it, else the first of Accept-Language that we have, else Swedish."""
    return (
        _known(request.query_params.get(PARAMETER))
        or _known(request.cookies.get(_COOKIE))
        or _accepted(request.headers.get("accept-language", ""))
        or LANGUAGES[0]
    )


def remember(request: Request, response: Response, *, secure: bool) -> None:
    """Keep a language that was asked for."""
    language = _known(request.query_params.get(PARAMETER))
    if language is not None:
        response.set_cookie(_COOKIE, language, max_age=_YEAR, secure=secure, httponly=True, samesite="strict")


def _accepted(header: str) -> Language | None:
    """The best of an Accept-Language header (RFC 9110, 12.5.4), or None."""
    weighed = sorted(
        (_weighed(item) for item in header[:500].split(",")), key=lambda pair: pair[1], reverse=True
    )
    found = (_known(tag) for tag, weight in weighed if weight > 0)
    return next((language for language in found if language is not None), None)


def _weighed(item: str) -> tuple[str, float]:
    tag, _, weight = item.strip().partition(";q=")
    try:
        return tag.split("-")[0].lower(), float(weight or 1)
    except ValueError:
        return tag, 0.0


def _known(word: str | None) -> Language | None:
    return next((language for language in LANGUAGES if language == word), None)
