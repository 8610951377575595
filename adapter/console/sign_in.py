"""Sign-in and sign-out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapter.console.audit import caller
from adapter.console.cookies import form_token, is_from_our_form, new_secret
from adapter.console.forms import read_form, trusted_form
from adapter.console.screen import Console, Visit, render, root
from adapter.exchange.administrators import SignInRefused


async def show(console: Console, request: Request) -> Response:
    """The sign-in form; ``next`` names the page to go on to."""
    return sign_in_page(console, request, request.query_params.get("next", ""))


async def submit(console: Console, request: Request) -> Response:
    """Check name and password; a new session every time, whatever the browser had."""
    form = await read_form(request)
    wanted = form.get("next", "")
    if not is_from_our_form(console.visitor.read(request), form):
        await console.audit.refused(request, 403, "form-stale")
        return sign_in_page(console, request, wanted, fault="sign-in.stale")
    try:
        token = await console.sign_in.open(form.get("name", ""), form.get("password", ""), caller(request))
    except SignInRefused:
        return sign_in_page(console, request, wanted, fault="sign-in.refused", name=form.get("name", ""))
    response = RedirectResponse(onward(root(request), wanted), 303)
    console.visitor.clear(response)
    console.session.set(response, token)
    return response


async def sign_out(console: Console, visit: Visit) -> Response:
    """End the session."""
    await trusted_form(visit.request, visit.token)
    await console.sign_in.close(visit.token, visit.administrator.name, caller(visit.request))
    response = RedirectResponse(f"{root(visit.request)}/sign-in", 303)
    console.session.clear(response)
    return response


def sign_in_page(
    console: Console, request: Request, wanted: str, *, fault: str = "", name: str = ""
) -> Response:
    """The form. ``fault`` is the text that says what went wrong, ``name`` what was typed."""
    secret = console.visitor.read(request) or new_secret()
    response = render(
        console,
        request,
        "sign_in.html",
        status=403 if fault else 200,
        form_token=form_token(secret),
        next=onward(root(request), wanted),
        has_provider=console.single_sign_on is not None,
        fault=fault,
        name=name[:64],
    )
    console.visitor.set(response, secret)
    return response


def onward(base: str, wanted: str) -> str:
    """The page that was wanted, if it is one of ours; never another host."""
    is_ours = wanted.startswith(f"{base}/") and not wanted.startswith("//") and wanted.isprintable()
    return wanted if is_ours and "\\" not in wanted else f"{base}/"
