"""Saved filters: one account's own, bounded, without personal numbers, and gone with the account."""

from __future__ import annotations

from httpx import Response
from lxml import html
from sqlalchemy import Connection, delete

from adapter.exchange.saved_filters import MOST, NAME_LONGEST
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import admin, saved_filter, session
from tests.console.conftest import PASSWORD, Browser, Enter, create_account
from tests.console.samples import KOMMUN, REGION


async def save(browser: Browser, name: str, **filters: str) -> Response:
    return await browser.submit("/console/filters", name=name, **filters)


async def saved(browser: Browser) -> dict[str, tuple[str, str]]:
    """By name: the link, and where the form that deletes it leads."""
    items = html.fromstring((await browser.get()).text).xpath("//nav[@class='saved']//li")
    return {one.xpath("a")[0].text: (one.xpath("a/@href")[0], one.xpath("form/@action")[0]) for one in items}


def forget_accounts(connection: Connection) -> None:
    connection.execute(delete(session))
    connection.execute(delete(admin))


async def test_a_filter_is_listed_under_its_name_and_leads_to_its_list(enter: Enter) -> None:
    browser = await enter(KOMMUN)
    done = await save(browser, " Döda sedan i går ", state="dead", **{"from": "2026-11-21"})
    assert (done.status_code, done.headers["location"]) == (303, "/console/?from=2026-11-21&state=dead")
    assert {name: link for name, (link, _) in (await saved(browser)).items()} == {
        "Döda sedan i går": "/console/?from=2026-11-21&state=dead"
    }


async def test_columns_are_kept_with_the_filters_or_alone(enter: Enter) -> None:
    browser = await enter(KOMMUN)
    await save(browser, "Tider", columns="state.duration", **{"duration-min": "5 min"})
    await save(browser, "Smal", columns="state")
    assert {name: link for name, (link, _) in (await saved(browser)).items()} == {
        "Tider": "/console/?duration-min=5+min&columns=state.duration",
        "Smal": "/console/?columns=state",
    }


async def test_one_of_the_same_name_is_replaced_and_one_can_be_deleted(enter: Enter) -> None:
    browser = await enter(KOMMUN)
    for state in ("dead", "invalid"):
        await save(browser, "Fel", state=state)
    await save(browser, "Annat", type="SIP")
    found = await saved(browser)
    assert {name: link for name, (link, _) in found.items()} == {
        "Annat": "/console/?type=SIP",
        "Fel": "/console/?state=invalid",
    }
    assert (await browser.submit(found["Fel"][1])).status_code == 303
    assert list(await saved(browser)) == ["Annat"]


async def test_what_cannot_be_saved_is_said_beside_the_name(enter: Enter) -> None:
    browser = await enter(KOMMUN)
    for name, control, fault in (
        (" ", "m-1", "Skriv ett namn."),
        ("a\nb", "m-1", "Skriv ett namn."),
        ("x" * (NAME_LONGEST + 1), "m-1", "För långt."),
        ("Fel", "", "Inget filter är satt."),
        ("19121212-1212", "m-1", "inget personnummer"),
        ("Fel", "sip-121212-1213", "inget personnummer"),
        ("1912 1212 1212", "m-1", "inget personnummer"),
    ):
        refused = await save(browser, name, control=control)
        assert (refused.status_code, fault in refused.text) == (422, True)
    assert await saved(browser) == {}


async def test_faulty_filters_are_not_saved(enter: Enter) -> None:
    browser = await enter(KOMMUN)
    for filters in ({"state": "none"}, {"code": "191212121212"}):
        assert (await save(browser, "Fel", **filters)).status_code == 400
    assert await saved(browser) == {}


async def test_an_account_has_so_many_and_no_more(enter: Enter) -> None:
    browser = await enter(KOMMUN)
    answered = [(await save(browser, f"Nr {number}", state="dead")).status_code for number in range(MOST + 1)]
    assert answered == [303] * MOST + [422]
    assert (await save(browser, "Nr 0", state="invalid")).status_code == 303


async def test_anothers_does_not_exist(enter: Enter, database: SqliteDatabase, browser: Browser) -> None:
    await save(await enter(KOMMUN), "Fel", state="dead")
    path = (await saved(browser))["Fel"][1]
    await create_account(database, "annan", PASSWORD, KOMMUN)
    browser.client.cookies.clear()
    await browser.sign_in("annan")
    assert await saved(browser) == {}
    absent = "/console/filters/absent/delete"
    answers = {one: await browser.submit(one) for one in (path, absent)}
    assert {answer.status_code for answer in answers.values()} == {404}
    assert len({answer.text.replace(one, "") for one, answer in answers.items()}) == 1


async def test_they_go_with_the_account_and_with_its_rights(enter: Enter, database: SqliteDatabase) -> None:
    browser = await enter(KOMMUN)
    await save(browser, "Fel", state="dead")
    assert list(await saved(await enter(KOMMUN))) == ["Fel"]
    assert await saved(await enter(REGION)) == {}
    await save(browser, "Fel", state="dead")
    await database.write(forget_accounts)
    left = await database.read(lambda connection: connection.execute(saved_filter.select()).all())
    assert left == []


async def test_a_form_of_another_site_saves_nothing(enter: Enter) -> None:
    browser = await enter(KOMMUN)
    assert (await save(browser, "Fel", state="dead", form_token="x")).status_code == 403
    assert await saved(browser) == {}
