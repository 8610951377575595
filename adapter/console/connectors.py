"""Connectors: each channel and recipient's system of the reader's parties, how it stands; test, pause, resume with a reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from adapter.console.forms import trusted_form
from adapter.console.screen import Console, Visit, page, root
from adapter.domain.errors import IllegalTransition, InputError
from adapter.exchange.connectors import Inlet, Outlet
from adapter.exchange.reasons import REASON_LONGEST
from adapter.store.contacts import LOOKED_BACK
from adapter.store.database import NoSuchRow

Act = Callable[[Console, Visit, str, str], Awaitable[Response]]


async def show(console: Console, visit: Visit) -> Response:
    """The page."""
    return await _page(console, visit)


async def submit(console: Console, visit: Visit) -> Response:
    """Do it; 404 for a system that is not the reader's to act on, 422 without a reason, 409 if it stands otherwise by now."""
    return await _submit(console, visit, visit.request.path_params["system_id"], _ACTS)


async def submit_channel(console: Console, visit: Visit) -> Response:
    """Pause a channel, or let it go on; as ``submit``."""
    return await _submit(console, visit, visit.request.path_params["channel_id"], _CHANNEL_ACTS, "channel-")


async def _submit(
    console: Console, visit: Visit, connector: str, acts: Mapping[str, Act], kind: str = ""
) -> Response:
    form = await trusted_form(visit.request, visit.token)
    word, reason = visit.request.path_params["act"], form.get("reason", "")
    faulty = {"id": f"{kind}{word}-{connector}", "reason": reason[:1000]}
    if word not in acts:
        raise HTTPException(404)
    try:
        return await acts[word](console, visit, connector, reason)
    except InputError as error:
        return await _page(console, visit, status=422, faulty=faulty | {"fault": error.issues[0].code})
    except IllegalTransition:
        return await _page(console, visit, status=409, faulty={"id": "", "fault": f"{kind}{word}-state"})
    except NoSuchRow:
        raise HTTPException(404) from None


async def _test(console: Console, visit: Visit, system: str, reason: str) -> Response:
    code = await console.connectors.test(visit.administrator, system, reason)
    return await _page(console, visit, tested={"system": system, "code": code})


async def _pause(console: Console, visit: Visit, system: str, reason: str) -> Response:
    await console.connectors.pause(visit.administrator, system, reason)
    return _back(visit)


async def _resume(console: Console, visit: Visit, system: str, reason: str) -> Response:
    await console.connectors.resume(visit.administrator, system, reason)
    return _back(visit)


async def _pause_channel(console: Console, visit: Visit, channel: str, reason: str) -> Response:
    await console.connectors.pause_channel(visit.administrator, channel, reason)
    return _back(visit)


async def _resume_channel(console: Console, visit: Visit, channel: str, reason: str) -> Response:
    await console.connectors.resume_channel(visit.administrator, channel, reason)
    return _back(visit)


_CHANNEL_ACTS: Final[Mapping[str, Act]] = {"pause": _pause_channel, "resume": _resume_channel}
_ACTS: Final[Mapping[str, Act]] = {"test": _test, "pause": _pause, "resume": _resume}


def _back(visit: Visit) -> Response:
    return RedirectResponse(f"{root(visit.request)}/connectors", 303)


def _offered(one: Outlet) -> tuple[str, str]:
    """The ids of its forms."""
    return f"test-{one.system.id}", f"{'resume' if one.pause else 'pause'}-{one.system.id}"


def _channel_form(one: Inlet) -> str:
    return f"channel-{'resume' if one.pause else 'pause'}-{one.channel.id}"


async def _page(
    console: Console,
    visit: Visit,
    *,
    status: int = 200,
    faulty: Mapping[str, str] | None = None,
    tested: Mapping[str, str] | None = None,
) -> Response:
    inlets, outlets = await console.connectors.seen(visit.administrator)
    await console.audit.looked(visit.request, visit.administrator.name, "connectors")
    ids = {one.agreement for one in inlets} | {one.agreement for one in outlets}
    return page(
        console,
        visit,
        "connectors.html",
        status=status,
        here=f"{root(visit.request)}/connectors",
        parts=[
            (
                agreement,
                [one for one in inlets if one.agreement == agreement],
                [one for one in outlets if one.agreement == agreement],
            )
            for agreement in sorted(ids, key=console.names.agreement)
        ],
        days=LOOKED_BACK.days,
        why=console.connectors.reason,
        faulty=faulty or {"id": "", "fault": ""},
        offered=[
            *(_channel_form(one) for one in inlets),
            *(id_ for one in outlets if one.is_own for id_ in _offered(one)),
        ],
        tested=tested or {"system": "", "code": ""},
        reason_longest=REASON_LONGEST,
    )
