"""``INSERT ... ON CONFLICT``: the same words in SQLite and PostgreSQL, two constructs in SQLAlchemy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from adapter.store.prepared import Prepared, inserting

INSERT_OF: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class InsertIfNew:
    """Inserts a row, unless one with its key is there."""

    def __init__(self, table: Table) -> None:
        self._by_dialect = {
            dialect: Prepared(insert(table).on_conflict_do_nothing(), inserting(table))
            for dialect, insert in INSERT_OF.items()
        }

    def run(self, connection: Connection, row: Mapping[str, Any]) -> None:
        """Insert or leave; a column that ``row`` lacks is null."""
        self._by_dialect[connection.dialect.name].run(connection, row)


class Upsert:
    """Inserts a row, or updates the one that has the same ``key``.

    ``changes`` gets the row that was to be inserted (``excluded``) and returns the columns to set when ``key`` exists already.
    """

    def __init__(
        self,
        table: Table,
        key: Sequence[str],
        changes: Callable[[Any], Mapping[str, Any]],
        *,
        returning: str | None = None,
    ) -> None:
        self._by_dialect: dict[str, Prepared] = {}
        for dialect, insert in INSERT_OF.items():
            new = insert(table)
            statement = new.on_conflict_do_update(index_elements=key, set_=dict(changes(new.excluded)))
            if returning is not None:
                statement = statement.returning(table.c[returning])
            self._by_dialect[dialect] = Prepared(statement, inserting(table))

    def run(self, connection: Connection, row: Mapping[str, Any]) -> Any:
        """Insert or update; a column that ``row`` lacks is null. Returns the value of the ``returning`` column, or None."""
        returned = self._by_dialect[connection.dialect.name].run(connection, row)
        return None if returned is None else returned[0]
