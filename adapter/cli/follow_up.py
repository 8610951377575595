"""The follow-up list: liftings, releases without consent, attempts at emergency access. Lists show codes and ids, ``show`` who and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

import orjson
import typer
from sqlalchemy import Connection

from adapter.cli.acts import account, administration
from adapter.cli.root import Opened
from adapter.cli.rows import AsJson, aligned, run_on_rows
from adapter.domain.instants import as_instant, utc_now
from adapter.exchange.follow_up import FollowUpList
from adapter.store import follow_up
from adapter.store.admins import find_admin
from adapter.store.database import NoSuchRow
from adapter.store.follow_up import FollowUp
from adapter.store.sight import Views

_COLUMNS: Final = ("at", "id", "kind", "party", "recipients", "codes", "ends", "done")


def list_open(
    context: typer.Context,
    party: Annotated[
        list[str] | None, typer.Option(help="Only <agreement URI>#<party id>; repeatable.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="What was seen to as well.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 200,
    as_json: AsJson = False,
) -> None:
    """What waits for somebody to see to it, oldest first."""
    if context.invoked_subcommand is not None:
        return
    find = partial(follow_up.entries, views=_views(party), done=everything, limit=limit)

    async def look(opened: Opened) -> Sequence[FollowUp]:
        found = await opened.database.read(find)
        filters = [name for name, value in (("party", party), ("all", everything)) if value]
        await administration(opened).looked(account(), "follow-up-list", filters)
        return found

    found = run_on_rows(context.obj, look)
    if as_json:
        context.obj.say(orjson.dumps([_as_json(entry) for entry in found]).decode())
        return
    for line in aligned([_COLUMNS, *map(_row, found)]):
        context.obj.say(line)


def show(context: typer.Context, entry_id: str) -> None:
    """One entry, with who acted and why."""

    async def look(opened: Opened) -> dict[str, Any]:
        entry = await opened.database.read(partial(follow_up.entry, entry_id=entry_id))
        looked = administration(opened).looked
        await looked(account(), "follow-up-show", person_key=entry.person_key)
        return _as_json(entry) | dict(opened.follow_up.personal(entry))

    context.obj.say(orjson.dumps(run_on_rows(context.obj, look), option=orjson.OPT_INDENT_2).decode())


def done(
    context: typer.Context,
    entry_id: str,
    by: Annotated[str, typer.Option(help="The administrator who has seen to it.")],
) -> None:
    """Note that an administrator has seen to an entry."""

    def note(connection: Connection, entries: FollowUpList) -> FollowUp:
        if find_admin(connection, by) is None:
            raise NoSuchRow("administrator")
        return entries.acknowledge(connection, entry_id, by, utc_now())

    entry = run_on_rows(
        context.obj, lambda opened: opened.database.write(partial(note, entries=opened.follow_up))
    )
    context.obj.say(f"seen to by {entry.done_by} at {_instant(entry.done_at)}")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    entries = typer.Typer(help="What has to be followed up.", invoke_without_command=True)
    entries.callback()(list_open)
    for command in (show, done):
        entries.command()(command)
    app.add_typer(entries, name="follow-up")


def _views(parties: Sequence[str] | None) -> Views | None:
    if not parties:
        return None
    pairs = [party.rpartition("#") for party in parties]
    return frozenset((agreement, party) for agreement, _, party in pairs)


def _row(entry: FollowUp) -> tuple[str, ...]:
    return (
        as_instant(entry.at),
        entry.id,
        entry.kind,
        entry.party or "-",
        " ".join(entry.recipients),
        " ".join(entry.codes),
        _instant(entry.ends_at) or "-",
        entry.done_by or "-",
    )


def _as_json(entry: FollowUp) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": as_instant(entry.at),
        "kind": entry.kind,
        "agreement": entry.agreement,
        "party": entry.party,
        "personKey": entry.person_key,
        "reference": entry.reference,
        "recipients": list(entry.recipients),
        "codes": list(entry.codes),
        "endsAt": _instant(entry.ends_at),
        "doneAt": _instant(entry.done_at),
        "doneBy": entry.done_by,
    }


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else as_instant(instant)
