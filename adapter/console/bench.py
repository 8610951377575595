"""The mapping bench: paste a sample or take an example, and see what a mapping makes of it, and from what. Nothing is stored."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from starlette.responses import Response

from adapter.console.forms import trusted_form
from adapter.console.screen import Console, Visit, page
from adapter.domain.errors import ConfigurationError
from adapter.exchange.mapping_bench import Tried

MOST_BYTES: Final = 262_144


async def show(console: Console, visit: Visit) -> Response:
    """The form; ``mapping`` and ``example`` name a shipped example to begin with."""
    asked = visit.request.query_params
    mapping, example = asked.get("mapping", ""), asked.get("example", "")
    try:
        sample = await asyncio.to_thread(console.bench.example, mapping, example) if example else ""
    except ConfigurationError:
        sample = ""
    return await _page(console, visit, mapping, sample, None)


async def submit(console: Console, visit: Visit) -> Response:
    """What became of the sample; 422 if it was refused."""
    form = await trusted_form(visit.request, visit.token, most=MOST_BYTES)
    mapping, sample = form.get("mapping", ""), form.get("sample", "")
    tried = await asyncio.to_thread(partial(console.bench.try_out, mapping, sample))
    return await _page(console, visit, mapping, sample, tried)


async def _page(console: Console, visit: Visit, mapping: str, sample: str, tried: Tried | None) -> Response:
    try:
        examples = await asyncio.to_thread(console.bench.examples)
    except ConfigurationError:
        examples = {mapping: []} if mapping else {}
    await console.audit.looked(visit.request, visit.administrator.name, "bench")
    return page(
        console,
        visit,
        "bench.html",
        status=422 if tried is not None and tried.body is None else 200,
        examples=examples,
        mapping=mapping,
        sample=sample,
        tried=tried,
    )
