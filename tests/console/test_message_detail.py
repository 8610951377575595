"""One message's page."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from adapter.store.events import Stage
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from tests.console.conftest import Enter
from tests.console.samples import AGREEMENT, NOW, TRACE, accept, attempt, new_delivery, process


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


async def test_each_stage_of_processing_tells_how_long_it_took(
    enter: Enter, database: SqliteDatabase
) -> None:
    stages = {Stage.PARSED: 31, Stage.DECIDED: 34, Stage.TRANSLATED: 36, Stage.VALIDATED: 52}
    message = await database.write(partial(process, parts=[new_delivery()], stages=stages))
    page = await (await enter(None)).get(f"/console/messages/{message}")
    places = [page.text.index(f"<strong>{stage}</strong>") for stage in (*stages, "queued")]
    assert places == sorted(places)
    assert re.findall(r"\+\d+ ms", page.text) == ["+31 ms", "+3 ms", "+2 ms", "+16 ms", "+0 ms"]
    assert "Mappat till FHIR." in page.text


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


@pytest.mark.parametrize("views", [None, frozenset({(AGREEMENT, "kommun")})], ids=["operator", "sender"])
async def test_the_trace_tells_which_field_became_which_element_by_which_mapping(
    enter: Enter, database: SqliteDatabase, views: Views | None
) -> None:
    message = await database.write(partial(process, parts=[new_delivery()]))
    page = await (await enter(views)).get(f"/console/messages/{message}")
    for source, element in TRACE:
        assert f'<th scope="row"><code>{source}</code></th><td><code>{element}</code></td>' in page.text
    assert "<code>neutral-push-sip</code>, version 7" in page.text
    assert 'href="/console/bench?mapping=neutral-push-sip"' in page.text


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"mapping": None, "trace": ()}, "togs som det var"),
        ({"mapping": None, "trace": None}, "Inget spår"),
        ({"trace": None}, "gav ingen FHIR"),
    ],
    ids=["FHIR as it is", "before there were traces", "refused by the mapping"],
)
async def test_why_there_is_no_trace_is_told(
    enter: Enter, database: SqliteDatabase, how: dict[str, Any], words: str
) -> None:
    message = await database.write(partial(process, parts=[new_delivery()], **how))
    assert words in (await (await enter(None)).get(f"/console/messages/{message}")).text


async def test_what_was_withheld_has_no_trace(enter: Enter, database: SqliteDatabase) -> None:
    message = await database.write(accept)
    assert "Inget spår" in (await (await enter(None)).get(f"/console/messages/{message}")).text
