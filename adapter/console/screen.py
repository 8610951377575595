"""What the screens share: what they are built from, who visits, and how a page is made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote_plus, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from adapter.console import formats
from adapter.console.audit import ConsoleAudit
from adapter.console.columns import NUMBERS
from adapter.console.cookies import FORM_FIELD, Cookie, form_token
from adapter.console.cursors import Cursors
from adapter.console.language import PARAMETER, language_of, remember
from adapter.console.names import Names
from adapter.console.streams import Streams
from adapter.console.texts import Texts
from adapter.domain.identity import ANY_DAY, names_person
from adapter.domain.instants import Clock, as_instant, stockholm_date
from adapter.domain.states import State
from adapter.exchange.administrators import Administrator, SignIn
from adapter.exchange.alert_list import AlertList
from adapter.exchange.certificates import Certificate
from adapter.exchange.connectors import Connectors
from adapter.exchange.follow_up import FollowUpList
from adapter.exchange.intervene import Intervene
from adapter.exchange.look_up import LookUp
from adapter.exchange.mapping_bench import MappingBench
from adapter.exchange.new_password import NewPassword
from adapter.exchange.open_content import OpenContent
from adapter.exchange.replay_many import ReplayMany
from adapter.exchange.rights import Right
from adapter.exchange.saved_filters import SavedFilters
from adapter.exchange.single_sign_on import SingleSignOn
from adapter.store.database import Database

_TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Console:
    """What the screens are built from. ``stopping`` is set when the process shuts down; ``streams`` bounds live tails."""

    database: Database
    clock: Clock
    sign_in: SignIn
    new_password: NewPassword
    single_sign_on: SingleSignOn | None
    audit: ConsoleAudit
    intervene: Intervene
    follow_up: FollowUpList
    alerts: AlertList
    look_up: LookUp
    replays: ReplayMany
    bench: MappingBench
    connectors: Connectors
    open_content: OpenContent
    saved_filters: SavedFilters
    session: Cookie
    visitor: Cookie
    begun: Cookie
    names: Names
    certificates: Sequence[Certificate]
    cursors: Cursors
    templates: Environment
    stopping: asyncio.Event
    streams: Streams


@dataclass(frozen=True, slots=True)
class Visit:
    """One request by somebody who is signed in."""

    request: Request
    administrator: Administrator
    token: str


Screen = Callable[[Console, Visit], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class RightMissing(HTTPException):
    """The account was not given the right that this takes."""

    def __init__(self) -> None:
        super().__init__(403)


def require(visit: Visit, right: Right) -> None:
    """Raises RightMissing."""
    if not visit.administrator.may(right):
        raise RightMissing


def signed_in(console: Console, screen: Screen, needs: Right | None = None) -> Endpoint:
    """The endpoint of a screen: whoever is not signed in is sent to the sign-in page, and back afterwards.

    Who signed in with a first password is sent to choose another. ``needs``: the right without which the answer is 403.
    """

    async def endpoint(request: Request) -> Response:
        token = console.session.read(request)
        administrator = await console.sign_in.administrator(token) if token else None
        if token is not None and administrator is None and await console.new_password.account(token):
            return RedirectResponse(f"{root(request)}/password?next={_wanted(request)}", 303)
        if token is None or administrator is None:
            await console.audit.refused(request, 403, "session-missing")
            return to_sign_in(request)
        visit = Visit(request, administrator, token)
        if needs is not None:
            require(visit, needs)
        return await screen(console, visit)

    return endpoint


def today(console: Console) -> date:
    """The day in Stockholm."""
    return stockholm_date(console.clock())


def root(request: Request) -> str:
    """The path beneath which the console is mounted, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def page(console: Console, visit: Visit, template: str, **context: Any) -> Response:
    """A page for somebody who is signed in; ``status`` may be among the context, as in ``render``."""
    return render(
        console,
        visit.request,
        template,
        administrator=visit.administrator,
        form_token=form_token(visit.token),
        **context,
    )


def render(
    console: Console, request: Request, template: str, *, status: int = 200, **context: Any
) -> Response:
    """A page in the visitor's language."""
    texts = Texts(language_of(request))
    shared = {
        "t": texts,
        "root": root(request),
        "here": request.url.path,
        "other_language": _in_other_language(request, texts),
        "form_field": FORM_FIELD,
        "names": console.names,
        "administrator": None,
        "now": console.clock(),
    }
    html = console.templates.get_template(template).render(shared | context)
    response = HTMLResponse(
        html, status, headers={"Content-Language": texts.language, "Vary": "Accept-Language"}
    )
    remember(request, response, secure=console.session.secure)
    return response


def query_string(fields: Mapping[str, str]) -> str:
    """``?…`` of the fields that have a value; empty without any."""
    kept = {name: value for name, value in fields.items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def template_environment() -> Environment:
    """Jinja2 with escaping everywhere; a name that a template misspells is an error."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "local_time": formats.local_time,
        "precise_time": formats.precise_time,
        "instant": as_instant,
        "duration": formats.duration,
        "size": formats.size,
    }
    environment.globals |= {"states": tuple(State), "number_columns": NUMBERS}
    return environment


def to_sign_in(request: Request) -> Response:
    """Leads to the sign-in page, and from there back here."""
    return RedirectResponse(f"{root(request)}/sign-in?next={_wanted(request)}", 303)


def _wanted(request: Request) -> str:
    """Where to go on to: without what was asked for, if a person's number stands in it, sound on whatever day."""
    query = request.url.query
    is_told = query and not names_person(unquote_plus(query), today=ANY_DAY)
    return quote(request.url.path + (f"?{query}" if is_told else ""))


def _in_other_language(request: Request, texts: Texts) -> str:
    return query_string(dict(request.query_params) | {PARAMETER: texts.other})
