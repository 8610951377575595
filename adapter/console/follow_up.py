"""The follow-up list: liftings, releases without consent, attempts at emergency access, until somebody has seen to each."""

from __future__ import annotations

from functools import partial

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from adapter.console.forms import trusted_form
from adapter.console.screen import Console, Visit, page, root
from adapter.store import follow_up
from adapter.store.database import NoSuchRow
from adapter.store.follow_up import FollowUp


async def show_list(console: Console, visit: Visit) -> Response:
    """What the reader's parties have to see to, oldest first; with ``all`` what was seen to as well."""
    everything = "all" in visit.request.query_params
    find = partial(follow_up.entries, views=visit.administrator.views, done=everything)
    entries = await console.database.read(find)
    await console.audit.looked(visit.request, visit.administrator.name, "follow-up")
    return page(console, visit, "follow_up_list.html", entries=entries, everything=everything)


async def show(console: Console, visit: Visit) -> Response:
    """One entry, with who acted and why; 404 for one that does not exist and one of another party alike."""
    entry = await _find(console, visit)
    await console.audit.looked(
        visit.request, visit.administrator.name, "follow-up-entry", person_key=entry.person_key
    )
    personal = console.follow_up.personal(entry)
    return page(console, visit, "follow_up_entry.html", entry=entry, personal=personal)


async def done(console: Console, visit: Visit) -> Response:
    """Note that the visitor has seen to an entry; who was first stays."""
    await trusted_form(visit.request, visit.token)
    entry, who = await _find(console, visit), visit.administrator
    acknowledge = partial(
        console.follow_up.acknowledge, entry_id=entry.id, by=who.name, now=console.clock(), views=who.views
    )
    await console.database.write(acknowledge)
    return RedirectResponse(f"{root(visit.request)}/follow-up/{entry.id}", 303)


async def _find(console: Console, visit: Visit) -> FollowUp:
    entry_id, views = visit.request.path_params["entry_id"], visit.administrator.views
    try:
        return await console.database.read(partial(follow_up.entry, entry_id=entry_id, views=views))
    except NoSuchRow:
        raise HTTPException(404) from None
