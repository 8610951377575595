"""Commands about the database."""

from __future__ import annotations

import typer

from adapter.cli import audit
from adapter.cli.acts import account
from adapter.cli.root import Options


def copy(context: typer.Context) -> None:
    """Copy the SQLite file of the data folder into the empty PostgreSQL database of sambro.yaml, and verify the audit there."""
    options: Options = context.obj
    for table, count in options.root.copy_database(options.settings(), account()).items():
        options.say(f"{table}: {count}")
    audit.verify(context)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    database = typer.Typer(help="The database.", no_args_is_help=True)
    database.command()(copy)
    database.callback()(lambda: None)
    app.add_typer(database, name="database")
