"""Filters that administrators save: bounded in number and length, and with nothing in them that could be a personal number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection

from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import could_name_person
from adapter.exchange.administration import Administration
from adapter.exchange.administrators import Administrator
from adapter.store import saved_filters
from adapter.store.database import Database
from adapter.store.saved_filters import SavedFilter

NAME_LONGEST: Final = 40
MOST: Final = 20
"""Filters of one account."""


@dataclass(frozen=True, slots=True)
class SavedFilters:
    """The use case. ``new_id`` makes their ids."""

    database: Database
    administration: Administration
    new_id: Callable[[], str]

    async def of(self, by: Administrator) -> Sequence[SavedFilter]:
        """One's own, by name."""
        return await self.database.read(partial(saved_filters.saved_filters, admin=by.name))

    async def save(self, by: Administrator, name: str, fields: Mapping[str, str]) -> None:
        """Keep a filter under a name; one that has the name is replaced. Raises InputError."""
        name, stated = name.strip(), {field: value for field, value in fields.items() if value}
        fault = _fault(name, stated)
        if fault:
            raise InputError([Issue("name", fault)])
        keep = partial(_keep, admin=by.name, new=SavedFilter(self.new_id(), name, stated))
        await self.administration.done(by.name, "filters-save", keep)

    async def remove(self, by: Administrator, filter_id: str) -> None:
        """Forget one of one's own; raises NoSuchRow."""
        forget = partial(saved_filters.remove, admin=by.name, filter_id=filter_id)
        await self.administration.done(by.name, "filters-delete", forget)


def _keep(connection: Connection, admin: str, new: SavedFilter) -> None:
    if not saved_filters.has_room(connection, admin, new.name, MOST):
        raise InputError([Issue("name", "filters-full")])
    saved_filters.put(connection, admin, new)


def _fault(name: str, fields: Mapping[str, str]) -> str | None:
    if not name or not name.isprintable():
        return "filter-name"
    if len(name) > NAME_LONGEST:
        return "long"
    if not fields:
        return "filter-empty"
    return "number" if any(map(could_name_person, (name, *fields.values()))) else None
