"""Messages about persons: numbers in a form, never in an address; looked up by their keys."""

from __future__ import annotations

from starlette.responses import Response

from adapter.console.audit import caller
from adapter.console.columns import USUAL
from adapter.console.disclosure import shown_message
from adapter.console.forms import trusted_form
from adapter.console.message_list import Row
from adapter.console.screen import Console, Visit, page
from adapter.domain.errors import InputError
from adapter.exchange.look_up import MOST_MESSAGES, MOST_NUMBERS
from adapter.exchange.reasons import REASON_LONGEST


async def show(console: Console, visit: Visit) -> Response:
    """The form."""
    await console.audit.looked(visit.request, visit.administrator.name, "persons-form")
    return _page(console, visit)


async def submit(console: Console, visit: Visit) -> Response:
    """The messages that the reader may see; 422 with the lines that are no personal number, or without a reason."""
    form = await trusted_form(visit.request, visit.token)
    reason = form.get("reason", "")
    try:
        found = await console.look_up(
            visit.administrator, form.get("numbers", ""), reason, caller(visit.request)
        )
    except InputError as error:
        await console.audit.looked(visit.request, visit.administrator.name, "persons-form")
        why = next((issue.code for issue in error.issues if issue.path == "reason"), "")
        issues = [issue for issue in error.issues if issue.path != "reason"]
        faulty = {"reason": reason[:1000], "fault": why} if why else {}
        return _page(console, visit, status=422, issues=issues, reason=reason[:1000], faulty=faulty)
    rows = [Row.of(shown_message(message, visit.administrator)) for message in found]
    return _page(console, visit, rows=rows)


def _page(console: Console, visit: Visit, **context: object) -> Response:
    """The numbers that were typed are not shown again: a page is left open, and printed."""
    blank: dict[str, object] = {"rows": None, "issues": (), "reason": "", "faulty": {}, "columns": USUAL}
    bounds = {"most_numbers": MOST_NUMBERS, "most_messages": MOST_MESSAGES, "reason_longest": REASON_LONGEST}
    return page(console, visit, "person_search.html", **blank | bounds | context)
