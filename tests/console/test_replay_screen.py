"""Replay of a selection: counted first, started with a reason and the count, in batches that can be paused; one's own messages alone."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import pytest
from httpx import Response
from sqlalchemy import Connection, delete, func, select

from adapter.domain.states import State
from adapter.exchange.administration import Administration
from adapter.exchange.intervene import Intervene
from adapter.exchange.replay_many import ReplayMany
from adapter.store.log import list_messages
from adapter.store.log_filter import LogFilter
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import admin, audit, intervention, replay, session
from tests.console.conftest import (
    KEYRING,
    PASSWORD,
    TRAIL,
    Browser,
    Enter,
    StandingClock,
    create_account,
)
from tests.console.samples import KOMMUN, NOW, REGION, attempt, new_delivery, process
from tests.exchange.bodies import TOLVAN

WHY = "Mottagaren har rättat sin tabell"


async def dead_letters(database: SqliteDatabase, count: int, fails: str = "http-400") -> list[str]:
    ids = []
    for number in range(count):
        delivery = new_delivery(person_key=f"{fails}-{number}-person")
        ids.append(await database.write(partial(process, parts=[delivery])))
        await database.write(partial(attempt, now=NOW, fails=fails))
    return ids


@pytest.fixture
def replaying(database: SqliteDatabase, clock: StandingClock) -> ReplayMany:
    """The use case, as the service runs it."""
    administration = Administration(database=database, audit=TRAIL, clock=clock)
    intervene = Intervene(administration, KEYRING, clock, lambda: str(uuid4()))
    return ReplayMany(database, administration, intervene, KEYRING, clock, lambda: str(uuid4()))


async def prepared(browser: Browser, **filters: str) -> str:
    answer = await browser.submit("/console/replays", **filters)
    assert answer.status_code == 303
    return answer.headers["location"].removeprefix("/console/")


async def start(browser: Browser, path: str, **fields: str) -> Response:
    stated = {"reason": WHY, "confirmed": "3", "batch": "1", **fields}
    return await browser.submit(f"/console/{path}/start", **stated)


async def in_state(database: SqliteDatabase, state: State) -> list[str]:
    found = await database.read(partial(list_messages, filters=LogFilter(state=state)))
    return sorted(message.id for message in found)


async def test_what_a_filter_selects_is_counted_and_nothing_runs_until_it_is_started(
    enter: Enter, database: SqliteDatabase, replaying: ReplayMany
) -> None:
    mine = await dead_letters(database, 3)
    others = await dead_letters(database, 1, "http-422")
    browser = await enter(KOMMUN)
    path = await prepared(browser, code="http-400")
    page = (await browser.get(f"/console/{path}")).text
    assert "<strong>3</strong>" in page
    assert "även gamla meddelanden" in page
    await replaying.take_batches()
    assert await in_state(database, State.QUEUED) == []
    assert (await start(browser, path, batch="10")).status_code == 303
    await replaying.take_batches()
    assert await in_state(database, State.QUEUED) == sorted(mine)
    assert await in_state(database, State.DEAD) == others
    page = (await browser.get(f"/console/{path}")).text
    assert "Läge: klar" in page
    assert page.count("<td><code>queued-1</code></td>") == 3
    assert await database.read(_acts) == (3, 3)


def _acts(connection: Connection) -> tuple[int, int]:
    """Acts that were noted, and rows of the audit about messages that were replayed."""
    noted = select(func.count()).select_from(intervention)
    about = select(func.count()).where(audit.c.kind == "administration", audit.c.person_key.is_not(None))
    return connection.scalar(noted) or 0, connection.scalar(about) or 0


async def test_it_runs_in_batches_and_goes_on_from_where_it_was_paused(
    enter: Enter, database: SqliteDatabase, replaying: ReplayMany
) -> None:
    await dead_letters(database, 3)
    browser = await enter(None)
    path = await prepared(browser)
    await start(browser, path)
    await replaying.take_batches()
    assert len(await in_state(database, State.QUEUED)) == 1
    assert (await browser.submit(f"/console/{path}/pause")).status_code == 303
    await replaying.take_batches()
    assert len(await in_state(database, State.QUEUED)) == 1
    assert (await browser.submit(f"/console/{path}/pause")).status_code == 409
    assert (await start(browser, path)).status_code == 303
    for taken in (2, 3):
        await replaying.take_batches()
        assert len(await in_state(database, State.QUEUED)) == taken
    assert (await start(browser, path)).status_code == 409


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"reason": " "}, "Skriv varför."),
        ({"confirmed": "4"}, "Antalet stämmer inte."),
        ({"batch": "10000"}, ""),
    ],
)
async def test_it_is_not_started_without_a_reason_or_by_another_count(
    enter: Enter, database: SqliteDatabase, replaying: ReplayMany, fields: dict[str, str], shown: str
) -> None:
    await dead_letters(database, 3)
    browser = await enter(KOMMUN)
    page = await start(browser, await prepared(browser), **fields)
    assert (page.status_code, shown in page.text) == (422, True)
    await replaying.take_batches()
    assert len(await in_state(database, State.DEAD)) == 3


async def test_what_has_changed_meanwhile_is_an_outcome_and_holds_nothing_up(
    enter: Enter, database: SqliteDatabase, replaying: ReplayMany
) -> None:
    first, *_ = await dead_letters(database, 3)
    browser = await enter(KOMMUN)
    path = await prepared(browser)
    assert (await browser.submit(f"/console/messages/{first}/cancel", reason=WHY)).status_code == 303
    await start(browser, path, batch="100")
    await replaying.take_batches()
    page = (await browser.get(f"/console/{path}")).text
    assert (page.count("<td><code>queued-0</code></td>"), page.count("<td><code>queued-1</code></td>")) == (
        1,
        2,
    )


async def test_a_recipient_replays_nothing_and_another_account_sees_none(
    enter: Enter, database: SqliteDatabase
) -> None:
    await dead_letters(database, 2)
    operators = await prepared(await enter(None))
    browser = await enter(REGION)
    assert "<strong>0</strong>" in (await browser.get(f"/console/{await prepared(browser)}")).text
    await database.write(_rename)
    hidden, none = [await browser.get(f"/console/replays/{one}") for one in (operators.split("/")[1], "none")]
    assert (hidden.status_code, none.status_code) == (404, 404)


async def test_it_runs_with_the_rights_that_its_owner_has_when_it_starts(
    enter: Enter, database: SqliteDatabase, replaying: ReplayMany
) -> None:
    await dead_letters(database, 3)
    path = await prepared(await enter(None))
    await start(await enter(REGION), path, batch="10")
    await replaying.take_batches()
    assert len(await in_state(database, State.DEAD)) == 3


@pytest.mark.parametrize("views", [REGION, frozenset(), KOMMUN | REGION, None])
async def test_it_pauses_once_its_owner_has_other_rights_or_no_account(
    enter: Enter, database: SqliteDatabase, replaying: ReplayMany, views: Views | None
) -> None:
    await dead_letters(database, 3)
    browser = await enter(KOMMUN)
    path = await prepared(browser)
    await start(browser, path)
    await replaying.take_batches()
    if views is None:
        await database.write(_remove_accounts)
    else:
        await create_account(database, "admin", PASSWORD, views)
    for _ in range(2):
        await replaying.take_batches()
    assert len(await in_state(database, State.QUEUED)) == 1
    assert await database.read(lambda connection: connection.scalar(select(replay.c.state))) == "paused"


async def test_it_goes_on_with_the_rights_that_its_owner_starts_it_anew_with(
    enter: Enter, database: SqliteDatabase, replaying: ReplayMany
) -> None:
    await dead_letters(database, 3)
    browser = await enter(KOMMUN)
    path = await prepared(browser)
    await start(browser, path, batch="10")
    browser = await enter(None)
    await replaying.take_batches()
    assert await in_state(database, State.QUEUED) == []
    await start(browser, path, batch="10")
    await replaying.take_batches()
    assert len(await in_state(database, State.QUEUED)) == 3


async def test_the_operator_sees_and_pauses_what_is_anothers_and_starts_it_not(
    enter: Enter, database: SqliteDatabase
) -> None:
    await dead_letters(database, 2)
    browser = await enter(None)
    path = await prepared(browser)
    await database.write(_rename)
    page = await browser.get(f"/console/{path}")
    assert (page.status_code, "/start" in page.text) == (200, False)
    assert (await start(browser, path, confirmed="2")).status_code == 404


async def test_a_filter_that_names_a_person_is_refused_and_not_kept(
    enter: Enter, database: SqliteDatabase
) -> None:
    page = await (await enter(KOMMUN)).submit("/console/replays", control=f"svar {TOLVAN}")
    assert (page.status_code, "Skriv inget personnummer" in page.text) == (400, True)
    assert await database.read(lambda connection: connection.scalar(select(replay.c.id))) is None


def _remove_accounts(connection: Connection) -> None:
    connection.execute(delete(session))
    connection.execute(delete(admin))


def _rename(connection: Connection) -> None:
    """The operator's replay becomes that of another account."""
    connection.execute(replay.update().where(replay.c.total == 2).values(by="another"))
