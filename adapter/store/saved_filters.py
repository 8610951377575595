"""Filters of the message list that an account keeps under names of its own; they go when it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, func, select

from adapter.store.database import NoSuchRow
from adapter.store.tables import saved_filter
from adapter.store.upsert import Upsert


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """``fields`` are the list's filters as they were typed, those that were set."""

    id: str
    name: str
    fields: Mapping[str, str]


_PUT: Final = Upsert(saved_filter, ["admin_name", "name"], lambda new: {"fields": new.fields})


def saved_filters(connection: Connection, admin: str) -> Sequence[SavedFilter]:
    """An account's, by name."""
    columns = [saved_filter.c[name] for name in SavedFilter.__slots__]
    mine = select(*columns).where(saved_filter.c.admin_name == admin).order_by(saved_filter.c.name)
    return [SavedFilter(*row) for row in connection.execute(mine)]


def has_room(connection: Connection, admin: str, name: str, most: int) -> bool:
    """Whether an account may keep one of that name: it has it already, or fewer than ``most`` others."""
    others = (saved_filter.c.admin_name == admin, saved_filter.c.name != name)
    return (connection.scalar(select(func.count()).select_from(saved_filter).where(*others)) or 0) < most


def put(connection: Connection, admin: str, new: SavedFilter) -> None:
    """Keep it, instead of the one that had its name."""
    _PUT.run(connection, {"id": new.id, "admin_name": admin, "name": new.name, "fields": new.fields})


def remove(connection: Connection, admin: str, filter_id: str) -> None:
    """Forget one of an account's own; raises NoSuchRow."""
    mine = delete(saved_filter).where(saved_filter.c.id == filter_id, saved_filter.c.admin_name == admin)
    if connection.execute(mine).rowcount != 1:
        raise NoSuchRow("saved-filter")
