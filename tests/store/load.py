"""Many messages at once, and which of them a database has."""

from __future__ import annotations

import asyncio
from functools import partial

from sqlalchemy import Connection, select

from adapter.domain.errors import Unreachable
from adapter.store.database import Database
from adapter.store.messages import accept
from adapter.store.tables import message
from tests.store.samples import RAW, new_message


async def load(database: Database, count: int) -> tuple[set[str], int]:
    """Accept so many at once; the ids of those that were acknowledged, and how many were refused."""
    news = [new_message(subject_key=f"person-{number % 10}") for number in range(count)]
    writes = (database.write(partial(accept, new=new, raw=RAW)) for new in news)
    ended = await asyncio.gather(*writes, return_exceptions=True)
    taken = {new.id for new, end in zip(news, ended, strict=True) if not isinstance(end, BaseException)}
    unforeseen = [end for end in ended if isinstance(end, BaseException) and not isinstance(end, Unreachable)]
    assert unforeseen == []
    return taken, count - len(taken)


def names(connection: Connection) -> set[str]:
    """The ids of all messages."""
    return set(connection.scalars(select(message.c.id)))
