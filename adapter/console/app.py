"""The console as one application, to be mounted at ``/console``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, ExceptionHandler

from adapter.console import (
    alert_list,
    content,
    drift,
    export,
    follow_up,
    live_tail,
    message_acts,
    message_detail,
    message_list,
    new_password,
    overview,
    person_search,
    replay_screen,
    saved_filters,
    sign_in,
    simulator,
    single_sign_on,
)
from adapter.console import (
    bench as bench_screen,
)
from adapter.console import (
    connectors as connectors_screen,
)
from adapter.console.audit import ConsoleAudit
from adapter.console.cookies import begun_cookie, session_cookie, visitor_cookie
from adapter.console.cursors import Cursors
from adapter.console.forms import FormStale
from adapter.console.names import Names
from adapter.console.screen import Console, RightMissing, render, signed_in, template_environment
from adapter.console.security_headers import SecurityHeaders
from adapter.console.streams import Streams
from adapter.domain.agreement import Agreement
from adapter.domain.errors import Unreachable
from adapter.domain.instants import Clock
from adapter.exchange.administration import Administration
from adapter.exchange.administrators import SignIn
from adapter.exchange.alert_list import AlertList
from adapter.exchange.certificates import Certificate
from adapter.exchange.connectors import Connectors
from adapter.exchange.follow_up import FollowUpList
from adapter.exchange.intervene import Intervene
from adapter.exchange.look_up import LookUp
from adapter.exchange.mapping_bench import MappingBench
from adapter.exchange.new_password import NewPassword
from adapter.exchange.open_content import OpenContent
from adapter.exchange.ports import Tester
from adapter.exchange.refusals import Refusals
from adapter.exchange.replay_many import ReplayMany
from adapter.exchange.rights import Right
from adapter.exchange.saved_filters import SavedFilters
from adapter.exchange.single_sign_on import SingleSignOn
from adapter.exchange.trail import Trail
from adapter.store.database import Database
from adapter.store.keys import Keyring
from adapter.store.vault import Vault

_CODES: Final[Mapping[type[Exception], str]] = {FormStale: "form-stale", RightMissing: "right-missing"}
_STATIC: Final = Path(__file__).parent / "static"


def build_console(
    database: Database,
    clock: Clock,
    *,
    secure_cookies: bool,
    agreements: Sequence[Agreement],
    cursor_key: bytes,
    stopping: asyncio.Event,
    audit: Trail,
    sign_in: SignIn,
    refusals: Refusals,
    keyring: Keyring,
    new_id: Callable[[], str],
    bench: MappingBench,
    testers: Mapping[str, Tester],
    vault: Vault,
    certificates: Sequence[Certificate] = (),
    provider: SingleSignOn | None = None,
) -> ASGIApp:
    """The console over a database.

    ``secure_cookies``: browsers reach it by https. ``cursor_key``: 32 random bytes that seal links to further pages; another key
    makes old links lead to the first page. ``stopping`` is to be set at the signal to stop, so that live tails end at once. ``testers``: of recipients' systems, by id.
    ``certificates`` are those that this process uses. ``provider``: where else than with a local account administrators may sign in.
    """
    administration = Administration(database=database, audit=audit, clock=clock)
    intervene = Intervene(administration, keyring, clock, new_id)
    connectors = Connectors(database, administration, keyring, clock, agreements, testers)
    console = Console(
        database=database,
        clock=clock,
        sign_in=sign_in,
        new_password=NewPassword(database, administration, sign_in, clock),
        single_sign_on=provider,
        audit=ConsoleAudit(administration, refusals),
        intervene=intervene,
        follow_up=FollowUpList(keyring, audit, new_id),
        alerts=AlertList(administration, keyring, clock),
        replays=ReplayMany(database, administration, intervene, keyring, clock, new_id),
        bench=bench,
        connectors=connectors,
        open_content=OpenContent(administration, vault),
        saved_filters=SavedFilters(database, administration, new_id),
        look_up=LookUp(database, keyring, audit, clock),
        session=session_cookie(secure=secure_cookies),
        visitor=visitor_cookie(secure=secure_cookies),
        begun=begun_cookie(secure=secure_cookies),
        names=Names(agreements),
        certificates=certificates,
        cursors=Cursors(cursor_key),
        templates=template_environment(),
        stopping=stopping,
        streams=Streams(),
    )
    app = Starlette(routes=_routes(console), exception_handlers=_notices(console))
    # What leads to a path without its slash would be an absolute address, of whatever host the request names.
    app.router.redirect_slashes = False
    return SecurityHeaders(app)


def _routes(console: Console) -> list[Route | Mount]:
    return [
        Route("/", signed_in(console, message_list.show), methods=["GET"]),
        Route("/export", signed_in(console, export.submit), methods=["POST"]),
        Route("/filters", signed_in(console, saved_filters.save), methods=["POST"]),
        Route("/filters/{filter_id}/delete", signed_in(console, saved_filters.remove), methods=["POST"]),
        Route("/replays", signed_in(console, replay_screen.prepare, Right.ACT), methods=["POST"]),
        Route("/replays/{replay_id}", signed_in(console, replay_screen.show), methods=["GET"]),
        Route(
            "/replays/{replay_id}/start", signed_in(console, replay_screen.start, Right.ACT), methods=["POST"]
        ),
        Route(
            "/replays/{replay_id}/pause", signed_in(console, replay_screen.pause, Right.ACT), methods=["POST"]
        ),
        Route("/persons", signed_in(console, person_search.show, Right.LOOK_UP), methods=["GET"]),
        Route("/persons", signed_in(console, person_search.submit, Right.LOOK_UP), methods=["POST"]),
        Route("/messages/{message_id}", signed_in(console, message_detail.show), methods=["GET"]),
        Route("/messages/{message_id}/content", signed_in(console, content.submit), methods=["POST"]),
        Route("/messages/{message_id}/{act}", signed_in(console, message_acts.submit), methods=["POST"]),
        Route("/overview", signed_in(console, overview.show), methods=["GET"]),
        Route("/follow-up", signed_in(console, follow_up.show_list), methods=["GET"]),
        Route("/follow-up/{entry_id}", signed_in(console, follow_up.show), methods=["GET"]),
        Route("/follow-up/{entry_id}/done", signed_in(console, follow_up.done, Right.ACT), methods=["POST"]),
        Route("/alerts", signed_in(console, alert_list.show), methods=["GET"]),
        Route(
            "/alerts/{alert_id}/acknowledge",
            signed_in(console, alert_list.acknowledge, Right.ACT),
            methods=["POST"],
        ),
        Route("/connectors", signed_in(console, connectors_screen.show), methods=["GET"]),
        Route(
            "/connectors/{system_id}/{act}",
            signed_in(console, connectors_screen.submit, Right.ACT),
            methods=["POST"],
        ),
        Route(
            "/connectors/channels/{channel_id}/{act}",
            signed_in(console, connectors_screen.submit_channel, Right.ACT),
            methods=["POST"],
        ),
        Route("/drift", signed_in(console, drift.show), methods=["GET"]),
        Route("/simulator", signed_in(console, simulator.show), methods=["GET"]),
        Route("/simulator", signed_in(console, simulator.submit), methods=["POST"]),
        Route("/bench", signed_in(console, bench_screen.show), methods=["GET"]),
        Route("/bench", signed_in(console, bench_screen.submit), methods=["POST"]),
        Route("/live", signed_in(console, live_tail.show), methods=["GET"]),
        # Recognises the session by itself, again and again while the stream lasts.
        Route("/live/events", partial(live_tail.events, console), methods=["GET"]),
        Route("/sign-in", partial(sign_in.show, console), methods=["GET"]),
        Route("/sign-in", partial(sign_in.submit, console), methods=["POST"]),
        Route("/password", partial(new_password.show, console), methods=["GET"]),
        Route("/password", partial(new_password.submit, console), methods=["POST"]),
        Route("/sign-in/oidc", partial(single_sign_on.begin, console), methods=["GET"]),
        Route(single_sign_on.PATH, partial(single_sign_on.finish, console), methods=["GET"]),
        Route("/sign-out", signed_in(console, sign_in.sign_out), methods=["POST"]),
        Mount("/static", StaticFiles(directory=_STATIC)),
    ]


def _notices(console: Console) -> dict[int | type[Exception], ExceptionHandler]:
    """A page for everything that goes wrong; none of them says more than that."""

    def notice(name: str, status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def answer(request: Request, error: Exception) -> Response:
            code = error.status_code if isinstance(error, HTTPException) else status
            why = _CODES.get(type(error), name)
            code = await console.audit.refused(request, code, why)
            return render(console, request, "notice.html", status=code, notice=name)

        return answer

    return {
        404: notice("not-found", 404),
        HTTPException: notice("refused", 400),
        Unreachable: notice("unavailable", 503),
        Exception: notice("fault", 500),
    }
