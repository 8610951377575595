"""What admins wait for, with a thousand messages and with a million: lists, filters, look-up by persons, the overview."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, insert, text

from adapter.demo.installation import AGREEMENT
from adapter.domain.records import Mode
from adapter.domain.states import State
from adapter.exchange.administrators import Administrator
from adapter.exchange.look_up import MOST_NUMBERS, LookUp
from adapter.exchange.trail import Trail
from adapter.store.columns import microseconds
from adapter.store.database import Database
from adapter.store.keys import Keyring
from adapter.store.log import list_messages
from adapter.store.log_filter import LogFilter, Reruns
from adapter.store.overview import inflows, outflows
from adapter.store.tables import delivery, message
from tests.bench.measure import Budget, Call, Row, Sample, in_rounds, p95_milliseconds
from tests.bench.persons import persons
from tests.databases import Databases, Place, new_file, opened
from tests.postgres import served

_FEW: Final = 1_000
_MANY: Final = 1_000_000
_OF_ONE_PERSON: Final = 20
_BATCH: Final = 2_000
_ROUNDS: Final = 5
_CALLS: Final = 60
_CODE: Final = "sip.status: required"
_FIRST_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_VIEWS: Final = frozenset({(AGREEMENT, "kommun")})
_KOMMUN: Final = LogFilter(_VIEWS)
_KEYRING: Final = Keyring(bytes(32))


async def rows(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """In a SQLite file."""
    places = [new_file(folder / f"{name}.db") for name in ("few", "many")]
    async for row in _rows(places, "SQLite", full=full):
        yield row


async def on_postgres(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """In PostgreSQL."""
    with served() as server:
        databases = Databases(server)
        with databases.one() as few, databases.one() as many:
            async for row in _rows([few, many], "PostgreSQL", full=full):
                yield row


async def _rows(places: Sequence[Place], where: str, *, full: bool) -> AsyncIterator[Row]:
    async with AsyncExitStack() as stack:
        few = _waits(await stack.enter_async_context(_log(places[0], _FEW)), _FEW)
        if not full:
            for name, small in few.items():
                (taken,) = await in_rounds(_ROUNDS, partial(_p95, small))
                yield Row(f"{name}, {_FEW:,} messages, {where}: p95", Sample(taken, "ms"))
            return
        many = _waits(await stack.enter_async_context(_log(places[1], _MANY)), _MANY)
        for name, large in many.items():
            taken, floor = await in_rounds(_ROUNDS, partial(_p95, large), partial(_p95, few[name]))
            yield Row(
                f"{name}, {_MANY:,} messages, {where}: p95",
                Sample(taken, "ms"),
                f"the same with {_FEW:,}",
                Sample(floor, "ms"),
                Budget("ratio", 1.5, is_ceiling=True),
            )


def _p95(call: Call) -> Any:
    return p95_milliseconds([call] * _CALLS)


def _waits(database: Database, count: int) -> dict[str, Call]:
    """What an admin of the kommun waits for. Windows of time lie in the middle of the log, and hold as many rows in every log."""
    middle = _received_at(count // 2)
    since, until = middle - timedelta(seconds=_FEW // 4), middle + timedelta(seconds=_FEW // 4)
    window = replace(_KOMMUN, since=since, until=until)
    lists: dict[str, LogFilter] = {
        "everything": LogFilter(),
        "what the kommun sees": _KOMMUN,
        "without reruns": replace(_KOMMUN, reruns=Reruns.HIDDEN),
        "reruns alone": replace(_KOMMUN, reruns=Reruns.ONLY),
        "one reason and a time": LogFilter(code="no-consent", since=since, until=until),
        "one state": LogFilter(_VIEWS, state=State.INVALID),
        "one state and a time": replace(window, state=State.INVALID),
        "a state that is rare, and a time": replace(window, state=State.WITHHELD),
        "a state that nothing is in": LogFilter(_VIEWS, state=State.DEAD),
        "one code": LogFilter(_VIEWS, code=_CODE),
        "one control id": LogFilter(_VIEWS, control_id="control-7"),
        "one correlation id": LogFilter(_VIEWS, correlation_id="request-7"),
        "one recipient": LogFilter(_VIEWS, recipient=(AGREEMENT, "region")),
        "tried more than once": LogFilter(_VIEWS, attempts=(2, None)),
        "took an hour": LogFilter(_VIEWS, duration=(timedelta(hours=1), None)),
        "took a second at most": LogFilter(_VIEWS, duration=(None, timedelta(seconds=1))),
    }
    first = {f"list: {name}": _list(database, filters) for name, filters in lists.items()}
    cursor = f"{microseconds(middle)}.{count // 2}"
    return first | {
        "list: from the middle": _list(database, _KOMMUN, cursor),
        f"look-up of {MOST_NUMBERS} persons": _look_up(database, count),
        "overview": partial(database.read, partial(_overview, since=_received_at(count - _FEW // 2))),
    }


def _list(database: Database, filters: LogFilter, cursor: str | None = None) -> Call:
    return partial(database.read, partial(list_messages, filters=filters, cursor=cursor))


def _look_up(database: Database, count: int) -> Call:
    """Hashed, found, and each person's audit row committed."""
    now = _received_at(count)
    look_up = LookUp(database, _KEYRING, Trail(_KEYRING, writer="bench"), lambda: now)
    numbers = "\n".join(person.value for person in persons(MOST_NUMBERS))
    return partial(look_up, Administrator("bench", _VIEWS), numbers, "bench", None)


def _overview(connection: Connection, since: datetime) -> object:
    return inflows(connection, since, _VIEWS), outflows(connection, since, _VIEWS)


@asynccontextmanager
async def _log(place: Place, count: int) -> AsyncIterator[Database]:
    keys = [_KEYRING.person_key(person) for person in persons(count // _OF_ONE_PERSON)]
    async with opened(place) as database:
        for start in range(0, count, _BATCH):
            numbers = range(start, min(start + _BATCH, count))
            await database.write(partial(_insert, numbers=numbers, keys=keys))
        await database.write(_analyze)
        yield database


def _insert(connection: Connection, numbers: Sequence[int], keys: Sequence[str]) -> None:
    connection.execute(insert(message), [_message(number, keys[number % len(keys)]) for number in numbers])
    connection.execute(
        insert(delivery), [_delivery(number) for number in numbers if _state(number) is State.DELIVERED]
    )


def _analyze(connection: Connection) -> None:
    """What a PostgreSQL server does by itself some time after so much has come."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE"))


def _received_at(number: int) -> datetime:
    return _FIRST_AT + timedelta(seconds=number)


def _state(number: int) -> State:
    """One in ten is invalid, one in a hundred withheld, the others are delivered; one in ten repeats an earlier one."""
    if number % 10 == 0:
        return State.INVALID
    return State.WITHHELD if number % 100 == 52 else State.DELIVERED


def _message(number: int, person_key: str) -> dict[str, Any]:
    """Kommun and region send by turns."""
    state = _state(number)
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
        "correlation_id": f"request-{number}",
        "source_application": "",
        "subject_key": person_key,
        "state": state,
        "size": 2000,
        "body_digest": "digest",
        "content_type": "application/json",
        "codes": (_CODE,) if state is State.INVALID else (),
        "unmapped": (),
        "reason": "no-consent" if state is State.WITHHELD else None,
        "rerun_of": f"message-{number - 2}" if number % 10 == 2 else None,
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
