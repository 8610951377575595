"""Commands about the audit."""

from __future__ import annotations

import asyncio

import typer
from sqlalchemy import Connection

from adapter.cli.root import Opened, Options
from adapter.store.audit import ChainFault
from adapter.store.audit import verify as walk


def verify(context: typer.Context) -> None:
    """Walk the audit's hash chains and name each break."""
    options: Options = context.obj

    async def run() -> tuple[ChainFault, ...]:
        async with options.root.opened(options.settings()) as opened:
            return await opened.database.read(lambda connection: _breaks(connection, opened))

    faults = asyncio.run(run())
    for fault in faults:
        options.say(f"{fault.writer} row {fault.number}: {fault.code}")
    if faults:
        raise typer.Exit(1)
    options.say("no break in any chain")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    audit = typer.Typer(help="The audit.", no_args_is_help=True)
    audit.command()(verify)
    audit.callback()(lambda: None)
    app.add_typer(audit, name="audit")


def _breaks(connection: Connection, opened: Opened) -> tuple[ChainFault, ...]:
    return tuple(walk(connection, opened.keyring))
