"""Alerts: what goes on and somebody has to see to; acknowledged with a reason."""

from __future__ import annotations

from functools import partial

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from adapter.console.forms import trusted_form
from adapter.console.screen import Console, Visit, page, root
from adapter.domain.errors import IllegalTransition, InputError
from adapter.exchange.reasons import REASON_LONGEST
from adapter.store.alerts import alerts
from adapter.store.database import NoSuchRow


async def show(console: Console, visit: Visit) -> Response:
    """The alerts of the reader's parties that last, newest first; with ``all`` those that are over as well."""
    return await _list(console, visit)


async def acknowledge(console: Console, visit: Visit) -> Response:
    """Note who has seen it, and lead back to the list; 404 for another party's, 422 without a reason, 409 if it is too late."""
    form = await trusted_form(visit.request, visit.token)
    alert_id, reason = visit.request.path_params["alert_id"], form.get("reason", "")
    faulty = {"id": alert_id, "reason": reason[:1000]}
    try:
        await console.alerts.acknowledge(visit.administrator, alert_id, reason)
    except InputError as error:
        return await _list(console, visit, status=422, faulty=faulty | {"fault": error.issues[0].code})
    except IllegalTransition:
        return await _list(console, visit, status=409, faulty=faulty | {"fault": "alert-state"})
    except NoSuchRow:
        raise HTTPException(404) from None
    return RedirectResponse(f"{root(visit.request)}/alerts", 303)


async def _list(
    console: Console, visit: Visit, *, status: int = 200, faulty: dict[str, str] | None = None
) -> Response:
    everything = "all" in visit.request.query_params
    find = partial(alerts, views=visit.administrator.views, resolved=everything)
    found = await console.database.read(find)
    await console.audit.looked(visit.request, visit.administrator.name, "alerts")
    return page(
        console,
        visit,
        "alert_list.html",
        status=status,
        alerts=[(one, console.alerts.reason(one)) for one in found],
        everything=everything,
        reason_longest=REASON_LONGEST,
        faulty=faulty or {"id": "", "fault": ""},
    )
