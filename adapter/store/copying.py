"""Copies every row of a SQLite database into an empty PostgreSQL database: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, func, insert, select

from adapter.domain.errors import ConfigurationError, Fault
from adapter.store.sqlite import writer_engine
from adapter.store.tables import metadata

_BATCH: Final = 500


def copy_from(connection: Connection, source: Path) -> Mapping[str, int]:
    """Copy into a database that has its tables and no row; returns how many rows each table has.

    Nobody may write to ``source`` meanwhile, and its tables must be of this version. Raises ConfigurationError if the target is not
    empty, or does not have as many rows afterwards as the source.
    """
    tables = metadata.sorted_tables
    if filled := [table.name for table in tables if _count(connection, table)]:
        raise ConfigurationError(
            [Fault("database", 0, f"is not empty ({', '.join(filled)}): copy into a new one")]
        )
    engine = writer_engine(source)
    try:
        with engine.begin() as reading:
            for table in tables:
                _copy(reading, connection, table)
            expected = {table.name: _count(reading, table) for table in tables}
    finally:
        engine.dispose()
    copied = {table.name: _count(connection, table) for table in tables}
    if copied != expected:
        raise ConfigurationError(
            [Fault("database", 0, "has not as many rows as the source; nothing is kept")]
        )
    return copied


def _copy(reading: Connection, writing: Connection, table: Table) -> None:
    rows = reading.execute(select(table).order_by(*table.primary_key.columns))
    for batch in rows.mappings().partitions(_BATCH):
        writing.execute(insert(table).inline(), [dict(row) for row in batch])
    if "sequence" in table.columns:
        _go_on_counting(writing, table)


def _go_on_counting(connection: Connection, table: Table) -> None:
    """The next row's number is the one after the last that was copied."""
    counter = func.pg_get_serial_sequence(table.name, "sequence")
    last = select(func.max(table.c.sequence)).scalar_subquery()
    connection.execute(select(func.setval(counter, func.coalesce(last, 1), last.is_not(None))))


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0
