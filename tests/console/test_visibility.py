"""A party sees what it sent or was delivered; nothing else exists, by any page, filter or stream."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import update

from adapter.domain.states import State
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import admin
from tests.console.conftest import Browser, Enter
from tests.console.samples import (
    AGREEMENT,
    NOW,
    OTHER_AGREEMENT,
    accept,
    attempt,
    new_delivery,
    process,
    withhold,
)

KOMMUN = frozenset({(AGREEMENT, "kommun")})
REGION = frozenset({(AGREEMENT, "region")})


async def pages(browser: Browser) -> list[bytes]:
    """Every page that lists or counts, under every filter that could match."""
    paths = [
        "/console/",
        "/console/live",
        "/console/overview",
        "/console/alerts",
        "/console/alerts?all",
        "/console/?state=withheld",
        "/console/?state=queued",
        "/console/?code=no-consent",
        "/console/?control=hidden",
        f"/console/?agreement={quote(AGREEMENT)}",
        "/console/?from=2026-11-22",
        "/console/messages/hidden",
    ]
    return [(await browser.get(path)).content for path in paths]


@pytest.mark.parametrize("deliveries", [0, 1])
async def test_a_push_without_consent_changes_no_byte_for_the_other_party(
    enter: Enter, database: SqliteDatabase, deliveries: int
) -> None:
    await database.write(partial(process, parts=[new_delivery()]))
    await database.write(partial(attempt, now=NOW))
    browser = await enter(REGION)
    before = await pages(browser)
    if deliveries:
        parts = [new_delivery(state=State.WITHHELD, codes=("no-consent",))]
        await database.write(partial(process, parts=parts, id="hidden", control_id="hidden"))
    else:
        await database.write(partial(accept, id="hidden", control_id="hidden", reason="no-consent"))
    assert await pages(browser) == before


async def test_a_hidden_message_and_none_are_the_same_404(enter: Enter, database: SqliteDatabase) -> None:
    hidden = await database.write(accept)
    browser = await enter(REGION)
    answers = [await browser.get(f"/console/messages/{one}") for one in (hidden, "x" * len(hidden))]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace(hidden, "") == answers[1].text.replace("x" * len(hidden), "")


@pytest.mark.parametrize(
    ("views", "status"),
    [
        (None, 200),
        (KOMMUN, 200),
        (REGION, 404),
        (frozenset({(OTHER_AGREEMENT, "kommun")}), 404),
        (frozenset(), 404),
    ],
)
async def test_the_same_party_in_another_agreement_is_another_party(
    enter: Enter, database: SqliteDatabase, views: Views | None, status: int
) -> None:
    message = await database.write(accept)
    browser = await enter(views)
    assert (await browser.get(f"/console/messages/{message}")).status_code == status


async def test_a_recipient_sees_its_own_delivery_and_not_how_others_fared(
    enter: Enter, database: SqliteDatabase
) -> None:
    parts = [new_delivery(), new_delivery(recipient_party="kommun-2", recipient_system="annat")]
    message = await database.write(
        partial(process, parts=parts, unmapped=("sip/okänt",), codes=("control-id-reused",))
    )
    for fails in (None, "http-400"):
        await database.write(partial(attempt, now=NOW, fails=fails))
    page = await (await enter(REGION)).get(f"/console/messages/{message}")
    assert page.status_code == 200
    assert page.text.count('class="state state-') == 2
    for hidden in ("annat", "kommun-2", "sip/okänt", "control-id-reused", "http-400", "consent-1"):
        assert hidden not in page.text


@pytest.mark.parametrize(
    "rights",
    [{}, {"views": None}, {"views": "all"}, {"views": ["*"]}, {"views": [[AGREEMENT]]}, {"views": {}}],
)
async def test_rights_that_cannot_be_read_are_none(
    enter: Enter, database: SqliteDatabase, rights: dict[str, Any]
) -> None:
    message = await database.write(accept)
    browser = await enter(None)
    await database.write(lambda connection: connection.execute(update(admin).values(rights=rights)).rowcount)
    assert (await browser.get(f"/console/messages/{message}")).status_code == 404


@pytest.mark.parametrize(("views", "is_shown"), [(None, True), (KOMMUN, False)])
async def test_only_the_operator_is_told_why_something_was_withheld(
    enter: Enter, database: SqliteDatabase, views: Views | None, is_shown: bool
) -> None:
    early = await database.write(partial(accept, reason="consent-denies"))
    late = await database.write(partial(process, parts=[new_delivery()]))
    await database.write(partial(withhold, now=NOW, code="blocked"))
    browser = await enter(views)
    pages = [await browser.get(f"/console/messages/{one}") for one in (early, late)]
    assert all("withheld" in page.text for page in pages)
    assert ("consent-denies" in pages[0].text) is is_shown
    assert ("blocked" in pages[1].text) is is_shown
    assert ("consent-1" in pages[1].text) is is_shown
    assert ("blocked" in (await browser.get("/console/live")).text) is is_shown
