"""The database's own clock: leases are given and compared by it, since replicas' clocks differ."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class DatabaseClock(FunctionElement[int]):
    """The instant at which a statement runs, in microseconds since 1970-01-01T00:00Z (SQLite counts whole milliseconds)."""

    type = BigInteger()
    inherit_cache = True


@compiles(DatabaseClock, "sqlite")
def _sqlite(element: DatabaseClock, compiler: SQLCompiler, **options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000"


@compiles(DatabaseClock, "postgresql")
def _postgresql(element: DatabaseClock, compiler: SQLCompiler, **options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
