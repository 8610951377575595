"""A first password opens one session, for one thing: to choose another."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from httpx import Response
from sqlalchemy import select

from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import audit
from tests.console.conftest import PASSWORD, Browser, StandingClock, create_account, form_token
from tests.console.samples import KOMMUN

CHOSEN = "four words in a row"


@pytest.fixture
async def first(database: SqliteDatabase, browser: Browser) -> Browser:
    """A browser before an account with a first password that is an hour old."""
    await create_account(database, "admin", PASSWORD, KOMMUN, is_first=True)
    return browser


async def choose(browser: Browser, password: str = CHOSEN, again: str | None = None) -> Response:
    token = form_token(await browser.get("/console/password"))
    again = password if again is None else again
    return await browser.post(
        "/console/password", form_token=token, password=password, again=again, next="/console/overview"
    )


async def test_it_leads_to_the_choice_of_another_and_to_nothing_else(first: Browser) -> None:
    assert (await first.sign_in("admin")).status_code == 303
    for path in ("/console/", "/console/overview", "/console/messages/x"):
        answer = await first.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/console/password?next={path}")
    assert (await first.get("/console/live/events")).text.endswith("event: end\ndata: session\n\n")
    chosen = await choose(first)
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/console/overview")
    assert (await first.get("/console/overview")).status_code == 200
    assert (await first.get("/console/password")).headers["location"].startswith("/console/sign-in")
    first.client.cookies.clear()
    assert (await first.sign_in("admin")).status_code == 403
    assert (await first.sign_in("admin", CHOSEN)).status_code == 303
    assert (await first.get()).status_code == 200


async def test_it_opens_no_second_session(first: Browser) -> None:
    await first.sign_in("admin")
    first.client.cookies.clear()
    assert (await first.sign_in("admin")).status_code == 403


async def test_it_ends_after_a_day(first: Browser, clock: StandingClock) -> None:
    clock.now += timedelta(hours=23)
    assert (await first.sign_in("admin")).status_code == 403


async def test_its_session_ends_after_a_quarter_of_an_hour(first: Browser, clock: StandingClock) -> None:
    await first.sign_in("admin")
    clock.now += timedelta(minutes=15)
    answer = await first.get("/console/password")
    assert answer.headers["location"].startswith("/console/sign-in")


@pytest.mark.parametrize(
    ("password", "again", "text"),
    [
        ("short", None, "Mellan 12 och 1024"),
        ("x" * 1025, None, "Mellan 12 och 1024"),
        (CHOSEN, "four words in a line", "inte lika"),
        (PASSWORD, None, "Det är det första"),
    ],
)
async def test_what_cannot_be_chosen_is_said_and_the_choice_stays_open(
    first: Browser, password: str, again: str | None, text: str
) -> None:
    await first.sign_in("admin")
    refused = await choose(first, password, again)
    assert (refused.status_code, text in refused.text, password in refused.text) == (422, True, False)
    assert (await choose(first)).status_code == 303


async def test_choosing_ends_every_session_before(first: Browser) -> None:
    await first.sign_in("admin")
    before = first.client.cookies["sambro_session"]
    await choose(first)
    first.client.cookies.clear()
    first.client.cookies.set("sambro_session", before)
    assert (await first.get()).headers["location"].startswith("/console/sign-in")
    assert (await first.get("/console/password")).headers["location"].startswith("/console/sign-in")


async def test_who_has_chosen_already_chooses_no_more(
    first: Browser, database: SqliteDatabase, browser: Browser
) -> None:
    await create_account(database, "lasting", PASSWORD, KOMMUN)
    await browser.sign_in("lasting")
    answer = await browser.submit("/console/password", password=CHOSEN, again=CHOSEN)
    assert answer.headers["location"].startswith("/console/sign-in")
    browser.client.cookies.clear()
    assert (await browser.sign_in("lasting", CHOSEN)).status_code == 403


async def test_each_step_is_written_down(first: Browser, database: SqliteDatabase) -> None:
    await first.sign_in("admin")
    await choose(first, "short")
    await choose(first)
    first.client.cookies.clear()
    await first.sign_in("admin")
    rows = await database.read(
        lambda c: [
            (row.kind, orjson.loads(row.event)) for row in c.execute(select(audit.c.kind, audit.c.event))
        ]
    )
    told = [(kind, event["outcome"]) for kind, event in rows]
    assert told == [
        ("administration", "0"),
        ("sign-in", "0"),
        ("administration", "4"),
        ("administration", "0"),
        ("sign-in", "0"),
        ("sign-in", "4"),
    ]
    assert {event["subtype"][0]["code"] for kind, event in rows[2:4]} == {"admin-password"}
