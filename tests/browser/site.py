"""The console on a socket, over a day of traffic that is the same every time."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import uvicorn
from sqlalchemy import Connection

from adapter.console.single_sign_on import PATH
from adapter.domain.states import State
from adapter.exchange.accept import raw_context
from adapter.exchange.rights import USUAL, Right
from adapter.store import alerts, drift, messages, outbound, pauses
from adapter.store.alert_causes import DEAD_LETTER, SENDER_SILENT, Cause
from adapter.store.events import Stage
from adapter.store.pauses import Pause, Paused
from adapter.store.schema import migrate
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from adapter.store.vault import SealedVault
from tests.console.conftest import KEYRING, PASSWORD, StandingClock, console_app, create_account
from tests.console.follow_ups import put
from tests.console.openid_provider import Provider, providing, single_sign_on
from tests.console.samples import (
    AGREEMENT,
    NOW,
    OTHER_AGREEMENT,
    accept,
    attempt,
    new_delivery,
    new_message,
    process,
)

OPERATOR: Final = "drift"
KOMMUN: Final = "kommun"
REGION: Final = "region"
OPENER: Final = "kommun-innehåll"
NEWCOMER: Final = "ny"
"""With a first password; one for each scheme."""
DEAD: Final = "message-dead"
REPLAYED: Final = "message-replayed"
HELD: Final = "message-held"
ENTRY: Final = "entry"
SEEN_TO: Final = "entry-seen-to"
_HOURLY: Final = (0, 0, 1, 0, 0, 0, 2, 5, 9, 7, 8, 6, 4, 7, 9, 6, 5, 3, 1, 1, 0, 1, 0, 2)
_UNMAPPED: Final = ("vardplan/bilaga", "vardplan/kontakt/fax", "vardplan/notering")
_FIELDS: Final = (
    ("sip.planId", "CarePlan.id"),
    ("sip.status", "CarePlan.status"),
    ("sip.problem", "CarePlan.description"),
    ("sip.period.start", "CarePlan.period.start"),
    ("sip.period.slut", "CarePlan.period.end"),
    ("sip.insatser.text", "CarePlan.activity.detail.description"),
    ("sip.mal.text", "Goal.description.text"),
    ("sip.samordnare.roll", "CareTeam.participant.role.coding.code"),
    ("sip.uppfoljning.datum", "Task.restriction.period.end"),
)
_STAGES: Final = {Stage.PARSED: 31, Stage.DECIDED: 34, Stage.TRANSLATED: 36, Stage.VALIDATED: 52}
_ACCOUNTS: Final[dict[str, Views | None]] = {
    OPERATOR: None,
    KOMMUN: frozenset({(AGREEMENT, "kommun")}),
    OPENER: frozenset({(AGREEMENT, "kommun")}),
    REGION: frozenset({(AGREEMENT, "region")}),
}
_RIGHTS: Final = {OPENER: USUAL | {Right.CONTENT}, OPERATOR: USUAL | {Right.PURGE}}


@dataclass(frozen=True, slots=True)
class Site:
    """Where the console answers, and the OpenID provider at which one may sign in to it."""

    url: str
    provider: str = ""


@contextmanager
def serving(folder: Path) -> Iterator[Site]:
    """The console over a new database in ``folder``, until the end."""
    bound = socket.create_server(("127.0.0.1", 0))
    ready, stopping = threading.Event(), threading.Event()
    url = f"http://127.0.0.1:{bound.getsockname()[1]}/console"
    with providing(sub="adm-7", sambro=["*"]) as provider:
        serve = _serve(folder, bound, url, provider, ready, stopping)
        thread = threading.Thread(target=lambda: asyncio.run(serve))
        thread.start()
        try:
            if not ready.wait(30):
                raise TimeoutError("the console did not start")
            yield Site(url, provider.issuer)
        finally:
            stopping.set()
            thread.join(30)
            bound.close()


async def _serve(
    folder: Path,
    bound: socket.socket,
    url: str,
    provider: Provider,
    ready: threading.Event,
    stopping: threading.Event,
) -> None:
    clock, ending = StandingClock(), asyncio.Event()
    provider.now = lambda: clock().timestamp()
    async with _database(folder) as database, httpx.AsyncClient() as outside:
        sign_on = single_sign_on(database, clock, provider, outside, f"{url}{PATH}")
        for name, views in _ACCOUNTS.items():
            await create_account(database, name, PASSWORD, views, rights=_RIGHTS.get(name, USUAL))
        for scheme in ("light", "dark"):
            await create_account(database, f"{NEWCOMER}-{scheme}", PASSWORD, _ACCOUNTS[KOMMUN], is_first=True)
        await database.write(a_day)
        await database.write(partial(something_held, vault=SealedVault(folder / "content-keys")))
        await database.write(some_alerts)
        for entry_id in (ENTRY, SEEN_TO):
            await database.write(partial(put, entry_id=entry_id))
        config = uvicorn.Config(
            console_app(database, clock, ending, folder, sign_on), lifespan="off", log_config=None
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        ready.set()
        await asyncio.to_thread(stopping.wait)
        ending.set()
        server.should_exit = True
        await serving


@asynccontextmanager
async def _database(folder: Path) -> AsyncIterator[SqliteDatabase]:
    file = folder / "sambro.db"
    migrate(file)
    database = SqliteDatabase(file)
    try:
        yield database
    finally:
        await database.close()


def something_held(connection: Connection, vault: SealedVault) -> None:
    """A message that could not be read, and is kept for a while; fields that were not known; a system that is paused."""
    why = KEYRING.seal_registry("Leverantören uppgraderar i natt".encode(), row="Pause/journal-samvux")
    pauses.begin(
        connection, Pause(Paused.SYSTEM, "journal-samvux", OTHER_AGREEMENT, "region", NOW, OPERATOR, why)
    )
    drift.note(connection, "alingsås-kommun", _UNMAPPED, NOW)
    # Not in a list's newest rows, which pictures show.
    new = new_message(
        id=HELD, state=State.INVALID, codes=("pid-missing",), received_at=NOW - timedelta(days=2)
    )
    raw = vault.seal(b"<b>Insats</b>", context=raw_context(HELD), at=NOW)
    messages.accept(connection, new, raw)


def some_alerts(connection: Connection) -> None:
    """Two that go on, one that is over."""
    silent = Cause(SENDER_SILENT, AGREEMENT, "kommun", "alingsås-kommun")
    dead = Cause(DEAD_LETTER, AGREEMENT, "kommun", "journal", 2)
    alerts.settle(connection, [silent, dead], NOW - timedelta(hours=2), lambda: str(uuid4()))
    alerts.settle(connection, [dead], NOW - timedelta(hours=1), lambda: str(uuid4()))
    alerts.occurred(connection, [Cause("emergency-access-refused")], NOW, lambda: str(uuid4()))


def a_day(connection: Connection) -> None:
    """A day's messages: most delivered, some withheld or invalid, two dead, two that wait, one sent anew after it was mended."""
    for ago, count in enumerate(reversed(_HOURLY)):
        for number in range(count):
            at = NOW - timedelta(hours=ago) + timedelta(minutes=7 * number, seconds=number)
            if number % 4 == 3:
                accept(connection, received_at=at, reason="no-consent")
                continue
            process(connection, [new_delivery()], received_at=at)
            attempt(connection, at + timedelta(milliseconds=180))
    accept(connection, received_at=NOW, state=State.INVALID, codes=("pid-missing",), event="ADT^A01")
    faulty = "message-faulty"
    accept(connection, received_at=NOW, id=faulty, state=State.INVALID, codes=("sip.status: required",))
    process(connection, [new_delivery()], received_at=NOW + timedelta(minutes=20), rerun_of=faulty)
    attempt(connection, NOW + timedelta(minutes=20, milliseconds=170))
    dead: dict[str, Any] = {"id": DEAD, "unmapped": _UNMAPPED, "trace": _FIELDS, "stages": _STAGES}
    process(connection, [new_delivery()], received_at=NOW, **dead)
    attempt(connection, NOW + timedelta(seconds=2), fails="http-400")
    earlier = NOW - timedelta(hours=3)
    process(connection, [new_delivery(person_key="3-person")], received_at=earlier, id=REPLAYED)
    attempt(connection, earlier, fails="http-422")
    late = NOW + timedelta(minutes=41)
    process(connection, [new_delivery(person_key="2-person")], received_at=late)
    [held] = outbound.claim_outbound(connection, "journal", "worker", late, timedelta(seconds=30), 1)
    outbound.mark_sending(connection, held, late)
    outbound.fail_delivery(connection, held, late + timedelta(hours=1), "http-503", late)
    process(connection, [new_delivery()], received_at=late + timedelta(minutes=3))
