"""Commands about the audit."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from adapter.cli.acts import account
from adapter.cli.extract_document import as_csv, as_html
from adapter.cli.root import Opened, Options
from adapter.domain.errors import IdentityError
from adapter.domain.identity import PersonId, parse_person_id
from adapter.domain.instants import interval_of, stockholm_date, utc_now
from adapter.exchange.extract import Extract
from adapter.exchange.extract_entries import Entry
from adapter.exchange.verify_audit import FileFault, Finding, is_fault, verify_audit
from adapter.store.boundaries import Boundary


def verify(context: typer.Context) -> None:
    """Walk the audit's chains, hold them against their checkpoints, and name each fault."""
    options: Options = context.obj

    async def walk(opened: Opened) -> bool:
        is_sound = True
        writer = opened.audit.writer
        async for finding in verify_audit(opened.database, opened.keyring, opened.checkpoints, writer):
            options.say(_told(finding))
            is_sound = is_sound and not is_fault(finding)
        return is_sound

    if not options.run(walk):
        raise typer.Exit(1)
    options.say("no break in any chain")


def acknowledge(context: typer.Context) -> None:
    """Take a loss in the audit as it is, with a row that says so: a restored backup, or a lost checkpoint file."""
    options: Options = context.obj
    code = options.root.acknowledge_loss(options.settings())
    options.say("nothing to acknowledge" if code is None else f"acknowledged: {code}")


class Form(StrEnum):
    """What an extract is written as."""

    HTML = "html"
    CSV = "csv"


def extract(
    context: typer.Context,
    person_file: Annotated[
        Path | None,
        typer.Option(
            allow_dash=True, help="File with the personal number; - for standard input. Asked for if absent."
        ),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="html or csv.")] = Form.HTML,
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write to this file, readable by its owner.")] = None,
) -> None:
    """What is recorded about a person, for the person: who did what, when and why, in plain Swedish.

    The personal number is never an argument: arguments are seen by whoever lists processes.
    """
    options: Options = context.obj
    period = _instant(since, 0), _instant(until, 1)
    person = _person(_number(person_file))

    async def take(opened: Opened) -> tuple[Entry, ...]:
        extract = Extract(
            database=opened.database,
            keyring=opened.keyring,
            agreements=opened.settings.agreements,
            audit=opened.audit,
            clock=utc_now,
        )
        return await extract(account(), person, *period)

    entries = options.run(take)
    document = as_csv(entries) if form is Form.CSV else as_html(person, entries, utc_now())
    if output is None:
        options.say(document)
        return
    _write_private(output, document)


def _write_private(output: Path, document: str) -> None:
    """Write a file that its owner alone reads, before anything of the document stands in it, whoever might read what was there."""
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
        file.write(document)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    audit = typer.Typer(help="The audit.", no_args_is_help=True)
    audit.command()(verify)
    audit.command()(acknowledge)
    audit.command()(extract)
    audit.callback()(lambda: None)
    app.add_typer(audit, name="audit")


def _told(finding: Finding) -> str:
    if isinstance(finding, FileFault):
        return f"checkpoints{f' line {finding.line}' if finding.line else ''}: {finding.code}"
    if isinstance(finding, Boundary):
        return f"{_rows(finding.writer, finding.after + 1, finding.number)}: lost, acknowledged {finding.made_at:%Y-%m-%d}"
    return f"{_rows(finding.writer, finding.number, finding.until)}: {finding.code}"


def _rows(writer: str, first: int, last: int) -> str:
    return f"{writer} row {first}" if first == last else f"{writer} rows {first}-{last}"


def _number(file: Path | None) -> str:
    """The number as it was given: by file, by standard input, or typed unseen."""
    if file is None and sys.stdin.isatty():
        return str(typer.prompt("Personnummer", hide_input=True))
    if file is None or str(file) == "-":
        return sys.stdin.readline()
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise typer.BadParameter("the file cannot be read", param_hint="--person-file") from None


def _person(number: str) -> PersonId:
    try:
        return parse_person_id(number.strip(), today=stockholm_date(utc_now()))
    except IdentityError as error:
        raise typer.BadParameter(f"not a personal number: {error.code}", param_hint="--person-file") from None


def _instant(day: str | None, edge: int) -> datetime | None:
    """The instant at which a day begins (edge 0) or ends (1) in Stockholm."""
    try:
        return None if day is None else interval_of(day)[edge]
    except ValueError:
        raise typer.BadParameter("a date is written as 2026-11-22") from None
