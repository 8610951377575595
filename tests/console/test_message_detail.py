"""One message's page."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from adapter.store.sqlite import SqliteDatabase
from tests.console.conftest import Enter
from tests.console.samples import NOW, attempt, new_delivery, process


async def test_the_timeline_tells_each_step_and_how_long_it_took(
    enter: Enter, database: SqliteDatabase
) -> None:
    message = await database.write(partial(process, parts=[new_delivery()]))
    await database.write(partial(attempt, now=NOW + timedelta(seconds=90)))
    page = await (await enter(None)).get(f"/console/messages/{message}")
    steps = ["received", "queued", "sending", "delivered"]
    places = [page.text.index(f"<strong>{step}</strong>") for step in steps]
    assert places == sorted(places)
    assert "+1 min 30 s" in page.text
    assert "journal" in page.text


async def test_the_fields_that_no_rule_used_are_named(enter: Enter, database: SqliteDatabase) -> None:
    message = await database.write(partial(process, parts=[new_delivery()], unmapped=("sip/bilaga", "ZPD-3")))
    page = await (await enter(None)).get(f"/console/messages/{message}")
    assert "<code>sip/bilaga</code>" in page.text
    assert "<code>ZPD-3</code>" in page.text


async def test_a_decision_is_shown_by_codes_and_consent_versions(
    enter: Enter, database: SqliteDatabase
) -> None:
    message = await database.write(partial(process, parts=[new_delivery()]))
    page = await (await enter(None)).get(f"/console/messages/{message}")
    assert "permit <code>consent</code>" in page.text
    assert "consent-1 v2" in page.text
