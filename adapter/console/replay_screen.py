"""Replay of a selection: counted first, then started, watched and paused."""

from __future__ import annotations

from functools import partial
from typing import Final

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from adapter.console.forms import trusted_form
from adapter.console.list_query import read_query
from adapter.console.message_list import list_page
from adapter.console.screen import Console, Visit, page, root, today
from adapter.console.selection import selected
from adapter.domain.errors import IllegalTransition, InputError
from adapter.domain.states import State
from adapter.exchange.reasons import REASON_LONGEST
from adapter.exchange.replay_many import BATCHES, MOST_MESSAGES
from adapter.store import replays
from adapter.store.database import NoSuchRow
from adapter.store.replays import Replay

SHOWN: Final = 200


async def prepare(console: Console, visit: Visit) -> Response:
    """Count what a form's filters select of one's own dead messages, keep it, and lead to its page."""
    form = await trusted_form(visit.request, visit.token)
    query = read_query(form | {"state": State.DEAD.value}, today(console))
    if query.faults:
        return await list_page(console, visit, query)
    reader = visit.administrator
    newest = selected(console.database, reader, query, MOST_MESSAGES)
    ids = [message.id async for message in newest if message.is_own]
    made = await console.replays.prepare(reader, query.filters, ids[::-1])
    return _to(visit, made.id)


async def show(console: Console, visit: Visit) -> Response:
    """Its count, state, progress and outcomes; 404 for another's."""
    return await _page(console, visit, await _find(console, visit))


async def start(console: Console, visit: Visit) -> Response:
    """Let it run; 404 for another's, 422 without a reason or the count, 409 if it is not paused."""
    form = await trusted_form(visit.request, visit.token)
    found = await _find(console, visit)
    stated = {name: form.get(name, "") for name in ("reason", "confirmed", "batch")}
    try:
        await console.replays.start(visit.administrator, found.id, **stated)
    except InputError as error:
        fault = {
            "path": error.issues[0].path,
            "fault": error.issues[0].code,
            "reason": stated["reason"][:1000],
        }
        return await _page(console, visit, found, status=422, faulty=fault)
    except IllegalTransition:
        return await _changed(console, visit)
    except NoSuchRow:
        raise HTTPException(404) from None
    return _to(visit, found.id)


async def pause(console: Console, visit: Visit) -> Response:
    """Take nothing more; 409 if it does not run."""
    await trusted_form(visit.request, visit.token)
    found = await _find(console, visit)
    try:
        await console.replays.pause(visit.administrator, found.id)
    except IllegalTransition:
        return await _changed(console, visit)
    return _to(visit, found.id)


async def _find(console: Console, visit: Visit) -> Replay:
    try:
        return await console.replays.find(visit.administrator, visit.request.path_params["replay_id"])
    except NoSuchRow:
        raise HTTPException(404) from None


async def _changed(console: Console, visit: Visit) -> Response:
    faulty = {"path": "state", "fault": "replay-state", "reason": ""}
    return await _page(console, visit, await _find(console, visit), status=409, faulty=faulty)


async def _page(
    console: Console, visit: Visit, found: Replay, *, status: int = 200, faulty: dict[str, str] | None = None
) -> Response:
    outcomes, items = await console.database.read(partial(_progress, replay_id=found.id))
    await console.audit.looked(visit.request, visit.administrator.name, "replay")
    return page(
        console,
        visit,
        "replay.html",
        status=status,
        replay=found,
        reason=console.replays.reason(found),
        taken=found.total - outcomes.pop(None, 0),
        outcomes=sorted(outcomes.items()),
        items=items,
        batches=BATCHES,
        is_cut=found.total == MOST_MESSAGES,
        reason_longest=REASON_LONGEST,
        faulty=faulty or {"path": "", "fault": "", "reason": ""},
    )


def _progress(
    connection: Connection, replay_id: str
) -> tuple[dict[str | None, int], tuple[replays.ReplayItem, ...]]:
    found = replays.items(connection, replay_id, SHOWN)
    return dict(replays.outcomes(connection, replay_id)), tuple(found)


def _to(visit: Visit, replay_id: str) -> Response:
    return RedirectResponse(f"{root(visit.request)}/replays/{replay_id}", 303)
