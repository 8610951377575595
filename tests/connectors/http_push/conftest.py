"""A kommun's system and a client that calls it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.connectors.http_push.systems import KommunSystem, kommun_system


@pytest.fixture
async def system() -> AsyncIterator[KommunSystem]:
    async with kommun_system() as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as opened:
        yield opened
