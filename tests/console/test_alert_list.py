"""Alerts in the console: one's own parties' alone, acknowledged with a reason."""

from __future__ import annotations

from functools import partial

import pytest
from httpx import Response
from sqlalchemy import Connection

from adapter.console.texts import Texts
from adapter.store import alerts
from adapter.store.alert_causes import DEAD_LETTER, LASTING, Cause
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from tests.console.acts import acts_in_audit
from tests.console.conftest import Browser, Enter
from tests.console.samples import AGREEMENT, KOMMUN, NOW, REGION

WHY = "Leverantören är uppringd"


def put(connection: Connection, alert_id: str = "one") -> None:
    """An alert of the kommun's, and one that is the operator's."""
    dead = Cause(DEAD_LETTER, AGREEMENT, "kommun", "journal", 3)
    alerts.settle(connection, [dead], NOW, lambda: alert_id)
    alerts.occurred(connection, [Cause("consent-unreadable", AGREEMENT)], NOW, lambda: "operators")


async def acknowledge(browser: Browser, alert_id: str, reason: str = WHY) -> Response:
    return await browser.submit(f"/console/alerts/{alert_id}/acknowledge", reason=reason)


@pytest.mark.parametrize(
    ("views", "shown"),
    [
        (None, {"journal", "consent-unreadable"}),
        (KOMMUN, {"journal"}),
        (REGION, set()),
        (frozenset(), set()),
    ],
)
async def test_a_party_sees_its_own_alerts_and_the_operator_all(
    enter: Enter, database: SqliteDatabase, views: Views | None, shown: set[str]
) -> None:
    await database.write(put)
    browser = await enter(views)
    page = (await browser.get("/console/alerts")).text
    assert {word for word in ("journal", "consent-unreadable") if f">{word}<" in page} == shown
    assert (
        f">{len(shown)}</"
        in (await browser.get("/console/overview")).text.partition("Larm att kvittera")[2][:80]
    )


async def test_an_alert_is_acknowledged_with_a_reason_that_stands_on_the_list_and_in_the_audit(
    enter: Enter, database: SqliteDatabase
) -> None:
    await database.write(put)
    browser = await enter(KOMMUN)
    assert (await acknowledge(browser, "one", " ")).status_code == 422
    assert (await acknowledge(browser, "one")).headers["location"] == "/console/alerts"
    page = (await browser.get("/console/alerts")).text
    assert WHY in page
    assert "kvitterat: admin" in page
    found = await database.read(partial(alerts.find, alert_id="one", views=None))
    assert (found.acknowledged_by, found.resolved_at) == ("admin", None)
    assert b"uppringd" not in (found.sealed or b"")
    again = await acknowledge(browser, "one")
    assert (again.status_code, "redan kvitterat" in again.text) == (409, True)
    assert await database.read(partial(acts_in_audit, on="alerts")) == ["alerts-acknowledge"] * 2


async def test_another_partys_alert_cannot_be_acknowledged(enter: Enter, database: SqliteDatabase) -> None:
    await database.write(put)
    browser = await enter(REGION)
    hidden, none = [await acknowledge(browser, one) for one in ("one", "xxx")]
    assert (hidden.status_code, none.status_code) == (404, 404)
    assert hidden.text.replace("one", "") == none.text.replace("xxx", "")
    assert (await database.read(partial(alerts.find, alert_id="one", views=None))).acknowledged_at is None


async def test_what_has_happened_is_over_when_it_was_acknowledged(
    enter: Enter, database: SqliteDatabase
) -> None:
    await database.write(put)
    browser = await enter(None)
    assert (await acknowledge(browser, "operators")).status_code == 303
    assert "consent-unreadable" not in (await browser.get("/console/alerts")).text
    assert "consent-unreadable" in (await browser.get("/console/alerts?all")).text


@pytest.mark.parametrize("code", sorted(LASTING))
def test_every_alert_that_lasts_is_explained(code: str) -> None:
    assert Texts("sv").alert(code) != Texts("sv").alert("unknown")
    assert Texts("sv").alert(code) != Texts("en").alert(code)
