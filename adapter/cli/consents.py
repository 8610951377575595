"""Commands about the Consent registry: list and show. Codes and ids; whose Consent it is and what it says stay sealed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Final

import orjson
import typer
from sqlalchemy import Connection

from adapter.cli.acts import account, administration
from adapter.cli.root import Opened
from adapter.cli.rows import AsJson, aligned, run_on_rows
from adapter.domain.instants import as_instant
from adapter.store import consents
from adapter.store.basis import releases_under
from adapter.store.consents import ConsentRow
from adapter.store.database import NoSuchRow

_COLUMNS: Final = ("filed", "id", "version", "agreement", "registrar", "category", "status", "ended")


def list_newest(
    context: typer.Context,
    agreement: Annotated[str | None, typer.Option(help="Only of this agreement (URI).")] = None,
    category: Annotated[str | None, typer.Option(help="Only osl-waiver, sip-plan or sparr.")] = None,
    status: Annotated[str | None, typer.Option(help="Only of this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: AsJson = False,
) -> None:
    """The Consents that were filed or changed last, in their current version."""
    filters = {"agreement": agreement, "category": category, "status": status}
    wanted = {name: value for name, value in filters.items() if value is not None}

    async def look(opened: Opened) -> Sequence[ConsentRow]:
        found = await opened.database.read(partial(consents.newest, wanted=wanted, limit=limit))
        await administration(opened).looked(account(), "consent-list", list(wanted))
        return found

    found = [_as_json(row) for row in run_on_rows(context.obj, look)]
    if as_json:
        context.obj.say(orjson.dumps(found).decode())
        return
    cells = [tuple("-" if cell is None else str(cell) for cell in row.values()) for row in found]
    for line in aligned([_COLUMNS, *cells]):
        context.obj.say(line)


def show(context: typer.Context, consent_id: str, as_json: AsJson = False) -> None:
    """One Consent: its versions, newest first, and what became of the deliveries that were released under it."""

    def read(connection: Connection) -> tuple[Sequence[ConsentRow], dict[str, int]]:
        versions = consents.versions(connection, consent_id)
        if not versions:
            raise NoSuchRow("consent")
        return versions, dict(releases_under(connection, consent_id))

    async def look(opened: Opened) -> dict[str, Any]:
        versions, releases = await opened.database.read(read)
        looked = administration(opened).looked
        await looked(account(), "consent-show", person_key=versions[0].person_key)
        return {"versions": [_as_json(row) for row in versions], "deliveries": releases}

    option = None if as_json else orjson.OPT_INDENT_2
    context.obj.say(orjson.dumps(run_on_rows(context.obj, look), option=option).decode())


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    commands = typer.Typer(help="The Consent registry.", no_args_is_help=True)
    commands.command("list")(list_newest)
    commands.command()(show)
    app.add_typer(commands, name="consent")


def _as_json(row: ConsentRow) -> dict[str, Any]:
    return {
        "filedAt": as_instant(row.filed_at),
        "id": row.id,
        "version": row.version,
        "agreement": row.agreement,
        "registrar": row.registrar_party,
        "category": row.category,
        "status": row.status,
        "endedAt": None if row.ended_at is None else as_instant(row.ended_at),
    }
