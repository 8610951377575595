"""Drift: the fields that the senders of one's parties sent and no rule used. Names of fields alone."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response

from adapter.console.screen import Console, Visit, page
from adapter.store.drift import MOST_FIELDS, drifting_fields


async def show(console: Console, visit: Visit) -> Response:
    """The page: the newest field first."""
    views = visit.administrator.views
    own = None if views is None else console.names.own_channels(views)
    fields = await console.database.read(partial(drifting_fields, channels=own))
    await console.audit.looked(visit.request, visit.administrator.name, "drift")
    return page(console, visit, "drift.html", fields=fields, most=MOST_FIELDS)
