"""Drift: which fields no rule used, when first and last, in how many messages; each party its own senders' alone."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from lxml import html
from sqlalchemy import Connection

from adapter.store import drift
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import unmapped_field
from tests.console.conftest import Enter
from tests.console.samples import AGREEMENT, KOMMUN, NOW, OTHER_AGREEMENT

OURS, OTHERS, GONE = "alingsås-kommun", "samvux-kommun", "no-agreement-has-it"


def noted(connection: Connection) -> None:
    drift.note(connection, OURS, ("vardplan/bilaga",), NOW - timedelta(days=40))
    drift.note(connection, OURS, ("vardplan/bilaga", "vardplan/<b>"), NOW)
    for channel in (OTHERS, GONE):
        drift.note(connection, channel, ("vardplan/fax",), NOW - timedelta(days=1))


async def test_a_field_is_told_once_with_its_count_and_when_first_and_last(
    enter: Enter, database: SqliteDatabase
) -> None:
    await database.write(noted)
    page = html.fromstring((await (await enter(KOMMUN)).get("/console/drift")).text)
    rows = [[cell.text_content().strip() for cell in row] for row in page.xpath("//tbody/tr")]
    assert rows == [
        ["vardplan/<b>", OURS, "1", "2026-11-22 11:00:00", "2026-11-22 11:00:00"],
        ["vardplan/bilaga", OURS, "2", "2026-10-13 12:00:00", "2026-11-22 11:00:00"],
    ]


@pytest.mark.parametrize(
    ("views", "channels"),
    [
        (None, {OURS, OTHERS, GONE}),
        (KOMMUN, {OURS}),
        (frozenset({(AGREEMENT, "region"), (OTHER_AGREEMENT, "kommun")}), {OTHERS}),
        (frozenset({(AGREEMENT, "region")}), set()),
    ],
)
async def test_each_party_sees_its_own_senders_alone(
    enter: Enter, database: SqliteDatabase, views: Views | None, channels: set[str]
) -> None:
    await database.write(noted)
    page = (await (await enter(views)).get("/console/drift")).text
    assert {one for one in (OURS, OTHERS, GONE) if f">{one}<" in page} == channels


async def test_what_was_counted_before_its_last_instant_was_kept_shows_its_first(
    enter: Enter, database: SqliteDatabase
) -> None:
    await database.write(partial(drift.note, channel=OURS, paths=("x",), now=NOW))
    await database.write(
        lambda connection: connection.execute(unmapped_field.update().values(last_at=None)).rowcount
    )
    page = (await (await enter(KOMMUN)).get("/console/drift")).text
    assert page.count("2026-11-22 11:00:00</time>") == 2
