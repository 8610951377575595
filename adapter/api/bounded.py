"""Answers from outside, read no further than they may be long."""

from __future__ import annotations

import httpx

from adapter.domain.errors import Unreachable


async def read_bounded(answer: httpx.Response, most: int, fault: str) -> bytes:
    """The body of a streamed answer; raises Unreachable with ``fault`` beyond ``most`` bytes."""
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > most:
            raise Unreachable(fault)
    return bytes(body)
