"""What the use cases hold: something that runs operations, whichever engine is beneath."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from adapter.domain.errors import SambroError, Unreachable

T = TypeVar("T")


class Database(Protocol):
    """Runs operations: plain functions over a synchronous Connection that hold SQL only."""

    async def write(self, op: Callable[[Connection], T]) -> T:
        """Run ``op`` in a durable transaction; returns after the commit.

        An exception of ``op`` undoes that operation alone and is raised here. Raises DatabaseUnreachable if the database cannot do it,
        the commit fails, or too much waits already: then nothing of it happened.
        """
        ...

    async def read(self, op: Callable[[Connection], T]) -> T:
        """Run ``op`` on one consistent snapshot; it must not write. Raises DatabaseUnreachable."""
        ...

    async def checkpoint(self) -> bool:
        """Make the engine's own log forget what was wiped; False if another's transaction stood in the way this time."""
        ...

    async def close(self) -> None:
        """Finish what was handed in, then let go of the database."""
        ...


class DatabaseUnreachable(Unreachable):
    """The database is locked, full, damaged or gone: nothing can be written down, so nothing may be given out."""


class StaleClaim(SambroError):
    """The lane was taken over, or the row changed, since it was claimed: drop the work, its new owner does it."""


class NoSuchRow(SambroError):
    """The row that an operation names does not exist."""
