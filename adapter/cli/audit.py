"""Commands about the audit."""

from __future__ import annotations

import asyncio

import typer

from adapter.cli.root import Options
from adapter.exchange.verify_audit import FileFault, Finding, is_fault, verify_audit
from adapter.store.boundaries import Boundary
from adapter.store.checkpoints import CheckpointFile


def verify(context: typer.Context) -> None:
    """Walk the audit's chains, hold them against their checkpoints, and name each fault."""
    options: Options = context.obj
    settings = options.settings()

    async def run() -> bool:
        is_sound = True
        async with options.root.opened(settings) as opened:
            file = CheckpointFile(settings.audit.checkpoints, opened.keyring, settings.audit.writer)
            found = verify_audit(opened.database, opened.keyring, file, settings.audit.writer)
            async for finding in found:
                options.say(_told(finding))
                is_sound = is_sound and not is_fault(finding)
        return is_sound

    if not asyncio.run(run()):
        raise typer.Exit(1)
    options.say("no break in any chain")


def acknowledge(context: typer.Context) -> None:
    """Take a loss in the audit as it is, with a row that says so: a restored backup, or a lost checkpoint file."""
    options: Options = context.obj
    code = options.root.acknowledge_loss(options.settings())
    options.say("nothing to acknowledge" if code is None else f"acknowledged: {code}")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    audit = typer.Typer(help="The audit.", no_args_is_help=True)
    audit.command()(verify)
    audit.command()(acknowledge)
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
