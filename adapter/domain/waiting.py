"""Waiting for something that may not happen."""

from __future__ import annotations

import asyncio


async def wait_at_most(seconds: float, event: asyncio.Event) -> None:
    """Until the event is set, or so many seconds have passed."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
