"""The overview: counts by hour and connector, and nothing of others' rows."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest
from lxml import html

from adapter.console.sparkline import Sparkline
from adapter.domain.states import State
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from tests.console.conftest import Enter
from tests.console.samples import KOMMUN, NOW, REGION, accept, attempt, new_delivery, process


async def lines(enter: Enter, views: Views | None) -> list[list[str]]:
    """The cells of each line of the first agreement, without the drawing."""
    page = await (await enter(views)).get("/console/overview")
    rows = html.fromstring(page.text).xpath("(//table[contains(@class, 'flows')])[1]/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]


async def test_each_connector_has_a_line_with_what_passed_and_what_waits(
    enter: Enter, database: SqliteDatabase
) -> None:
    for fails in (None, "http-400"):
        await database.write(partial(process, parts=[new_delivery()]))
        await database.write(partial(attempt, now=NOW + timedelta(seconds=2.5), fails=fails))
    await database.write(partial(accept, state=State.INVALID))
    await database.write(accept)
    await database.write(partial(process, parts=[new_delivery()]))
    not_here, times = "·gäller inte", "2,5 s 2,5 s · 2,5 s"
    assert await lines(enter, KOMMUN) == [
        ["in alingsås-kommun", "Alingsås kommun", "", "5", not_here, "1", "1", not_here, "0", "–"],
        ["ut journal", "Västra Götalandsregionen", "", "1", times, "0", not_here, "1", "1", "1 h 0 min"],
    ]


async def test_the_figures_of_the_drawing_stand_in_a_table(enter: Enter, database: SqliteDatabase) -> None:
    for hours in (0, 0, 3):
        await database.write(partial(accept, received_at=NOW - timedelta(hours=hours)))
    page = await (await enter(KOMMUN)).get("/console/overview")
    rows = html.fromstring(page.text).xpath("//table[contains(@class, 'hours')]/tbody/tr")
    counted = {row[0].text_content(): row[1].text_content() for row in rows}
    assert len(counted) == 24
    assert {hour: count for hour, count in counted.items() if count != "0"} == {
        "2026-11-22 08:00": "1",
        "2026-11-22 11:00": "2",
    }
    assert 'aria-label="Antal per timme det senaste dygnet, som mest 2"' in page.text
    assert len(re.findall("<rect ", page.text)) == 2


async def test_a_channel_from_which_nothing_came_is_shown_to_its_own_party(enter: Enter) -> None:
    assert [line[0] for line in await lines(enter, KOMMUN)] == ["in alingsås-kommun"]
    assert await lines(enter, REGION) == []


@pytest.mark.parametrize(("views", "shown"), [(KOMMUN, []), (REGION, ["9"]), (None, ["9"])])
async def test_certificates_are_shown_to_the_party_of_their_channel(
    enter: Enter, views: Views | None, shown: list[str]
) -> None:
    page = await (await enter(views)).get("/console/overview")
    rows = html.fromstring(page.text).xpath("//section[h2[@id='certificates']]//tbody/tr")
    assert [row[-1].text_content().strip() for row in rows] == shown
    assert [row[-1].get("class") for row in rows] == ["number hot"] * len(shown)


@pytest.mark.parametrize(
    ("counts", "heights"),
    [((), []), ((0, 0), []), ((5, 0, 10), [11.5, 23]), ((1, 1000), [1.5, 23])],
)
def test_bars_stand_on_the_floor_in_proportion(counts: tuple[int, ...], heights: list[float]) -> None:
    drawn = Sparkline.of(counts)
    assert [bar.height for bar in drawn.bars] == heights
    assert all(bar.y + bar.height == drawn.height - 1 for bar in drawn.bars)
