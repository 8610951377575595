"""A message's content, opened by its own party for a reason: the answer to a form, and nowhere else."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from adapter.console.forms import trusted_form
from adapter.console.message_detail import OPEN_CONTENT, find, message_page
from adapter.console.screen import Console, Visit, page, root
from adapter.domain.errors import InputError
from adapter.exchange.open_content import may_open
from adapter.store.database import NoSuchRow


async def submit(console: Console, visit: Visit) -> Response:
    """Show it as text; 422 without a reason, and one 404 for whatever is not there or not theirs to open."""
    form = await trusted_form(visit.request, visit.token)
    found = await find(console, visit)
    message, reason = found[0], form.get("reason", "")
    if not may_open(visit.administrator, message):
        raise HTTPException(404)
    try:
        pieces = await console.open_content(visit.administrator, message.id, reason)
    except InputError as error:
        faulty = {"act": OPEN_CONTENT, "reason": reason[:1000], "fault": error.issues[0].code}
        return await message_page(console, visit, found, status=422, **faulty)
    except NoSuchRow:
        raise HTTPException(404) from None
    back = f"{root(visit.request)}/messages/{message.id}"
    return page(console, visit, "content.html", message=message, pieces=pieces, here=back)
