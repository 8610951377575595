"""Sign-in at the organisation's own identity provider: there, and back."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapter.console.audit import caller
from adapter.console.screen import Console, render, root
from adapter.console.sign_in import onward, sign_in_page
from adapter.exchange.administrators import SignInRefused
from adapter.exchange.single_sign_on import SingleSignOn

PATH: Final = "/sign-in/oidc/done"


async def begin(console: Console, request: Request) -> Response:
    """To the provider; ``next`` names the page to go on to."""
    begun = await _provider(console).begin(onward(root(request), request.query_params.get("next", "")))
    response = RedirectResponse(begun.url, 303)
    console.begun.set(response, begun.kept)
    return response


async def finish(console: Console, request: Request) -> Response:
    """Back from the provider: a new session, or the sign-in page, which says no more than that it did not work."""
    asked, kept = request.query_params, console.begun.read(request) or ""
    try:
        token, wanted = await _provider(console).finish(
            kept, asked.get("state", ""), asked.get("code", ""), caller(request)
        )
    except SignInRefused:
        response = sign_in_page(console, request, "", fault="sign-in.elsewhere.refused")
    else:
        # The provider's site led here, so that a redirect would come without the session's SameSite=Strict cookie.
        response = render(console, request, "signed_in.html", next=onward(root(request), wanted))
        console.session.set(response, token)
    console.begun.clear(response)
    return response


def _provider(console: Console) -> SingleSignOn:
    if console.single_sign_on is None:
        raise HTTPException(404)
    return console.single_sign_on
