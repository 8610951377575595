"""Acts on a message: for its own party alone, with a reason, written down with what they do."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import select

from adapter.domain.states import State
from adapter.store import intervention_log
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import audit
from tests.console.acts import WHY, a_dead_letter, act, acts_in_audit, state_of
from tests.console.conftest import Enter
from tests.console.samples import KOMMUN, NOW, REGION, accept, attempt, new_delivery, process


@pytest.mark.parametrize("views", [None, KOMMUN])
async def test_a_dead_letter_is_replayed_and_who_and_why_stand_on_its_page(
    enter: Enter, database: SqliteDatabase, views: Views | None
) -> None:
    message = await a_dead_letter(database)
    browser = await enter(views)
    done = await act(browser, message, "replay")
    assert (done.status_code, done.headers["location"]) == (303, f"/console/messages/{message}#acts")
    assert await state_of(database, message) is State.QUEUED
    page = (await browser.get(f"/console/messages/{message}")).text
    assert WHY in page
    assert '<td>Kör om</td><td>admin</td><td class="number">1</td>' in page
    assert await database.read(acts_in_audit) == ["messages-replay"]


@pytest.mark.parametrize(("word", "state"), [("retry", State.QUEUED), ("cancel", State.CANCELLED)])
async def test_what_waits_is_tried_at_once_or_cancelled(
    enter: Enter, database: SqliteDatabase, word: str, state: State
) -> None:
    message = await database.write(partial(process, parts=[new_delivery()]))
    assert (await act(await enter(KOMMUN), message, word)).status_code == 303
    assert await state_of(database, message) is state
    assert await database.read(acts_in_audit) == [f"messages-{word}"]


@pytest.mark.parametrize("word", ["retry", "cancel", "replay"])
async def test_a_message_that_another_party_sent_is_the_same_404_as_none(
    enter: Enter, database: SqliteDatabase, word: str
) -> None:
    hidden = await a_dead_letter(database, id="hidden")
    seen = await database.write(partial(process, parts=[new_delivery(person_key="2-person")], id="letter"))
    await database.write(partial(attempt, now=NOW))
    browser = await enter(REGION)
    answers = [await act(browser, one, word) for one in (hidden, "absent", seen)]
    assert {answer.status_code for answer in answers} == {404}
    plain = {
        answer.text.replace(name, "") for answer, name in zip(answers, (hidden, "absent", seen), strict=True)
    }
    assert len(plain) == 1
    assert await state_of(database, hidden) is State.DEAD
    assert await database.read(acts_in_audit) == []


async def test_a_recipient_is_offered_no_act(enter: Enter, database: SqliteDatabase) -> None:
    message = await database.write(partial(process, parts=[new_delivery()]))
    await database.write(partial(attempt, now=NOW))
    page = await (await enter(REGION)).get(f"/console/messages/{message}")
    assert (page.status_code, "Åtgärder" in page.text) == (200, False)


@pytest.mark.parametrize(
    ("reason", "text"), [("", "Skriv varför."), ("  \n", "Skriv varför."), ("x" * 501, "För långt")]
)
async def test_without_a_usable_reason_nothing_is_done(
    enter: Enter, database: SqliteDatabase, reason: str, text: str
) -> None:
    message = await a_dead_letter(database)
    refused = await act(await enter(KOMMUN), message, "replay", reason=reason)
    assert refused.status_code == 422
    assert text in refused.text
    assert '<details class="act act-replay" open>' in refused.text
    assert await state_of(database, message) is State.DEAD
    assert await database.read(partial(intervention_log.interventions, message_id=message)) == []


async def test_a_form_that_is_not_ours_does_nothing(enter: Enter, database: SqliteDatabase) -> None:
    message = await a_dead_letter(database)
    refused = await act(await enter(KOMMUN), message, "replay", form_token="0" * 64)
    assert refused.status_code == 403
    assert await state_of(database, message) is State.DEAD


async def test_an_act_that_does_not_exist_is_404(enter: Enter, database: SqliteDatabase) -> None:
    message = await a_dead_letter(database)
    assert (await act(await enter(None), message, "resend")).status_code == 404


@pytest.mark.parametrize(
    ("state", "offered"),
    [("waits", ["retry", "cancel"]), ("dead", ["replay", "cancel"]), ("withheld", []), ("delivered", [])],
)
async def test_the_page_offers_what_the_state_allows(
    enter: Enter, database: SqliteDatabase, state: str, offered: list[str]
) -> None:
    if state == "withheld":
        message = await database.write(accept)
    else:
        message = await database.write(partial(process, parts=[new_delivery()]))
    if state in ("dead", "delivered"):
        await database.write(partial(attempt, now=NOW, fails="http-400" if state == "dead" else None))
    page = (await (await enter(KOMMUN)).get(f"/console/messages/{message}")).text
    assert [word for word in ("retry", "replay", "cancel") if f'/{word}"' in page] == offered


async def test_the_reason_is_nowhere_in_clear(enter: Enter, database: SqliteDatabase) -> None:
    message = await a_dead_letter(database)
    await act(await enter(KOMMUN), message, "replay")
    [one] = await database.read(partial(intervention_log.interventions, message_id=message))
    assert WHY.encode() not in one.sealed
    rows = await database.read(lambda connection: connection.scalars(select(audit.c.event)).all())
    assert all(WHY.encode() not in row for row in rows)
