"""What happens in an installation before a command is run: a house over its database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from adapter.store.keys import Keyring, bind
from tests.cli.command import Installation
from tests.exchange.house import House, opened

KEY: Final = b"k" * 32
"""The house's master key."""
T = TypeVar("T")


def happened(installation: Installation, story: Callable[[House], Awaitable[T]]) -> T:
    """Let something happen in the installation's database; what came of it."""

    async def happen() -> T:
        async with opened(installation.data) as house:
            await house.database.write(lambda connection: bind(connection, Keyring(KEY)))
            return await story(house)

    return asyncio.run(happen())
