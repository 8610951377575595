"""Brings a database's tables to the version that this code needs (Alembic)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from adapter.domain.errors import ConfigurationError, Fault
from adapter.store.exclusion import is_shared, one_at_a_time
from adapter.store.postgres import PostgresDatabase, Server
from adapter.store.sqlite import writer_engine

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LONGEST_SECONDS: Final = 3600
"""How long one statement of a migration may take: an index over years of audit."""


def migrate(path: Path) -> None:
    """Make or upgrade the tables of a SQLite file; run by the serving process, under its ServiceLock, before it opens it."""
    engine = writer_engine(path)
    try:
        with engine.begin() as connection:
            upgrade(connection)
    finally:
        engine.dispose()
    path.chmod(0o600)


async def migrate_server(server: Server) -> None:
    """The same for a PostgreSQL database: of several processes that start one migrates, the others wait. Raises DatabaseUnreachable."""
    database = PostgresDatabase(replace(server, answer_seconds=_LONGEST_SECONDS))
    try:
        await database.write(upgrade)
    finally:
        await database.close()


def upgrade(connection: Connection) -> None:
    """Run the migrations that the connection's database lacks, in the caller's transaction."""
    _take_turn(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _take_turn(connection: Connection) -> None:
    """Wait for whoever migrates now, however long that takes; this one's statements may take as long."""
    if is_shared(connection):
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        one_at_a_time(connection, ["migration"])
        # A table that somebody holds is not waited for so long: whoever asks for it meanwhile waits behind us.
        connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


def require_current(connection: Connection) -> None:
    """Raise ConfigurationError unless the tables are those of this version (for commands that do not migrate)."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if MigrationContext.configure(connection).get_current_revision() != head:
        raise ConfigurationError(
            [Fault("database", 0, "its tables are of another version: start serve once")]
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
