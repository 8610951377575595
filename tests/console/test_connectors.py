"""Connectors: how each stands, as far as the reader may see; tested, paused and let go on by who owns it, with a reason."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import orjson
import pytest
from httpx import Response
from lxml import html
from sqlalchemy import Connection, select

from adapter.domain.perseverance import Tolerance
from adapter.store import breakers, pauses
from adapter.store.outbound import claim_outbound
from adapter.store.pauses import Paused
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import audit, pause
from tests.console.conftest import Browser, Enter, Outside, StandingClock
from tests.console.samples import (
    KOMMUN,
    NOW,
    OTHER_AGREEMENT,
    REGION,
    accept,
    attempt,
    new_delivery,
    process,
)

OTHERS = frozenset({(OTHER_AGREEMENT, "region")})
WHY = "Uppgradering i natt"
QUIET = "inget på 7 dygn"


async def rows(browser: Browser) -> list[list[str]]:
    """The cells of every line, without the acts."""
    page = html.fromstring((await browser.get("/console/connectors")).text)
    lines = page.xpath("//table[contains(@class, 'log')]/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in line][:-1] for line in lines]


async def act(browser: Browser, word: str, system: str = "journal", **fields: str) -> Response:
    return await browser.submit(f"/console/connectors/{system}/{word}", **{"reason": WHY, **fields})


def acts_in_audit(connection: Connection) -> list[tuple[str, str, str, str]]:
    """Code, outcome, system and reason of each act on a connector."""
    found = []
    for row in connection.scalars(select(audit.c.event).where(audit.c.kind == "administration")):
        event = orjson.loads(row)
        code = event["subtype"][0]["code"]
        if code.startswith(("connectors-", "channels-")):
            system = event["entity"][0]["what"]["identifier"]["value"]
            found.append((code, event["outcome"], system, event["purposeOfEvent"][0]["text"]))
    return found


async def test_a_line_tells_when_something_last_passed_what_waits_and_what_is_dead(
    enter: Enter, database: SqliteDatabase
) -> None:
    for fails in (None, "http-400"):
        await database.write(partial(process, parts=[new_delivery()]))
        await database.write(partial(attempt, now=NOW, fails=fails))
    others = new_delivery(sender_party="kommun-2", person_key="3-person")
    await database.write(partial(process, parts=[others], source_party="kommun-2"))
    await database.write(partial(attempt, now=NOW + timedelta(minutes=10)))
    await database.write(partial(process, parts=[new_delivery(person_key="2-person")]))
    kommun, region = "Alingsås kommun", "Västra Götalandsregionen"
    works, at = "öppen för leveranser", "2026-11-22 11:00:00"
    assert await rows(await enter(KOMMUN)) == [
        ["inalingsås-kommun", kommun, "http_push", "öppen", at, "0"],
        ["utjournal", region, "fhir_rest", works, at, "1", "1"],
    ]
    # What waits for the region and was not released to it does not exist for the region.
    at = "2026-11-22 11:10:00"
    assert await rows(await enter(REGION)) == [["utjournal", region, "fhir_rest", works, at, "0", "1"]]
    assert await rows(await enter(OTHERS)) == [
        ["utjournal-samvux", region, "fhir_rest", works, QUIET, "0", "0"]
    ]


async def test_a_breaker_that_is_open_says_when_it_is_tried_next(
    enter: Enter, database: SqliteDatabase, clock: StandingClock
) -> None:
    tolerance = Tolerance(failures=1, pause=timedelta(seconds=30))
    await database.write(partial(breakers.failed, system="journal", now=clock.now, tolerance=tolerance))
    browser = await enter(REGION)
    assert (await rows(browser))[0][3] == "lämnas i fredprövas nästa gång 2026-11-22 12:00:30"
    clock.now += timedelta(seconds=30)
    assert (await rows(browser))[0][3] == "nästa leverans prövar"


@pytest.mark.parametrize("views", [None, REGION])
async def test_its_own_party_and_the_operator_pause_a_system_and_let_it_go_on(
    enter: Enter, database: SqliteDatabase, clock: StandingClock, views: Views | None
) -> None:
    await database.write(partial(process, parts=[new_delivery()]))
    claim = partial(
        claim_outbound, system="journal", owner="worker", now=clock.now, lease=timedelta(minutes=1), limit=1
    )
    browser = await enter(views)
    done = await act(browser, "pause")
    assert (done.status_code, done.headers["location"]) == (303, "/console/connectors")
    assert await database.write(claim) == []
    page = (await browser.get("/console/connectors")).text
    assert ("pausad" in page, WHY in page) == (True, True)
    assert (await act(browser, "pause")).status_code == 409
    assert (await act(browser, "resume")).status_code == 303
    assert len(await database.write(claim)) == 1
    assert (await act(browser, "resume")).status_code == 409
    assert await database.read(acts_in_audit) == [
        ("connectors-pause", "0", "journal", WHY),
        ("connectors-pause", "4", "journal", WHY),
        ("connectors-resume", "0", "journal", WHY),
        ("connectors-resume", "4", "journal", WHY),
    ]


async def test_who_sends_to_a_paused_system_sees_that_and_not_why(
    enter: Enter, database: SqliteDatabase
) -> None:
    await database.write(partial(process, parts=[new_delivery()]))
    await act(await enter(REGION), "pause")
    browser = await enter(KOMMUN)
    page = (await browser.get("/console/connectors")).text
    assert ("pausad" in page, WHY in page) == (True, False)
    assert "pausad" in (await browser.get("/console/overview")).text


@pytest.mark.parametrize("views", [KOMMUN, OTHERS, frozenset()])
async def test_another_partys_system_is_the_same_404_as_none(
    enter: Enter, database: SqliteDatabase, views: Views
) -> None:
    browser = await enter(views)
    for word in ("test", "pause", "resume"):
        answers = {name: await act(browser, word, name) for name in ("journal", "absent")}
        assert {answer.status_code for answer in answers.values()} == {404}
        assert len({answer.text.replace(name, "") for name, answer in answers.items()}) == 1
    assert await database.read(lambda connection: connection.execute(select(pause)).all()) == []


async def test_a_test_shows_the_code_of_the_answer(
    enter: Enter, database: SqliteDatabase, outside: Outside, clock: StandingClock
) -> None:
    browser = await enter(REGION)
    for outside.answers, said in (
        ("http-200", "svarar"),
        ("http-401", "svarar"),
        ("connect-failed", "svarar inte"),
        ("timeout", "svarar inte"),
    ):
        tested = await act(browser, "test")
        told = html.fromstring(tested.text).xpath("//*[@role='status']")[0].text_content()
        assert (tested.status_code, " ".join(told.split())) == (200, f"journal: {said} {outside.answers}")
        clock.now += timedelta(seconds=10)
    assert await database.read(acts_in_audit) == [("connectors-test", "0", "journal", WHY)] * 4


async def test_a_system_is_tested_once_in_ten_seconds(
    enter: Enter, database: SqliteDatabase, clock: StandingClock
) -> None:
    browser = await enter(REGION)
    answered = []
    for seconds in (0, 9, 1):
        clock.now += timedelta(seconds=seconds)
        answered.append((await act(browser, "test")).status_code)
    assert answered == [200, 409, 200]
    assert [outcome for _, outcome, _, _ in await database.read(acts_in_audit)] == ["0", "4", "0"]


async def test_without_a_usable_reason_nothing_is_done(enter: Enter, database: SqliteDatabase) -> None:
    browser = await enter(REGION)
    for reason, fault in ((" ", "Skriv varför."), ("om 191212121212", "personnummer")):
        for word in ("test", "pause", "resume"):
            refused = await act(browser, word, reason=reason)
            assert (refused.status_code, fault in refused.text) == (422, True)
    assert await database.read(acts_in_audit) == []


async def test_a_form_of_another_site_does_nothing(enter: Enter, database: SqliteDatabase) -> None:
    assert (await act(await enter(REGION), "pause", form_token="x")).status_code == 403
    assert await database.read(acts_in_audit) == []


async def test_an_act_that_there_is_not_is_a_404(enter: Enter) -> None:
    assert (await act(await enter(REGION), "drop")).status_code == 404


async def test_silence_of_a_week_is_said(enter: Enter, database: SqliteDatabase) -> None:
    await database.write(partial(accept, received_at=NOW - timedelta(days=8)))
    assert (await rows(await enter(KOMMUN)))[0][4] == QUIET


@pytest.mark.parametrize("views", [None, KOMMUN])
async def test_its_own_party_and_the_operator_pause_a_channel_and_let_it_go_on(
    enter: Enter, database: SqliteDatabase, views: Views | None
) -> None:
    browser = await enter(views)
    channel = "channels/alingsås-kommun"
    assert (await act(browser, "pause", channel, reason=" ")).status_code == 422
    done = await act(browser, "pause", channel)
    assert (done.status_code, done.headers["location"]) == (303, "/console/connectors")
    assert await database.read(partial(pauses.is_paused, kind=Paused.CHANNEL, of="alingsås-kommun"))
    page = (await browser.get("/console/connectors")).text
    assert ("pausad" in page, WHY in page) == (True, True)
    again = await act(browser, "pause", channel)
    assert (again.status_code, "redan pausad" in again.text) == (409, True)
    assert (await act(browser, "resume", channel)).status_code == 303
    assert not await database.read(partial(pauses.is_paused, kind=Paused.CHANNEL, of="alingsås-kommun"))
    assert (await act(browser, "resume", channel)).status_code == 409
    assert await database.read(acts_in_audit) == [
        ("channels-pause", "0", "alingsås-kommun", WHY),
        ("channels-pause", "4", "alingsås-kommun", WHY),
        ("channels-resume", "0", "alingsås-kommun", WHY),
        ("channels-resume", "4", "alingsås-kommun", WHY),
    ]


@pytest.mark.parametrize("views", [REGION, OTHERS, frozenset()])
async def test_another_partys_channel_is_the_same_404_as_none(
    enter: Enter, database: SqliteDatabase, views: Views
) -> None:
    browser = await enter(views)
    for word in ("pause", "resume", "test"):
        answers = {
            name: await act(browser, word, f"channels/{name}") for name in ("alingsås-kommun", "absent")
        }
        assert {answer.status_code for answer in answers.values()} == {404}
        assert len({answer.text.replace(name, "") for name, answer in answers.items()}) == 1
    assert await database.read(partial(pauses.pauses, kind=Paused.CHANNEL)) == {}
