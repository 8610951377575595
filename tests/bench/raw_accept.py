"""The floor of accept: the rows of one accepted message, inserted again and again by statements written for it alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count, cycle
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, text

_LANES: Final = 100
_WRITER: Final = "floor"
_KNOWN: Final = (
    "SELECT sequence FROM message WHERE control_id = ? AND channel = ? AND source_application = ? LIMIT 1"
)
_TAKE: Final = (
    "INSERT INTO lane (key, kind, tail, head, due_at, token) VALUES (?, 'inbound', 1, 1, ?, 0) ON CONFLICT (key)"
    " DO UPDATE SET tail = tail + 1, due_at = CASE WHEN head > tail THEN excluded.due_at ELSE due_at END"
    " RETURNING tail"
)
_TAKE_HERE: Final = (
    "INSERT INTO lane (key, kind, tail, head, due_at, token) VALUES ($1, 'inbound', 1, 1, $2, 0) ON CONFLICT (key)"
    " DO UPDATE SET tail = lane.tail + 1, due_at = CASE WHEN lane.head > lane.tail THEN excluded.due_at ELSE lane.due_at END"
    " RETURNING tail"
)
_HEAD: Final = "SELECT number, mac FROM audit WHERE writer = ? ORDER BY number DESC LIMIT 1"

Values = dict[str, Any]


class RawAccept:
    """An operation for ``Database.write``. ``rows`` are those that one accept committed, by table, as the driver has them."""

    def __init__(self, rows: Mapping[str, Values]) -> None:
        self._rows = rows
        self._inserts = {table: inserting(table, values) for table, values in rows.items()}
        self._lanes = cycle(f"inbound|floor|{number}" for number in range(_LANES))

    @property
    def rows(self) -> Mapping[str, Values]:
        """The rows, by table."""
        return self._rows

    def __call__(self, connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        message, audit = self._rows["message"], self._rows["audit"]
        name, lane = str(uuid4()), next(self._lanes)
        driver.execute(_KNOWN, (name, message["channel"], message["source_application"])).fetchone()
        (position,) = driver.execute(_TAKE, (lane, message["received_at"])).fetchone()
        new = {"id": name, "control_id": name, "lane": lane, "position": position}
        driver.execute(self._inserts["message"], tuple((message | new).values()))
        for table in ("content", "event"):
            driver.execute(self._inserts[table], tuple((self._rows[table] | {"message_id": name}).values()))
        number, _ = driver.execute(_HEAD, (_WRITER,)).fetchone() or (0, b"")
        link = {"writer": _WRITER, "number": number + 1}
        driver.execute(self._inserts["audit"], tuple((audit | link).values()))


class RawPostgresAccept:
    """The same rows by asyncpg, each time in a transaction of a connection of the pool; the audit's links not waiting for each other."""

    def __init__(self, raw: RawAccept, pool: Any) -> None:
        self._rows = raw.rows
        self._inserts = {table: numbered(inserting(table, values)) for table, values in self._rows.items()}
        self._lanes = cycle(f"inbound|floor|{number}" for number in range(_LANES))
        self._writer = f"floor {uuid4()}"
        self._links = count(1)
        self._pool = pool

    async def __call__(self) -> None:
        message, audit = self._rows["message"], self._rows["audit"]
        name, lane = str(uuid4()), next(self._lanes)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetch(numbered(_KNOWN), name, message["channel"], message["source_application"])
            position = await connection.fetchval(_TAKE_HERE, lane, message["received_at"])
            new = {"id": name, "control_id": name, "lane": lane, "position": position}
            await connection.execute(self._inserts["message"], *(message | new).values())
            for table in ("content", "event"):
                await connection.execute(
                    self._inserts[table], *(self._rows[table] | {"message_id": name}).values()
                )
            await connection.fetchrow(numbered(_HEAD), self._writer)
            link = {"writer": self._writer, "number": next(self._links)}
            await connection.execute(self._inserts["audit"], *(audit | link).values())


def numbered(statement: str) -> str:
    """A statement with PostgreSQL's placeholders."""
    numbers = count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", statement)


def committed(connection: Connection, message_id: str) -> dict[str, Values]:
    """The rows that the accept of the last message committed."""
    of_message = "SELECT * FROM {} WHERE {} = :name"
    asked = {"message": "id", "content": "message_id", "event": "message_id"}
    rows = {
        table: dict(
            connection.execute(text(of_message.format(table, column)), {"name": message_id}).mappings().one()
        )
        for table, column in asked.items()
    }
    last = connection.exec_driver_sql("SELECT * FROM audit ORDER BY number DESC LIMIT 1")
    rows["audit"] = dict(last.mappings().one())
    return {table: {k: v for k, v in row.items() if k != "sequence"} for table, row in rows.items()}


def inserting(table: str, values: Values) -> str:
    """The statement that inserts a row with the columns of ``values``."""
    columns, places = ", ".join(values), ", ".join("?" * len(values))
    return f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608  table and columns are our own
