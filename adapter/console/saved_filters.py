"""Filters of the list that an account keeps: saved under a name, and forgotten."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from adapter.console.forms import trusted_form
from adapter.console.list_query import read_query
from adapter.console.message_list import list_page
from adapter.console.screen import Console, Visit, root, today
from adapter.domain.errors import InputError
from adapter.store.database import NoSuchRow


async def save(console: Console, visit: Visit) -> Response:
    """Keep a form's filters, and lead back to their list; 422 without a usable name."""
    form = await trusted_form(visit.request, visit.token)
    query, name = read_query(form, today(console)), form.get("name", "")
    if query.faults:
        return await list_page(console, visit, query)
    try:
        await console.saved_filters.save(visit.administrator, name, query.fields)
    except InputError as error:
        faulty = {"name": name[:200], "fault": error.issues[0].code}
        return await list_page(console, visit, query, faulty=faulty)
    return RedirectResponse(f"{root(visit.request)}/{query.link()}", 303)


async def remove(console: Console, visit: Visit) -> Response:
    """Forget one, and lead back to the list; 404 for another's."""
    await trusted_form(visit.request, visit.token)
    try:
        await console.saved_filters.remove(visit.administrator, visit.request.path_params["filter_id"])
    except NoSuchRow:
        raise HTTPException(404) from None
    return RedirectResponse(f"{root(visit.request)}/", 303)
