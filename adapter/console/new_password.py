"""The page on which somebody who signed in with a first password chooses another."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapter.console.audit import caller
from adapter.console.cookies import form_token
from adapter.console.forms import trusted_form
from adapter.console.screen import Console, render, root, to_sign_in
from adapter.console.sign_in import onward
from adapter.domain.errors import InputError
from adapter.exchange import passwords
from adapter.store.database import NoSuchRow


async def show(console: Console, request: Request) -> Response:
    """The form; ``next`` names the page to go on to. Whoever has no such session is sent to the sign-in page."""
    return await _page(console, request, request.query_params.get("next", ""))


async def submit(console: Console, request: Request) -> Response:
    """Take the new password, and lead on in a session of its own; 422 for one that cannot be."""
    token = console.session.read(request) or ""
    if await console.new_password.account(token) is None:
        return await _turned_away(console, request)
    form = await trusted_form(request, token)
    chosen, again = form.get("password", ""), form.get("again", "")
    try:
        opened = await console.new_password.choose(token, chosen, again, caller(request))
    except InputError as error:
        return await _page(console, request, form.get("next", ""), fault=error.issues[0].code)
    except NoSuchRow:
        return await _turned_away(console, request)
    response = RedirectResponse(onward(root(request), form.get("next", "")), 303)
    console.session.set(response, opened)
    return response


async def _page(console: Console, request: Request, wanted: str, *, fault: str = "") -> Response:
    token = console.session.read(request) or ""
    account = await console.new_password.account(token)
    if account is None:
        return await _turned_away(console, request)
    return render(
        console,
        request,
        "new_password.html",
        status=422 if fault else 200,
        form_token=form_token(token),
        next=onward(root(request), wanted),
        name=account.name,
        shortest=passwords.SHORTEST,
        longest=passwords.LONGEST,
        fault=fault,
    )


async def _turned_away(console: Console, request: Request) -> Response:
    await console.audit.refused(request, 403, "session-missing")
    return to_sign_in(request)
