"""The message log's lists, with a thousand messages and with a million."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert

from adapter.demo.installation import AGREEMENT
from adapter.domain.records import Mode
from adapter.domain.states import State
from adapter.store.columns import microseconds
from adapter.store.log import LogFilter, list_messages
from adapter.store.schema import migrate
from adapter.store.sqlite import SqliteDatabase, writer_engine
from adapter.store.tables import delivery, message
from tests.bench.measure import Budget, Measure, Row, Sample, in_rounds, p95_milliseconds

_FEW: Final = 1_000
_MANY: Final = 1_000_000
_OF_ONE_PERSON: Final = 20
_BATCH: Final = 10_000
_ROUNDS: Final = 5
_CALLS: Final = 60
_CODE: Final = "sip.status: required"
_FIRST_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_KOMMUN: Final = frozenset({(AGREEMENT, "kommun")})
_LISTS: Final = {
    "everything": LogFilter(),
    "what the kommun sees": LogFilter(_KOMMUN),
    "one state": LogFilter(_KOMMUN, state=State.INVALID),
    "one code": LogFilter(_KOMMUN, code=_CODE),
    "one person": LogFilter(_KOMMUN, person_keys=("person-7",)),
    "one control id": LogFilter(_KOMMUN, control_id="control-7"),
}


async def rows(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """Each list's first page, and one from the middle of the log."""
    async with AsyncExitStack() as stack:
        few = _lists(await stack.enter_async_context(_log(folder / "few.db", _FEW)), _FEW)
        for name, small in few.items():
            (taken,) = await in_rounds(_ROUNDS, small)
            yield Row(f"log list p95: {name}, {_FEW:,} messages", Sample(taken, "ms"))
        if not full:
            return
        many = _lists(await stack.enter_async_context(_log(folder / "many.db", _MANY)), _MANY)
        for name, large in many.items():
            taken, floor = await in_rounds(_ROUNDS, large, few[name])
            yield Row(
                f"log list p95: {name}, {_MANY:,} messages",
                Sample(taken, "ms"),
                f"the same with {_FEW:,}",
                Sample(floor, "ms"),
                Budget("ratio", 1.5, is_ceiling=True),
            )


def _lists(database: SqliteDatabase, count: int) -> dict[str, Measure]:
    middle = f"{microseconds(_received_at(count // 2))}.{count // 2}"
    first = {name: _p95(database, filters, None) for name, filters in _LISTS.items()}
    return first | {"from the middle": _p95(database, LogFilter(_KOMMUN), middle)}


def _p95(database: SqliteDatabase, filters: LogFilter, cursor: str | None) -> Measure:
    page = partial(list_messages, filters=filters, cursor=cursor)
    return lambda: p95_milliseconds([partial(database.read, page)] * _CALLS)


@asynccontextmanager
async def _log(path: Path, count: int) -> AsyncIterator[SqliteDatabase]:
    await asyncio.to_thread(_fill, path, count)
    database = SqliteDatabase(path)
    try:
        yield database
    finally:
        await database.close()


def _fill(path: Path, count: int) -> None:
    migrate(path)
    engine = writer_engine(path)
    try:
        for start in range(0, count, _BATCH):
            numbers = range(start, min(start + _BATCH, count))
            with engine.begin() as connection:
                connection.execute(insert(message), [_message(number, count) for number in numbers])
                connection.execute(insert(delivery), [_delivery(number) for number in numbers if number % 10])
    finally:
        engine.dispose()


def _received_at(number: int) -> datetime:
    return _FIRST_AT + timedelta(seconds=number)


def _message(number: int, count: int) -> dict[str, Any]:
    """One in ten is invalid, the others are delivered; kommun and region send by turns."""
    return {
        "id": f"message-{number}",
        "received_at": _received_at(number),
        "agreement": AGREEMENT,
        "channel": "alingsas-kommun",
        "source_party": "region" if number % 2 else "kommun",
        "source_unit": "unit",
        "event": "sip",
        "record_types": ("SIP",),
        "control_id": f"control-{number}",
        "source_application": "",
        "subject_key": f"person-{number % (count // _OF_ONE_PERSON)}",
        "state": State.DELIVERED if number % 10 else State.INVALID,
        "size": 2000,
        "body_digest": "digest",
        "content_type": "application/json",
        "codes": () if number % 10 else (_CODE,),
        "unmapped": (),
        "idempotency_seed": f"message-{number}",
        "ended_at": _received_at(number),
    }


def _delivery(number: int) -> dict[str, Any]:
    sender, recipient = ("region", "kommun") if number % 2 else ("kommun", "region")
    return {
        "id": f"delivery-{number}",
        "message_id": f"message-{number}",
        "created_at": _received_at(number),
        "agreement": AGREEMENT,
        "sender_party": sender,
        "recipient_party": recipient,
        "mode": Mode.FORWARD,
        "record_types": ("SIP",),
        "person_key": "person",
        "state": State.DELIVERED,
        "attempts": 1,
        "holds_lane": False,
        "idempotency_key": f"delivery-{number}",
        "decision": {"verdict": "permit"},
        "codes": (),
        "confirmable": False,
        "released_at": _received_at(number),
        "ended_at": _received_at(number),
    }
