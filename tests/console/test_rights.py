"""Rights apart from each other: what an account was not given is 403 whatever there is, and is not offered; content is wiped by its own."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import Connection, Table, func, select

from adapter.domain.states import State
from adapter.exchange.rights import USUAL, Right, rights_of, views_of, written_rights
from adapter.store.log import message_detail, timeline
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import audit, content
from tests.console.acts import a_dead_letter, act, acts_in_audit, state_of
from tests.console.conftest import Enter
from tests.console.samples import KOMMUN, NOW, REGION, accept, attempt, new_delivery, process

PURGES = USUAL | {Right.PURGE}
FORMS = (
    ("replays", Right.ACT),
    ("replays/none/start", Right.ACT),
    ("replays/none/pause", Right.ACT),
    ("follow-up/none/done", Right.ACT),
    ("alerts/none/acknowledge", Right.ACT),
    ("connectors/journal/pause", Right.ACT),
    ("messages/none/retry", Right.ACT),
    ("messages/none/replay", Right.ACT),
    ("messages/none/purge", Right.PURGE),
    ("persons", Right.LOOK_UP),
)


def rows_of(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


pieces = partial(rows_of, table=content)


@pytest.mark.parametrize(("path", "right"), FORMS)
async def test_a_form_without_its_right_is_403_and_with_it_is_not(
    enter: Enter, database: SqliteDatabase, path: str, right: Right
) -> None:
    for rights, is_refused in ((frozenset(Right) - {right, Right.CONTENT}, True), ({right}, False)):
        browser = await enter(None, rights)
        answer = await browser.submit(f"/console/{path}", reason="x")
        assert (answer.status_code == 403) is is_refused
    refused = select(audit.c.event).where(audit.c.kind == "refused")
    first = (await database.read(lambda c: c.scalars(refused).all()))[0]
    assert b"right-missing" in first


async def test_what_an_account_may_not_do_is_not_offered(enter: Enter, database: SqliteDatabase) -> None:
    message = await a_dead_letter(database)
    looks = await enter(KOMMUN, frozenset())
    page = (await looks.get(f"/console/messages/{message}")).text
    assert [word for word in ("replay", "cancel", "purge") if f"{message}/{word}" in page] == []
    assert "/console/persons" not in (await looks.get("/console/?state=dead")).text
    assert (await looks.get("/console/persons")).status_code == 403
    assert (
        "connectors/journal/pause"
        not in (await (await enter(REGION, frozenset())).get("/console/connectors")).text
    )
    whole = (await (await enter(KOMMUN, PURGES)).get(f"/console/messages/{message}")).text
    assert [word for word in ("replay", "cancel", "purge") if f"{message}/{word}" in whole] == [
        "replay",
        "cancel",
        "purge",
    ]


@pytest.mark.parametrize("views", [None, KOMMUN])
async def test_a_dead_letter_is_purged_with_its_content_and_who_did_so_is_kept(
    enter: Enter, database: SqliteDatabase, views: Views | None
) -> None:
    message = await a_dead_letter(database)
    browser = await enter(views, PURGES)
    before = await database.read(partial(rows_of, table=audit))
    assert (await act(browser, message, "purge")).status_code == 303
    assert await state_of(database, message) is State.PURGED
    assert await database.read(pieces) == 0
    assert await database.read(acts_in_audit) == ["messages-purge"]
    assert await database.read(partial(rows_of, table=audit)) > before
    page = (await browser.get(f"/console/messages/{message}")).text
    assert '<td>Radera innehållet</td><td>admin</td><td class="number">1</td>' in page
    assert "purged-by-admin" in page
    assert (await act(browser, message, "replay")).status_code == 303
    assert await state_of(database, message) is State.PURGED


async def test_what_was_invalid_is_purged(enter: Enter, database: SqliteDatabase) -> None:
    message = await database.write(partial(accept, state=State.INVALID, codes=("pid-missing",)))
    assert (await act(await enter(KOMMUN, PURGES), message, "purge")).status_code == 303
    assert await state_of(database, message) is State.PURGED
    shown = await database.read(partial(message_detail, message_id=message))
    assert shown is not None
    steps = await database.read(partial(timeline, shown=shown))
    assert (steps[-1].stage, steps[-1].codes) == ("purged", ("purged-by-admin",))


async def test_what_is_still_to_be_delivered_or_is_over_keeps_what_it_has(
    enter: Enter, database: SqliteDatabase
) -> None:
    parts = [new_delivery(), new_delivery(recipient_system="annat")]
    waiting = await database.write(partial(process, parts=parts, subject_key="1-other"))
    await database.write(partial(attempt, now=NOW, fails="http-400"))
    withheld = await database.write(accept)
    browser = await enter(KOMMUN, PURGES)
    held = await database.read(pieces)
    for message, state in ((waiting, State.QUEUED), (withheld, State.WITHHELD)):
        assert (await act(browser, message, "purge")).status_code == 409
        assert await state_of(database, message) is state
    assert await database.read(pieces) == held


async def test_anothers_message_cannot_be_purged_and_looks_like_none(
    enter: Enter, database: SqliteDatabase
) -> None:
    message = await a_dead_letter(database)
    browser = await enter(REGION, PURGES)
    for one in (message, "none"):
        assert (await act(browser, one, "purge")).status_code == 404
    assert await state_of(database, message) is State.DEAD


@pytest.mark.parametrize(
    ("stored", "rights"),
    [
        ({"views": "*"}, USUAL),
        ({"views": [], "content": True}, USUAL | {Right.CONTENT}),
        ({"views": [], "may": []}, frozenset()),
        ({"views": [], "may": ["purge", "everything"]}, {Right.PURGE}),
        ({"views": [], "may": "purge"}, frozenset()),
        ({"views": [], "may": 7, "content": True}, frozenset()),
    ],
)
def test_what_cannot_be_read_of_rights_gives_none(
    stored: dict[str, object], rights: frozenset[Right]
) -> None:
    assert rights_of(stored) == rights


@pytest.mark.parametrize("rights", [USUAL, PURGES, frozenset(), frozenset(Right)])
def test_rights_are_read_as_they_were_written(rights: frozenset[Right]) -> None:
    stored = written_rights(KOMMUN, rights)
    assert (rights_of(stored), views_of(stored)) == (rights, KOMMUN)
