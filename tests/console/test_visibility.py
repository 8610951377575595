"""A party sees what it sent or was delivered; nothing else exists, by any page, filter or stream."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import update
from starlette.applications import Starlette

from adapter.domain.identity import PERSONNUMMER, PersonId
from adapter.domain.states import State
from adapter.exchange.rights import Right
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import admin
from tests.api.consents import consent
from tests.audit.real_app import route_names
from tests.console.conftest import KEYRING, Browser, Enter, form_token
from tests.console.samples import (
    AGREEMENT,
    KOMMUN,
    NOW,
    OTHER_AGREEMENT,
    REGION,
    accept,
    attempt,
    new_delivery,
    process,
    withhold,
)

PERSON = PersonId(PERSONNUMMER, "191212121212")


VISITS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("GET /console/", "", {}),
    *(
        ("GET /console/", f"?{query}", {})
        for query in (
            "state=withheld",
            "state=queued",
            "state=dead",
            "code=no-consent",
            "control=hidden",
            f"agreement={quote(AGREEMENT)}",
            "channel=hidden",
            "type=SIP",
            "from=2026-11-22",
            "correlation=hidden",
            f"source={quote(AGREEMENT)}%23kommun",
            f"recipient={quote(AGREEMENT)}%23region",
            "attempts-max=0",
            "attempts-min=1",
            "attempts-min=2",
            "duration-min=0",
            "duration-min=1+min",
            "duration-max=90+d",
            "columns=duration.correlation-id.message-id",
            "columns=duration&columns=size",
            "columns=decision.direction",
            "reruns=shown",
            "reruns=only",
            "choose=columns",
        )
    ),
    ("POST /console/export", "", {}),
    ("POST /console/export", "", {"state": "withheld"}),
    ("POST /console/export", "", {"columns": "duration.correlation-id", "attempts-max": "9"}),
    ("POST /console/export", "", {"columns": "decision.direction", "reruns": "only"}),
    ("POST /console/filters", "", {"name": "Fel", "state": "withheld"}),
    ("POST /console/filters/hidden/delete", "", {}),
    ("POST /console/replays", "", {"from": "2026-11-22"}),
    ("GET /console/replays/{id}", "", {}),
    ("POST /console/replays/{id}/start", "", {"reason": "Kodtabellen", "confirmed": "1"}),
    ("POST /console/replays/{id}/pause", "", {}),
    ("GET /console/persons", "", {}),
    ("POST /console/persons", "", {"numbers": PERSON.value, "reason": "Ärende 7"}),
    ("GET /console/messages/hidden", "", {}),
    ("POST /console/messages/hidden/replay", "", {"reason": "Kodtabellen"}),
    ("POST /console/messages/hidden/content", "", {"reason": "Kodtabellen"}),
    ("POST /console/messages/hidden/purge", "", {"reason": "Kodtabellen"}),
    ("POST /console/messages/hidden/cancel", "", {"reason": "Kodtabellen"}),
    ("GET /console/overview", "", {}),
    ("GET /console/follow-up", "", {}),
    ("GET /console/follow-up/hidden", "", {}),
    ("POST /console/follow-up/hidden/done", "", {}),
    ("GET /console/alerts", "", {}),
    ("GET /console/alerts", "?all", {}),
    ("POST /console/alerts/hidden/acknowledge", "", {"reason": "Kodtabellen"}),
    ("GET /console/connectors", "", {}),
    ("POST /console/connectors/journal/pause", "", {"reason": "Kodtabellen"}),
    ("POST /console/connectors/journal/resume", "", {"reason": "Kodtabellen"}),
    ("POST /console/connectors/channels/hidden/pause", "", {"reason": "Kodtabellen"}),
    ("POST /console/connectors/channels/alingsås-kommun/resume", "", {"reason": "Kodtabellen"}),
    ("POST /console/connectors/hidden/test", "", {"reason": "Kodtabellen"}),
    ("GET /console/drift", "", {}),
    ("GET /console/simulator", "", {}),
    ("POST /console/simulator", "", {"consent": orjson.dumps(consent(number=PERSON.value)).decode()}),
    ("GET /console/bench", "", {}),
    ("POST /console/bench", "", {"mapping": "neutral-push-sip", "sample": "{}"}),
    ("GET /console/live", "", {}),
    ("GET /console/live/events", "", {}),
    ("GET /console/sign-in", "", {}),
)
OUTSIDE_THE_LOG = {
    "POST /console/sign-in",
    "POST /console/sign-out",
    "GET /console/password",
    "POST /console/password",
    "GET /console/sign-in/oidc",
    "GET /console/sign-in/oidc/done",
    "MOUNT /console/static",
}
"""Whoever asks these reads nothing of the log."""


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[Browser]:
    """Gets a 500 where the console breaks: an answer to be compared like any other."""
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://console.test") as client:
        yield Browser(client)


async def walk(browser: Browser) -> list[tuple[str, int, bytes]]:
    """Every route, under every filter that could match; a replay's random id is no part of the comparison."""
    token, replay, seen = form_token(await browser.get("/console/overview")), "", []
    for route, query, fields in VISITS:
        method, path = route.split(" ")
        url = path.format(id=replay) + query
        answer = await (
            browser.get(url) if method == "GET" else browser.post(url, form_token=token, **fields)
        )
        if route == "POST /console/replays":
            replay = answer.headers["location"].rpartition("/")[2]
        seen.append(
            (route + query, answer.status_code, answer.content.replace(replay.encode() or b"-", b"-"))
        )
    return seen


def test_every_route_is_walked(app: Starlette) -> None:
    walked = [re.compile(r"\{\w+\}").sub("x", route) for route, _, _ in VISITS]
    for name in set(route_names(app.routes)) - OUTSIDE_THE_LOG:
        form = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(name)))
        assert any(form.fullmatch(one) for one in walked), name


@pytest.mark.parametrize("deliveries", [0, 1])
@pytest.mark.parametrize("earlier", [None, "received"])
async def test_a_push_without_consent_changes_no_byte_for_the_other_party(
    enter: Enter, database: SqliteDatabase, stopping: asyncio.Event, deliveries: int, earlier: str | None
) -> None:
    await database.write(partial(process, parts=[new_delivery()], id="received"))
    await database.write(partial(attempt, now=NOW))
    stopping.set()
    browser = await enter(REGION, frozenset(Right))
    await walk(browser)
    before = await walk(browser)
    assert {status for _, status, _ in before} == {200, 303, 404, 409, 422}
    hidden: dict[str, Any] = {
        "id": "hidden",
        "control_id": "hidden",
        "correlation_id": "hidden",
        "subject_key": KEYRING.person_key(PERSON),
        "rerun_of": earlier,
    }
    if deliveries:
        parts = [new_delivery(state=State.WITHHELD, codes=("no-consent",))]
        await database.write(partial(process, parts=parts, **hidden))
    else:
        await database.write(partial(accept, reason="no-consent", **hidden))
    assert await walk(browser) == before


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
    for system, fails in (("journal", None), ("annat", "http-400")):
        await database.write(partial(attempt, now=NOW, system=system, fails=fails))
    page = await (await enter(REGION)).get(f"/console/messages/{message}")
    assert page.status_code == 200
    assert page.text.count('class="state state-') == 2
    secrets = ("annat", "kommun-2", "sip/okänt", "control-id-reused", "http-400", "consent-1")
    for hidden in (*secrets, "neutral-push-sip", "sip.planId", "CarePlan.id"):
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
