"""The consent simulator: a pasted consent, and who could see what under it, and why. Nothing is stored, no registry read."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from starlette.responses import Response

from adapter.console.forms import trusted_form
from adapter.console.screen import Console, Visit, page
from adapter.domain.errors import InputError
from adapter.exchange.simulate import simulate
from adapter.gate.rules import release_rules

MOST_BYTES: Final = 262_144


async def show(console: Console, visit: Visit) -> Response:
    """The form."""
    return await _page(console, visit, "")


async def submit(console: Console, visit: Visit) -> Response:
    """Its answers, by the agreements that the reader has to do with; 422 for what is no consent of one person."""
    form = await trusted_form(visit.request, visit.token, most=MOST_BYTES)
    text = form.get("consent", "")
    agreements = console.names.seen(visit.administrator.views)
    ask = partial(simulate, text.encode(), agreements, console.clock(), release_rules())
    try:
        answers = await asyncio.to_thread(ask)
    except InputError as error:
        return await _page(console, visit, text, status=422, issues=error.issues)
    return await _page(console, visit, text, answers=answers)


async def _page(console: Console, visit: Visit, text: str, *, status: int = 200, **found: object) -> Response:
    await console.audit.looked(visit.request, visit.administrator.name, "simulator")
    shown = {"answers": None, "issues": ()} | found
    return page(console, visit, "simulator.html", status=status, consent=text, **shown)
