"""Commands about the message log: list, show, retry, cancel, replay. Codes and ids only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Annotated, Any, TypeVar

import orjson
import typer
from sqlalchemy import Connection

from adapter.cli.root import Options
from adapter.domain.errors import IllegalTransition
from adapter.domain.instants import as_instant, utc_now
from adapter.domain.states import State
from adapter.store import intervention
from adapter.store.database import NoSuchRow
from adapter.store.log import LogEvent, LogFilter, LogMessage, list_messages, message_detail, timeline

T = TypeVar("T")
_COLUMNS = ("received", "id", "channel", "event", "records", "state", "attempts", "control id", "codes")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def list_log(
    context: typer.Context,
    state: Annotated[State | None, typer.Option(help="Only this state.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    code: Annotated[str | None, typer.Option(help="Only with this code.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest messages."""
    filters = LogFilter(state=state, channel=channel, code=code)
    found = _run(context.obj, partial(list_messages, filters=filters, limit=limit), writes=False)
    if as_json:
        context.obj.say(orjson.dumps([_as_json(message) for message in found]).decode())
        return
    for line in aligned([_COLUMNS, *(_row(message) for message in found)]):
        context.obj.say(line)


def show(context: typer.Context, message_id: str, as_json: AsJson = False) -> None:
    """One message with its deliveries and its timeline."""

    def look(connection: Connection) -> tuple[LogMessage, Sequence[LogEvent]]:
        message = message_detail(connection, message_id)
        if message is None:
            raise NoSuchRow("message")
        return message, timeline(connection, message)

    message, steps = _run(context.obj, look, writes=False)
    document = _as_json(message) | {"timeline": [_step(step) for step in steps]}
    option = None if as_json else orjson.OPT_INDENT_2
    context.obj.say(orjson.dumps(document, option=option).decode())


def retry(context: typer.Context, message_id: str) -> None:
    """Make what waits of a message due at once."""
    count = _run(context.obj, lambda connection: intervention.retry_now(connection, message_id, utc_now()))
    context.obj.say(f"{count} deliveries due now")


def cancel(context: typer.Context, message_id: str) -> None:
    """Stop what has not left of a message."""
    ended = _run(
        context.obj, lambda connection: intervention.cancel_message(connection, message_id, utc_now())
    )
    context.obj.say(f"{ended.cancelled} cancelled, {len(ended.sending)} under way")


def replay(context: typer.Context, message_id: str) -> None:
    """Queue a message's dead deliveries again; the gate is asked again."""
    count = _run(context.obj, lambda connection: intervention.replay(connection, message_id, utc_now()))
    context.obj.say(f"{count} deliveries queued")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    messages = typer.Typer(help="The message log.", no_args_is_help=True)
    messages.command("list")(list_log)
    for command in (show, retry, cancel, replay):
        messages.command()(command)
    app.add_typer(messages, name="messages")


def _run(options: Options, op: Callable[[Connection], T], *, writes: bool = True) -> T:
    async def run() -> T:
        async with options.root.opened(options.settings()) as opened:
            return await (opened.database.write(op) if writes else opened.database.read(op))

    try:
        return asyncio.run(run())
    except NoSuchRow:
        options.complain("no such message")
    except IllegalTransition:
        options.complain("the message's state does not allow that")
    raise typer.Exit(1)


def aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Columns as wide as their widest cell; nothing is cut, so that ids can be copied and lines piped on."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(message: LogMessage) -> tuple[str, ...]:
    attempts = sum(delivery.attempts for delivery in message.deliveries)
    return (
        as_instant(message.received_at),
        message.id,
        message.channel,
        message.event,
        " ".join(message.record_types),
        message.state.value,
        str(attempts),
        message.control_id,
        " ".join(message.codes),
    )


def _as_json(message: LogMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "receivedAt": as_instant(message.received_at),
        "agreement": message.agreement,
        "channel": message.channel,
        "source": message.source_party,
        "event": message.event,
        "recordTypes": list(message.record_types),
        "controlId": message.control_id,
        "state": message.state.value,
        "size": message.size,
        "reason": message.reason,
        "codes": list(message.codes),
        "unmapped": list(message.unmapped),
        "rerunOf": message.rerun_of,
        "deliveries": [
            {
                "id": delivery.id,
                "recipient": delivery.recipient_party,
                "system": delivery.recipient_system,
                "mode": delivery.mode,
                "state": delivery.state.value,
                "attempts": delivery.attempts,
                "decision": delivery.decision,
                "codes": list(delivery.codes),
            }
            for delivery in message.deliveries
        ],
    }


def _step(step: LogEvent) -> dict[str, Any]:
    return {
        "at": as_instant(step.at),
        "stage": step.stage,
        "delivery": step.delivery_id,
        "codes": list(step.codes),
    }
