"""Who gets in, and how a session ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from adapter.domain.errors import InputError
from adapter.exchange.administrators import FREE_FAILURES
from adapter.store.sqlite import SqliteDatabase
from tests.console.conftest import (
    PASSWORD,
    Browser,
    Enter,
    StandingClock,
    console_app,
    create_account,
    form_token,
)

PAGES = ("/console/", "/console/messages/any", "/console/live")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_asks_strangers_to_sign_in_and_leads_back(browser: Browser, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/console/sign-in?next={path}"


@pytest.mark.parametrize(
    ("query", "kept"),
    [("state=dead", "%3Fstate%3Ddead"), ("control=19121212-1212", ""), ("code=1912%201212+1212", "")],
)
async def test_where_one_is_led_back_to_names_no_person(browser: Browser, query: str, kept: str) -> None:
    answer = await browser.get(f"/console/?{query}")
    assert answer.headers["location"] == f"/console/sign-in?next=/console/{kept}"


@pytest.mark.parametrize("path", ["/console/overview/", "/console/live/events/"])
async def test_a_path_that_is_none_leads_to_no_other_host(browser: Browser, path: str) -> None:
    answer = await browser.get(path, host="elsewhere.example")
    assert (answer.status_code, "location" in answer.headers) == (404, False)


async def test_a_right_password_opens_a_session(enter: Enter) -> None:
    browser = await enter(None)
    assert (await browser.get()).status_code == 200


@pytest.mark.parametrize(
    ("name", "password"), [("admin", "wrong password"), ("nobody", PASSWORD), ("admin", "")]
)
async def test_a_wrong_name_or_password_is_refused_in_the_same_words(
    enter: Enter, name: str, password: str
) -> None:
    browser = await enter(None)
    browser.client.cookies.clear()
    answer = await browser.sign_in(name, password)
    assert answer.status_code == 403
    assert "Det gick inte att logga in" in answer.text
    assert (await browser.get()).status_code == 303


async def test_after_many_failures_even_the_right_password_waits(enter: Enter, clock: StandingClock) -> None:
    browser = await enter(None)
    for _ in range(FREE_FAILURES):
        await browser.sign_in("admin", "wrong password")
    assert (await browser.sign_in("admin")).status_code == 403
    clock.now += timedelta(minutes=15)
    assert (await browser.sign_in("admin")).status_code == 303


async def test_sign_out_ends_the_session_and_not_only_the_cookie(enter: Enter) -> None:
    browser = await enter(None)
    cookie = browser.client.cookies["sambro_session"]
    token = form_token(await browser.get())
    answer = await browser.post("/console/sign-out", form_token=token)
    assert (answer.status_code, "sambro_session" in browser.client.cookies) == (303, False)
    browser.client.cookies.set("sambro_session", cookie)
    assert (await browser.get()).status_code == 303


async def test_a_session_ends_after_eight_hours(enter: Enter, clock: StandingClock) -> None:
    browser = await enter(None)
    clock.now += timedelta(hours=8, seconds=-1)
    assert (await browser.get()).status_code == 200
    clock.now += timedelta(seconds=1)
    assert (await browser.get()).status_code == 303


async def test_a_new_password_ends_the_sessions(enter: Enter, database: SqliteDatabase) -> None:
    browser = await enter(None)
    await create_account(database, "admin", "another password")
    assert (await browser.get()).status_code == 303


@pytest.mark.parametrize("token", ["", "0" * 64, "å"])
async def test_a_form_without_our_token_does_nothing(enter: Enter, token: str) -> None:
    browser = await enter(None)
    assert (await browser.post("/console/sign-out", form_token=token)).status_code == 403
    assert (await browser.get()).status_code == 200
    assert (await browser.sign_in("admin", form_token=token)).status_code == 403


async def test_a_token_of_another_session_does_nothing(enter: Enter) -> None:
    token = form_token(await (await enter(None)).get())
    browser = await enter(None)
    assert (await browser.post("/console/sign-out", form_token=token)).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/console/?state=dead", "/console/?state=dead"),
        ("https://elsewhere.test/", "/console/"),
        ("//elsewhere.test/", "/console/"),
        ("/console/\\elsewhere", "/console/"),
        ("/fhir/metadata", "/console/"),
        ("", "/console/"),
    ],
)
async def test_sign_in_leads_to_the_wanted_page_of_this_console_only(
    enter: Enter, wanted: str, leads_to: str
) -> None:
    browser = await enter(None)
    answer = await browser.sign_in("admin", next=wanted)
    assert answer.headers["location"] == leads_to


@pytest.mark.parametrize(("secure", "name"), [(False, "sambro_session"), (True, "__Host-sambro_session")])
async def test_the_session_cookie_is_kept_from_scripts_and_other_sites(
    database: SqliteDatabase, clock: StandingClock, tmp_path: Path, secure: bool, name: str
) -> None:
    await create_account(database, "admin", PASSWORD)
    app = console_app(database, clock, asyncio.Event(), tmp_path, secure_cookies=secure)
    async with AsyncClient(transport=ASGITransport(app), base_url="https://console.test") as client:
        answer = await Browser(client).sign_in("admin")
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{name}="))
    attributes = {one.strip().lower() for one in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/", "max-age=28800"} <= attributes
    assert ("secure" in attributes) is secure


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "application/json"}, b"{}", 415),
        ({"content-type": "application/x-www-form-urlencoded"}, b"a" * 20_000, 413),
        ({"content-type": "application/x-www-form-urlencoded"}, b"a=%ff", 400),
        ({"content-type": "application/x-www-form-urlencoded"}, b"a=1&" * 30, 400),
    ],
)
async def test_a_form_that_is_none_is_refused(
    browser: Browser, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = await browser.client.post("/console/sign-in", headers=headers, content=body)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("name", "password", "fields"),
    [("", PASSWORD, ["name"]), ("a\nb", PASSWORD, ["name"]), ("a" * 65, "short", ["name", "password"])],
)
async def test_an_unusable_account_is_refused_with_every_fault(
    database: SqliteDatabase, name: str, password: str, fields: list[str]
) -> None:
    with pytest.raises(InputError) as refused:
        await create_account(database, name, password)
    assert [issue.path for issue in refused.value.issues] == fields


async def test_neither_password_nor_session_token_stands_in_the_database(
    enter: Enter, database: SqliteDatabase
) -> None:
    browser = await enter(None)
    token = browser.client.cookies["sambro_session"]
    rows = await database.read(
        lambda connection: [
            *connection.exec_driver_sql("SELECT * FROM admin"),
            *connection.exec_driver_sql("SELECT * FROM session"),
        ]
    )
    assert len(rows) == 2
    assert PASSWORD not in str(rows)
    assert token not in str(rows)
