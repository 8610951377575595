"""Content is opened by the party that sent it, by a right of its own, for a reason that is on record first; to everybody else it is not there."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from httpx import Response
from lxml import html
from sqlalchemy import Connection, select, text

from adapter.domain.errors import InputError
from adapter.domain.identity import PERSONNUMMER, PersonId
from adapter.domain.states import State
from adapter.exchange.accept import raw_context
from adapter.exchange.open_content import MOST_CHARACTERS
from adapter.exchange.rights import USUAL, Right
from adapter.exchange.translation import Translation
from adapter.store import messages, persons
from adapter.store.inbound import Processed, claim_inbound, finish_inbound
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import audit
from adapter.store.vault import SealedVault
from tests.console.conftest import PASSWORD, Browser, Enter, create_account, form_token
from tests.console.samples import (
    KOMMUN,
    NOW,
    OTHER_AGREEMENT,
    REGION,
    attempt,
    new_delivery,
    new_message,
)

OPENS = USUAL | {Right.CONTENT}
WHY = "Felet syns inte i koderna"
SAID = "<script>alert('Insats enligt plan')</script>"
RESOURCE = {"resourceType": "CarePlan", "description": SAID}


@pytest.fixture
def vault(tmp_path: Path) -> SealedVault:
    """The console's."""
    return SealedVault(tmp_path / "content-keys")


async def waiting(
    database: SqliteDatabase, vault: SealedVault, body: bytes = SAID.encode(), **changes: Any
) -> str:
    """A message that waits for a worker."""
    new = new_message(**{"state": State.ACCEPTED, **changes})
    raw = vault.seal(body, context=raw_context(new.id), at=NOW)
    await database.write(partial(messages.accept, new=new, raw=raw))
    return new.id


async def queued(database: SqliteDatabase, vault: SealedVault, **changes: Any) -> str:
    """A message that waits for its recipient."""
    message = await waiting(database, vault, **changes)
    person = PersonId(PERSONNUMMER, "191212121212")
    mapped = Translation(person, (RESOURCE,)).seal(vault, message, NOW)
    done = Processed(deliveries=(new_delivery(),), translated=mapped)

    def process(connection: Connection) -> None:
        [held] = claim_inbound(connection, "worker", NOW, timedelta(minutes=1), 1)
        finish_inbound(connection, held, done, NOW)

    await database.write(process)
    return message


async def opening(browser: Browser, message: str, **fields: str) -> Response:
    return await browser.submit(f"/console/messages/{message}/content", **{"reason": WHY, **fields})


def openings(connection: Connection) -> list[tuple[str, str]]:
    """Outcome and reason of each act on record."""
    rows = connection.scalars(select(audit.c.event).where(audit.c.kind == "administration"))
    events = [event for event in map(orjson.loads, rows) if event["subtype"][0]["code"] == "messages-content"]
    return [(event["outcome"], event["purposeOfEvent"][0]["text"]) for event in events]


def shown(page: Response) -> list[str]:
    return [one.text_content() for one in html.fromstring(page.text).xpath("//pre")]


@pytest.mark.parametrize("state", [State.ACCEPTED, State.INVALID])
async def test_its_sender_opens_what_waits_as_it_came_and_that_is_on_record(
    enter: Enter, database: SqliteDatabase, vault: SealedVault, state: State
) -> None:
    message = await waiting(database, vault, state=state)
    browser = await enter(KOMMUN, OPENS)
    assert f"/messages/{message}/content" in (await browser.get(f"/console/messages/{message}")).text
    page = await opening(browser, message)
    assert (page.status_code, shown(page), SAID in page.text) == (200, [SAID], False)
    assert page.headers["cache-control"] == "no-store"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert await database.read(openings) == [("0", WHY)]
    for path in (f"/console/messages/{message}", "/console/", "/console/live"):
        assert "Insats enligt plan" not in (await browser.get(path)).text


async def test_what_was_mapped_is_shown_as_fhir(
    enter: Enter, database: SqliteDatabase, vault: SealedVault
) -> None:
    message = await queued(database, vault)
    [piece] = shown(await opening(await enter(KOMMUN, OPENS), message))
    assert orjson.loads(piece) == [RESOURCE]


async def test_without_its_row_nothing_is_shown(
    enter: Enter, database: SqliteDatabase, vault: SealedVault
) -> None:
    message = await waiting(database, vault)
    browser = await enter(KOMMUN, OPENS)
    token = form_token(await browser.get("/console/live"))
    await database.write(lambda connection: connection.execute(text("DROP TABLE audit")).rowcount)
    refused = await browser.post(f"/console/messages/{message}/content", form_token=token, reason=WHY)
    assert (refused.status_code, "Insats" in refused.text) == (503, False)


@pytest.mark.parametrize(
    ("views", "opens_content"),
    [
        (None, False),
        (KOMMUN, False),
        (REGION, True),
        (frozenset({(OTHER_AGREEMENT, "kommun")}), True),
    ],
)
async def test_for_everybody_else_there_is_nothing_to_open(
    enter: Enter, database: SqliteDatabase, vault: SealedVault, views: Views | None, opens_content: bool
) -> None:
    message = await queued(database, vault)
    browser = await enter(views, OPENS if opens_content else USUAL)
    page = await browser.get(f"/console/messages/{message}")
    assert f"/messages/{message}/content" not in page.text
    answers = {one: await opening(browser, one) for one in (message, "absent")}
    assert {answer.status_code for answer in answers.values()} == {404}
    assert len({answer.text.replace(one, "") for one, answer in answers.items()}) == 1
    assert await database.read(openings) == []


async def test_the_operator_cannot_be_given_the_right(database: SqliteDatabase) -> None:
    with pytest.raises(InputError) as refused:
        await create_account(database, "drift", PASSWORD, None, rights=OPENS)
    assert refused.value.issues[0].code == "parties-alone"


async def test_what_was_wiped_is_protected_or_was_received_is_the_same_404_as_nothing(
    enter: Enter, database: SqliteDatabase, vault: SealedVault
) -> None:
    wiped = await queued(database, vault)
    await database.write(partial(attempt, now=NOW))
    received = await queued(database, vault, subject_key="4-person", source_party="annan")
    await database.write(partial(attempt, now=NOW))
    protected = await waiting(database, vault, subject_key="2-person")
    await database.write(
        lambda connection: persons.set_protection(connection, "2-person", ["sekretessmarkering"])
    )
    unreadable = await waiting(database, SealedVault(vault._directory / "elsewhere"), subject_key="3-person")
    browser = await enter(KOMMUN | REGION, OPENS)
    assert (await browser.get(f"/console/messages/{received}")).status_code == 200
    answers = {one: await opening(browser, one) for one in (wiped, protected, unreadable, received, "absent")}
    assert {answer.status_code for answer in answers.values()} == {404}
    assert len({answer.text.replace(one, "") for one, answer in answers.items()}) == 1
    # Of what was one's own to ask for, that it was asked for is on record.
    assert [outcome for outcome, _ in await database.read(openings)] == ["4", "4", "0"]


async def test_without_a_usable_reason_nothing_is_shown(
    enter: Enter, database: SqliteDatabase, vault: SealedVault
) -> None:
    message = await waiting(database, vault)
    browser = await enter(KOMMUN, OPENS)
    for reason in (" ", "gäller 191212121212", "x" * 501):
        refused = await opening(browser, message, reason=reason)
        assert (refused.status_code, shown(refused), "fault-content" in refused.text) == (422, [], True)
    assert await database.read(openings) == []


async def test_it_is_the_answer_to_our_own_form_alone(
    enter: Enter, database: SqliteDatabase, vault: SealedVault
) -> None:
    message = await waiting(database, vault)
    browser = await enter(KOMMUN, OPENS)
    forged = await opening(browser, message, form_token="x")
    asked = await browser.get(f"/console/messages/{message}/content?reason=x")
    assert (forged.status_code, asked.status_code) == (403, 405)
    assert await database.read(openings) == []


async def test_lines_stand_as_lines_and_nothing_steers_the_page(
    enter: Enter, database: SqliteDatabase, vault: SealedVault
) -> None:
    browser = await enter(KOMMUN, OPENS)
    for body, lines in (
        (b"MSH|^~\\&|A\rPID|1\r", "MSH|^~\\&|A\nPID|1\n"),
        ("Åtgärd".encode("iso-8859-1"), "Åtgärd"),
        ("a\u202eb\x1b[2J\x00".encode(), "a\ufffdb\ufffd[2J\ufffd"),
    ):
        message = await waiting(database, vault, body)
        assert shown(await opening(browser, message)) == [lines]


async def test_what_is_too_long_is_cut_and_says_so(
    enter: Enter, database: SqliteDatabase, vault: SealedVault
) -> None:
    message = await waiting(database, vault, b"x" * (MOST_CHARACTERS + 1))
    page = await opening(await enter(KOMMUN, OPENS), message)
    assert (len(shown(page)[0]), "Resten visas inte." in page.text) == (MOST_CHARACTERS, True)
