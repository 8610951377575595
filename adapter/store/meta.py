"""What the database keeps of itself by name: how far a checkpoint came, which epoch is in force."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from adapter.store.tables import meta
from adapter.store.upsert import Upsert

VALUE: Final = select(meta.c.value).where(meta.c.name == bindparam("name"))
"""The value of ``name``."""
_PUT: Final = Upsert(meta, ["name"], lambda new: {"value": new.value})


def value_of(connection: Connection, name: str) -> str | None:
    """What stands under a name; None: nothing."""
    value: str | None = connection.scalar(VALUE, {"name": name})
    return value


def put(connection: Connection, name: str, value: str) -> None:
    """Set what stands under a name."""
    _PUT.run(connection, {"name": name, "value": value})


def remove(connection: Connection, name: str) -> None:
    """Let nothing stand under a name."""
    connection.execute(delete(meta).where(meta.c.name == name))
