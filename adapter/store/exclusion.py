"""One at a time: how operations about the same thing wait for each other where more than one writes at once.

On SQLite one writer runs one operation after another, and nothing here does anything. On PostgreSQL an operation takes a lock by name
and keeps it until its transaction ends; what it reads after that is what the holder before it has committed (READ COMMITTED).
Order: a sender's message id, then persons, then rows, then the audit chain; who cannot keep to it is retried by the runner.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, Text, bindparam, func, select

from adapter.store.prepared import Prepared

_KEY: Final = func.hashtextextended(bindparam("name", type_=Text), 0)
_LOCK: Final = Prepared(select(func.pg_advisory_xact_lock(_KEY)), ["name"])
_TRY: Final = Prepared(select(func.pg_try_advisory_xact_lock(_KEY)), ["name"])


def is_shared(connection: Connection) -> bool:
    """Whether others write at the same time as this connection."""
    return connection.dialect.name == "postgresql"


def one_at_a_time(connection: Connection, names: Iterable[str]) -> None:
    """Wait until no other operation holds any of these names, and hold them until the transaction ends."""
    if is_shared(connection):
        for name in sorted(set(names)):
            _LOCK.run(connection, {"name": name})


def is_first(connection: Connection, name: str) -> bool:
    """Hold a name until the transaction ends, if nobody else does; False, at once, if somebody does."""
    return not is_shared(connection) or _TRY.run(connection, {"name": name}) == (True,)
