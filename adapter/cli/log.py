"""Commands about the message log: list, show, drift, retry, cancel, replay, purge. Codes and ids only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeVar

import orjson
import typer
from sqlalchemy import Connection

from adapter.cli.acts import account, administration
from adapter.cli.root import Opened, Options
from adapter.cli.rows import AsJson, aligned
from adapter.domain.errors import IllegalTransition
from adapter.domain.instants import as_instant, utc_now
from adapter.domain.states import State
from adapter.store import field_traces, intervention
from adapter.store.columns import FieldPair
from adapter.store.database import NoSuchRow
from adapter.store.drift import unmapped_fields
from adapter.store.log import LogEvent, LogMessage, list_messages, message_detail, timeline
from adapter.store.log_filter import LogFilter

T = TypeVar("T")
_COLUMNS = ("received", "id", "channel", "event", "records", "state", "attempts", "control id", "codes")


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
    set_ = [name for name, value in (("state", state), ("channel", channel), ("code", code)) if value]
    found = _look(context.obj, "messages-list", partial(list_messages, filters=filters, limit=limit), set_)
    if as_json:
        context.obj.say(orjson.dumps([_as_json(message) for message in found]).decode())
        return
    for line in aligned([_COLUMNS, *(_row(message) for message in found)]):
        context.obj.say(line)


def show(context: typer.Context, message_id: str, as_json: AsJson = False) -> None:
    """One message with its deliveries, its timeline and what became of its fields."""

    def look(connection: Connection) -> tuple[LogMessage, Sequence[LogEvent], Sequence[FieldPair] | None]:
        message = message_detail(connection, message_id)
        if message is None:
            raise NoSuchRow("message")
        return message, timeline(connection, message), field_traces.rows(connection, message.trace)

    message, steps, fields = _look(context.obj, "messages-show", look, about=lambda found: found[0])
    document = _as_json(message) | {
        "mapping": message.mapping,
        "trace": None if fields is None else [{"source": source, "target": to} for source, to in fields],
        "timeline": [_step(step) for step in steps],
    }
    option = None if as_json else orjson.OPT_INDENT_2
    context.obj.say(orjson.dumps(document, option=option).decode())


def drift(
    context: typer.Context,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fields that no rule used: how often each sender sent them, by month. Names alone."""
    count = partial(unmapped_fields, channel=channel)
    found = _look(context.obj, "messages-drift", count, ["channel"] if channel else ())
    if as_json:
        context.obj.say(orjson.dumps(found).decode())
        return
    rows = [
        (one.month, one.channel, str(one.count), as_instant(one.first_at), _instant(one.last_at), one.path)
        for one in found
    ]
    for line in aligned([("month", "channel", "messages", "first", "last", "field"), *rows]):
        context.obj.say(line)


def retry(context: typer.Context, message_id: str) -> None:
    """Make what waits of a message due at once."""
    retry_now = partial(intervention.retry_now, message_id=message_id, now=utc_now())
    count = _act(context.obj, "messages-retry", message_id, retry_now)
    context.obj.say(f"{count} deliveries due now")


def cancel(context: typer.Context, message_id: str) -> None:
    """Stop what has not left of a message."""
    cancel_message = partial(intervention.cancel_message, message_id=message_id, now=utc_now())
    ended = _act(context.obj, "messages-cancel", message_id, cancel_message)
    context.obj.say(f"{ended.cancelled} cancelled, {len(ended.sending)} under way")


def replay(context: typer.Context, message_id: str) -> None:
    """Queue a message's dead deliveries again; the gate is asked again."""
    queue_again = partial(intervention.replay, message_id=message_id, now=utc_now())
    count = _act(context.obj, "messages-replay", message_id, queue_again)
    context.obj.say(f"{count} deliveries queued")


def purge(context: typer.Context, message_id: str) -> None:
    """Wipe what is kept of an invalid message or of dead deliveries."""
    wipe = partial(intervention.purge, message_id=message_id, now=utc_now())
    count = _act(context.obj, "messages-purge", message_id, wipe)
    context.obj.say(f"content wiped, {count} deliveries purged")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    messages = typer.Typer(help="The message log.", no_args_is_help=True)
    messages.command("list")(list_log)
    for command in (show, drift, retry, cancel, replay, purge):
        messages.command()(command)
    app.add_typer(messages, name="messages")


def _act(options: Options, what: str, message_id: str, op: Callable[[Connection], T]) -> T:
    """Do something to a message, with its audit row in the same transaction."""

    async def act(opened: Opened) -> T:
        return await administration(opened).done(account(), what, op, message_id=message_id)

    return _run(options, act)


def _look(
    options: Options,
    screen: str,
    op: Callable[[Connection], T],
    filters: Sequence[str] = (),
    about: Callable[[T], LogMessage | None] = lambda _: None,
) -> T:
    """Read from the log, with an audit row before anything is shown; ``about`` gives the one message that is."""

    async def look(opened: Opened) -> T:
        found = await opened.database.read(op)
        message = about(found)
        key, message_id = (None, None) if message is None else (message.subject_key, message.id)
        looked = administration(opened).looked
        await looked(account(), screen, filters, person_key=key, message_id=message_id)
        return found

    return _run(options, look)


def _run(options: Options, work: Callable[[Opened], Awaitable[T]]) -> T:
    try:
        return options.run(work)
    except NoSuchRow:
        options.complain("no such message")
    except IllegalTransition:
        options.complain("the message's state does not allow that")
    raise typer.Exit(1)


def _instant(at: datetime | None) -> str:
    return "-" if at is None else as_instant(at)


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
