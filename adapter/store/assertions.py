"""Client assertions that were used: each counts once, whichever process it reaches, and after a restart too."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete

from adapter.store.tables import assertion
from adapter.store.upsert import INSERT_OF


def spend(connection: Connection, *, key: str, expires_at: datetime, now: datetime) -> bool:
    """Remember an assertion until it expires; False if it was spent before. What has expired is forgotten on the way.

    ``key`` is a keyed hash of whose it is and its ``jti``.
    """
    connection.execute(delete(assertion).where(assertion.c.expires_at <= now))
    insert = INSERT_OF[connection.dialect.name](assertion).values(key=key, expires_at=expires_at)
    return bool(connection.execute(insert.on_conflict_do_nothing()).rowcount)
