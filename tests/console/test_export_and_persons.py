"""The selection as a file, and messages by personal numbers: what the list would show its reader, no more, and written down."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from functools import partial

import orjson
import pytest
from httpx import Response
from sqlalchemy import Connection, select

from adapter.domain.identity import PERSONNUMMER, PersonId
from adapter.domain.states import State
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import audit
from tests.console.conftest import KEYRING, Enter, listed
from tests.console.samples import KOMMUN, NOW, REGION, accept, attempt, new_delivery, process
from tests.exchange.bodies import OTHER, TOLVAN

KEY = KEYRING.person_key(PersonId(PERSONNUMMER, TOLVAN))


def table(answer: Response) -> list[dict[str, str]]:
    """The rows of a CSV file by column."""
    assert answer.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(answer.text[1:]), delimiter=";"))


def views_in_audit(connection: Connection) -> list[tuple[str | None, str, str]]:
    """Who was looked up, and why."""
    rows = connection.execute(select(audit.c.person_key, audit.c.event).where(audit.c.kind == "view"))
    events = [(row.person_key, orjson.loads(row.event)) for row in rows]
    return [
        (key, event["subtype"][0]["code"], event["purposeOfEvent"][0]["text"])
        for key, event in events
        if "purposeOfEvent" in event
    ]


async def test_an_export_holds_the_rows_of_the_list_and_no_formula(
    enter: Enter, database: SqliteDatabase
) -> None:
    await database.write(partial(accept, control_id="=HYPERLINK(1)", reason="no-consent"))
    await database.write(partial(accept, state=State.INVALID, codes=("pid-missing",)))
    answer = await (await enter(KOMMUN)).submit("/console/export", state="withheld")
    assert answer.headers["content-disposition"].startswith('attachment; filename="sambro-2026-11-22-')
    assert answer.headers["cache-control"] == "no-store"
    [row] = table(answer)
    assert (row["controlId"], row["state"], row["source"]) == (
        "'=HYPERLINK(1)",
        "withheld",
        "Alingsås kommun",
    )
    assert "no-consent" not in answer.text


async def test_an_export_has_the_columns_that_were_chosen(enter: Enter, database: SqliteDatabase) -> None:
    sent = await database.write(partial(process, parts=[new_delivery()], received_at=NOW))
    await database.write(partial(attempt, now=NOW + timedelta(seconds=2)))
    browser = await enter(KOMMUN)
    [row] = table(await browser.submit("/console/export", columns="duration.message-id"))
    assert row == {
        "received": "2026-11-22 11:00:00",
        "ended": "2026-11-22 11:00:02",
        "durationMilliseconds": "2000",
        "messageId": sent,
    }
    everything = table(await browser.submit("/console/export"))
    assert set(row) < set(everything[0])


async def test_an_export_goes_on_beyond_a_page_and_ends_at_its_bound(
    enter: Enter, database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapter.console.selection._PAGE", 2)
    ids = [await database.write(accept) for _ in range(5)]
    browser = await enter(None)
    assert [row["messageId"] for row in table(await browser.submit("/console/export"))] == ids[::-1]
    monkeypatch.setattr("adapter.console.export.MOST_ROWS", 3)
    assert [row["messageId"] for row in table(await browser.submit("/console/export"))] == ids[:1:-1]


async def test_messages_are_found_by_number_and_each_person_is_written_down(
    enter: Enter, database: SqliteDatabase
) -> None:
    mine = await database.write(partial(accept, subject_key=KEY))
    await database.write(accept)
    browser = await enter(KOMMUN)
    page = await browser.submit(
        "/console/persons", numbers=f" {TOLVAN[:8]}-{TOLVAN[8:]}\n\n{OTHER}\n", reason="Ärende 7"
    )
    assert (page.status_code, listed(page)) == (200, [mine])
    assert TOLVAN not in page.text
    keys = [KEY, KEYRING.person_key(PersonId(PERSONNUMMER, OTHER))]
    assert await database.read(views_in_audit) == [(key, "view-persons", "Ärende 7") for key in keys]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"numbers": TOLVAN}, "Skriv varför."),
        ({"numbers": TOLVAN, "reason": f"gäller {TOLVAN[:8]}-{TOLVAN[8:]}"}, "Skriv inget personnummer här."),
        ({"reason": "x"}, "required"),
        ({"numbers": f"{TOLVAN}\n191212121213", "reason": "x"}, "numbers[2] <code>identity-check-digit"),
        ({"numbers": f"{TOLVAN}\n" * 51, "reason": "x"}, "too-many"),
    ],
)
async def test_what_cannot_be_looked_up_is_said_and_nobody_is(
    enter: Enter, database: SqliteDatabase, fields: dict[str, str], shown: str
) -> None:
    page = await (await enter(KOMMUN)).submit("/console/persons", **fields)
    assert (page.status_code, shown in page.text, TOLVAN in page.text) == (422, True, False)
    assert await database.read(views_in_audit) == []


@pytest.mark.parametrize("views", [REGION, frozenset[tuple[str, str]]()])
async def test_a_person_whom_the_other_party_alone_knows_is_in_no_file_and_in_no_answer(
    enter: Enter, database: SqliteDatabase, views: Views
) -> None:
    await database.write(partial(process, parts=[new_delivery()]))
    await database.write(partial(attempt, now=NOW))
    browser = await enter(views)

    async def bodies() -> list[bytes]:
        asked = {"numbers": TOLVAN, "reason": "x"}
        answers = [
            await browser.submit("/console/export"),
            await browser.submit("/console/export", state="withheld"),
            await browser.submit("/console/export", code="no-consent"),
            await browser.submit("/console/persons", **asked),
        ]
        return [answer.content for answer in answers]

    before = await bodies()
    await database.write(partial(accept, subject_key=KEY, reason="no-consent"))
    assert await bodies() == before
