"""The follow-up list: for the party that sees to it, with who and why, done with a name and an instant."""

from __future__ import annotations

from functools import partial

import pytest
from httpx import Response
from sqlalchemy import Connection, func, select

from adapter.console.texts import Texts
from adapter.store.follow_up import FollowUpKind
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import audit
from tests.console.conftest import Browser, Enter
from tests.console.follow_ups import put
from tests.console.samples import KOMMUN, REGION


async def done(browser: Browser, entry_id: str, **fields: str) -> Response:
    return await browser.submit(f"/console/follow-up/{entry_id}/done", **fields)


def followed_up(connection: Connection) -> int:
    counted = select(func.count()).select_from(audit).where(audit.c.kind == "follow-up")
    return connection.scalar(counted) or 0


@pytest.mark.parametrize("views", [None, KOMMUN])
async def test_an_entry_tells_who_and_why_and_the_list_does_not(
    enter: Enter, database: SqliteDatabase, views: Views | None
) -> None:
    await database.write(partial(put, entry_id="one"))
    browser = await enter(views)
    listed, shown = [
        (await browser.get(path)).text for path in ("/console/follow-up", "/console/follow-up/one")
    ]
    assert "Utlämnat utan samtycke" in listed
    assert "Fara för barnet" not in listed
    assert "Fara för barnet" in shown
    assert "SE2120001553-0007" in shown
    assert "1-person" not in listed + shown


async def test_seeing_to_it_leaves_name_and_instant_and_one_audit_row(
    enter: Enter, database: SqliteDatabase
) -> None:
    await database.write(partial(put, entry_id="one"))
    browser = await enter(KOMMUN)
    assert "återstår" in (await browser.get("/console/follow-up")).text
    for _ in range(2):
        assert (await done(browser, "one")).headers["location"] == "/console/follow-up/one"
    shown = (await browser.get("/console/follow-up/one")).text
    assert 'admin <span class="quiet">' in shown
    assert "2026-11-22 12:00:00" in shown
    assert "Jag har granskat detta" not in shown
    assert "/console/follow-up/one" not in (await browser.get("/console/follow-up")).text
    assert "/console/follow-up/one" in (await browser.get("/console/follow-up?all")).text
    assert await database.read(followed_up) == 1


async def test_anothers_entry_changes_no_byte_and_is_the_same_404_as_none(
    enter: Enter, database: SqliteDatabase
) -> None:
    browser = await enter(REGION)
    paths = ("/console/follow-up", "/console/follow-up?all", "/console/follow-up/hidden")
    before = [(await browser.get(path)).content for path in paths]
    await database.write(partial(put, entry_id="hidden"))
    await database.write(partial(put, entry_id="nobodys", agreement=None, party=None))
    assert [(await browser.get(path)).content for path in paths] == before
    answers = [await done(browser, entry_id) for entry_id in ("hidden", "absent")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace("hidden", "") == answers[1].text.replace("absent", "")
    assert await database.read(followed_up) == 0


async def test_a_form_that_is_not_ours_sees_to_nothing(enter: Enter, database: SqliteDatabase) -> None:
    await database.write(partial(put, entry_id="one"))
    assert (await done(await enter(KOMMUN), "one", form_token="0" * 64)).status_code == 403
    assert await database.read(followed_up) == 0


@pytest.mark.parametrize("kind", FollowUpKind)
def test_every_kind_is_explained(kind: FollowUpKind) -> None:
    for key in (f"follow-up.{kind}", f"follow-up.{kind}.text"):
        assert Texts("sv")(key) != Texts("en")(key)
