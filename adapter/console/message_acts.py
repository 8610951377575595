"""Acts on one message: a form of the message's page, answered by the page anew."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from adapter.console.forms import trusted_form
from adapter.console.message_detail import find, message_page
from adapter.console.screen import Console, Visit, require, root
from adapter.domain.errors import IllegalTransition, InputError
from adapter.exchange.intervene import Act
from adapter.store.database import NoSuchRow


async def submit(console: Console, visit: Visit) -> Response:
    """Do it, and lead back to the page; 403 without the right, 404 for a message of another party, 422 without a reason, 409 if the state forbids it."""
    form = await trusted_form(visit.request, visit.token)
    act = _act(visit.request.path_params["act"])
    require(visit, act.right)
    found = await find(console, visit)
    message, reason = found[0], form.get("reason", "")
    if not message.is_own:
        raise HTTPException(404)
    try:
        await console.intervene(visit.administrator, act, message.id, reason)
    except InputError as error:
        fault = error.issues[0].code
        return await message_page(
            console, visit, found, status=422, act=act, reason=reason[:1000], fault=fault
        )
    except IllegalTransition:
        return await message_page(console, visit, found, status=409, act=act, reason=reason, fault="state")
    except NoSuchRow:
        raise HTTPException(404) from None
    return RedirectResponse(f"{root(visit.request)}/messages/{message.id}#acts", 303)


def _act(word: str) -> Act:
    try:
        return Act(word)
    except ValueError:
        raise HTTPException(404) from None
