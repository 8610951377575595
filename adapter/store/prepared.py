"""Hot statements, compiled once for each dialect: SQLAlchemy's work per execution is several times the database's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Delete, Dialect, Insert, Select, Table, Update


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    constants: Mapping[str, Any]
    parameters: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    columns: tuple[Callable[[Any], Any] | None, ...]

    def bind(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        value = ({**row, **self.constants} if self.constants else row).get
        return tuple([convert(value(name)) if convert else value(name) for name, convert in self.parameters])

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        if not any(self.columns):
            return tuple(row)
        return tuple(
            [convert(value) if convert else value for convert, value in zip(self.columns, row, strict=True)]
        )


class Prepared:
    """A statement whose ``parameters`` (names of columns or binds) come as a mapping, run by the driver itself."""

    def __init__(self, statement: Insert | Update | Delete | Select[Any], parameters: Iterable[str]) -> None:
        self._statement = statement
        self._names = list(parameters)
        self._by_dialect: dict[str, _Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Execute once; a parameter without a value is null. Returns the first row, if there is one."""
        return next(iter(self.rows(connection, values)), None)

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """Execute once and return every row, its columns as their types read them."""
        dialect = connection.dialect
        compiled = self._by_dialect.get(dialect.name) or self._compile(dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(compiled.sql, compiled.bind(values))
            return [compiled.read(row) for row in cursor.fetchall()] if cursor.description else ()
        finally:
            cursor.close()

    def _compile(self, dialect: Dialect) -> _Compiled:
        keys = self._names if isinstance(self._statement, Insert) else None
        compiled = self._statement.compile(dialect=dialect, column_keys=keys)
        names = compiled.positiontup or ()
        made = _Compiled(
            compiled.string,
            {name: compiled.params[name] for name in names if name not in self._names},
            tuple(
                (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
                for name in names
            ),
            tuple(
                column.type.dialect_impl(dialect).result_processor(dialect, None)
                for column in self._columns()
            ),
        )
        self._by_dialect[dialect.name] = made
        return made

    def _columns(self) -> Sequence[ColumnElement[Any]]:
        statement = self._statement
        return tuple(statement.selected_columns) if isinstance(statement, Select) else ()


def inserting(table: Table) -> Sequence[str]:
    """The parameters of an insert: every column but the ``sequence`` that the database gives."""
    return [column.name for column in table.columns if column.name != "sequence"]
