"""The list: what is in it, its filters, its pages."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from urllib.parse import quote

import pytest
from httpx import Response
from lxml import html
from sqlalchemy import Connection, Table, update

from adapter.console.columns import USUAL
from adapter.console.message_list import PAGE_ROWS
from adapter.domain.states import State
from adapter.store.consents import ConsentRow, file_consent
from adapter.store.sight import Views
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import delivery, message
from tests.console.conftest import Enter, listed
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
)


def rows_of(page: Response) -> str:
    """The table of a page as text; empty without one."""
    return "".join(table.text_content() for table in html.fromstring(page.text).xpath("//table"))


def cells(page: Response) -> list[str]:
    """What stands in the one row of a page, its instant aside."""
    return [cell.text_content() for cell in html.fromstring(page.text).xpath("//tbody/tr/td")]


def filed(registrar: str) -> ConsentRow:
    """The second version of the consent that the sample's decision rests on."""
    return ConsentRow(
        id="consent-1",
        version=2,
        identifier_key="identifier",
        person_key="1-person",
        agreement=AGREEMENT,
        registrar_party=registrar,
        category="osl-waiver",
        status="active",
        filed_at=NOW,
        sealed=b"sealed",
    )


def link(page: Response, rel: str) -> str | None:
    """Where a link of the pager leads."""
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page.text)
    return found[1].replace("&amp;", "&") if found else None


async def test_the_newest_message_comes_first_in_swedish_time(enter: Enter, database: SqliteDatabase) -> None:
    old = await database.write(partial(accept, received_at=NOW - timedelta(minutes=1)))
    new = await database.write(partial(accept, received_at=NOW))
    page = await (await enter(None)).get()
    assert listed(page) == [new, old]
    assert '<time datetime="2026-11-22T10:00:00.000Z">2026-11-22 11:00:00</time>' in page.text


def headings(page: Response) -> list[str]:
    """What the list's columns are called."""
    return re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page.text)


async def test_columns_that_a_form_chose_stand_in_the_address_and_stay_with_the_filters(
    enter: Enter, database: SqliteDatabase
) -> None:
    await database.write(partial(accept, correlation_id="request-1"))
    browser = await enter(KOMMUN)
    chosen = await browser.get(
        "/console/?state=withheld&columns=duration&columns=correlation-id&columns=size"
    )
    where = "/console/?state=withheld&columns=duration.size.correlation-id"
    assert (chosen.status_code, chosen.headers["location"]) == (303, where)
    page = await browser.get(where)
    assert headings(page) == ["Mottaget", "Varaktighet", "Storlek", "Korrelations-id"]
    assert (">request-1<" in page.text, ">0 ms<" in page.text) == (True, True)
    assert page.text.count('name="columns" value="duration.size.correlation-id"') == 3
    form = html.fromstring((await browser.get(f"{where}&choose=columns")).text).xpath(
        "//form[@id='columns']"
    )[0]
    assert form.xpath(".//input[@checked]/@value") == ["duration", "size", "correlation-id"]
    assert form.xpath("input[@name='state']/@value") == ["withheld"]
    assert len(headings(await browser.get())) == 10


async def test_the_usual_columns_are_no_choice(enter: Enter) -> None:
    browser = await enter(KOMMUN)
    usual = "&".join(f"columns={column}" for column in USUAL)
    assert (await browser.get(f"/console/?{usual}")).headers["location"] == "/console/"


async def test_a_row_tells_recipient_attempts_and_last_code(enter: Enter, database: SqliteDatabase) -> None:
    await database.write(partial(process, parts=[new_delivery()], codes=("control-id-reused",)))
    await database.write(partial(attempt, now=NOW, fails="http-400"))
    page = await (await enter(None)).get()
    for shown in ("Alingsås kommun", "Västra Götalandsregionen", "4,2 kB", "http-400", ">dead</span>"):
        assert shown in page.text
    assert '<td class="number">1</td>' in page.text


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("state=invalid", "invalid"),
        (f"agreement={OTHER_AGREEMENT}", "elsewhere"),
        ("channel=samvux-kommun", "elsewhere"),
        ("type=DUDIT", "screening"),
        ("code=pid-missing", "invalid"),
        ("control=wanted", "screening"),
        ("correlation=request-1", "screening"),
        (f"source={quote(OTHER_AGREEMENT)}%23kommun", "elsewhere"),
        ("duration-min=90+s", "screening"),
        ("duration-min=1,5min&duration-max=2+h", "screening"),
        ("to=2026-11-21", "elsewhere"),
        ("from=2026-11-22T11:30", "screening"),
        ("from=2026-11-22&to=2026-11-22T11:00:00&state=invalid", "invalid"),
    ],
)
async def test_a_filter_in_the_link_finds_its_messages_alone(
    enter: Enter, database: SqliteDatabase, query: str, finds: str
) -> None:
    await database.write(partial(accept, id="invalid", state=State.INVALID, codes=("pid-missing",)))
    await database.write(
        partial(
            accept,
            id="elsewhere",
            agreement=OTHER_AGREEMENT,
            channel="samvux-kommun",
            received_at=NOW - timedelta(days=1),
        )
    )
    await database.write(
        partial(
            accept,
            id="screening",
            record_types=("AUDIT", "DUDIT"),
            control_id="wanted",
            correlation_id="request-1",
            received_at=NOW + timedelta(minutes=30),
        )
    )
    late = update(message).where(message.c.id == "screening").values(ended_at=NOW + timedelta(hours=1))
    await database.write(lambda connection: connection.execute(late))
    page = await (await enter(None)).get(f"/console/?{query}")
    assert listed(page) == [finds]


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        (f"recipient={quote(AGREEMENT)}%23region", True),
        (f"recipient={quote(AGREEMENT)}%23kommun", False),
        ("attempts-min=1&attempts-max=1", True),
        ("attempts-min=2", False),
        ("attempts-max=0", False),
    ],
)
async def test_what_was_delivered_is_found_by_recipient_and_attempts(
    enter: Enter, database: SqliteDatabase, query: str, is_found: bool
) -> None:
    sent = await database.write(partial(process, parts=[new_delivery()]))
    await database.write(partial(attempt, now=NOW))
    page = await (await enter(KOMMUN)).get(f"/console/?{query}")
    assert listed(page) == [sent] * is_found


async def test_reruns_are_hidden_and_shown_when_asked_for(enter: Enter, database: SqliteDatabase) -> None:
    await database.write(partial(accept, id="first", state=State.INVALID))
    await database.write(partial(accept, id="again", rerun_of="first"))
    browser = await enter(KOMMUN)
    usual = await browser.get()
    assert listed(usual) == ["first", "again"]
    assert html.fromstring(usual.text).xpath("//small[a]")[0].text_content() == "Omkörd: withheld"
    assert '<a href="/console/?reruns=shown">Visa dem</a>' in usual.text
    for query, found in (
        ("state=withheld", ["again"]),
        ("state=withheld&reruns=hidden", []),
        ("columns=state", ["first", "again"]),
    ):
        assert listed(await browser.get(f"/console/?{query}")) == found
    shown = await browser.get("/console/?reruns=shown")
    assert listed(shown)[:1] == ["again"]
    assert ("<small>omkörning</small>" in shown.text, "Visa dem" in shown.text) == (True, False)
    assert listed(await browser.get("/console/?reruns=only")) == ["again"]
    assert 'href="/console/messages/again"' in (await browser.get("/console/messages/first")).text


async def test_what_another_party_sent_anew_is_hidden_from_nobody_who_received_it(
    enter: Enter, database: SqliteDatabase
) -> None:
    await database.write(partial(accept, id="first"))
    await database.write(partial(process, parts=[new_delivery()], id="again", rerun_of="first"))
    await database.write(partial(attempt, now=NOW))
    page = await (await enter(REGION)).get()
    assert listed(page) == ["again"]
    assert "omkörning" not in rows_of(page)


DECISION = "/console/?columns=decision.direction"


@pytest.mark.parametrize(
    ("views", "registrar", "shown"),
    [
        (None, "region", "permit consentconsent-1 v2"),
        (KOMMUN, "kommun", "permit consentconsent-1 v2"),
        (KOMMUN, "region", "permit"),
        (REGION, "region", "permit consentconsent-1 v2"),
        (REGION, "kommun", "permit"),
    ],
)
async def test_a_party_sees_in_the_decision_the_consents_that_it_filed(
    enter: Enter, database: SqliteDatabase, views: Views | None, registrar: str, shown: str
) -> None:
    await database.write(partial(file_consent, row=filed(registrar)))
    await database.write(partial(process, parts=[new_delivery()]))
    await database.write(partial(attempt, now=NOW))
    assert cells(await (await enter(views)).get(DECISION)) == [shown, "kommun → region"]


@pytest.mark.parametrize(("views", "shown"), [(None, "withheld blocked"), (KOMMUN, "withheld")])
async def test_why_something_was_withheld_the_operator_alone_sees_and_finds(
    enter: Enter, database: SqliteDatabase, views: Views | None, shown: str
) -> None:
    await database.write(partial(accept, reason="blocked"))
    browser = await enter(views)
    assert cells(await browser.get(DECISION)) == [shown, "kommun → –"]
    assert len(listed(await browser.get("/console/?code=blocked"))) == (views is None)


@pytest.mark.parametrize("field", ["control", "code", "from", "attempts-min"])
async def test_a_personal_number_in_a_filter_is_refused_and_forgotten(enter: Enter, field: str) -> None:
    page = await (await enter(None)).get(f"/console/?{field}=19121212+1212&state=dead")
    assert (page.status_code, "Skriv inget personnummer här" in page.text) == (400, True)
    assert "1212" not in html.fromstring(page.text).xpath("string(//main)")
    assert "19121212 1212" not in "".join(html.fromstring(page.text).xpath("//main//@value"))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("from=yesterday", "Skriv en tid som"),
        ("from=2026-13-01", "Skriv en tid som"),
        ("to=9999-12-31", "Skriv en tid som"),
        ("from=2026-11-22&to=2026-11-21", "Tiden är före"),
        ("state=lost", "Okänt värde"),
        ("recipient=region", "Okänt värde"),
        ("columns=lost", "Okänt värde"),
        ("reruns=lost", "Okänt värde"),
        ("attempts-min=many", "Skriv ett heltal"),
        ("duration-max=2+weeks", "Skriv en tid som 90 s"),
        ("duration-min=2+h&duration-max=119+min", "Mindre än"),
        ("type=ECG", "Okänt värde"),
        (f"code={'x' * 201}", "För långt"),
    ],
)
async def test_a_faulty_filter_is_named_beside_its_field_and_shows_nothing(
    enter: Enter, database: SqliteDatabase, query: str, text: str
) -> None:
    await database.write(accept)
    page = await (await enter(None)).get(f"/console/?{query}")
    assert page.status_code == 400
    assert text in page.text
    assert listed(page) == []


async def test_pages_neither_repeat_nor_lose_a_row_when_new_ones_arrive(
    enter: Enter, database: SqliteDatabase
) -> None:
    ids = [
        await database.write(partial(accept, received_at=NOW + timedelta(seconds=number // 3)))
        for number in range(2 * PAGE_ROWS + 5)
    ]
    browser = await enter(None)
    first = await browser.get("/console/?state=withheld")
    await database.write(partial(accept, received_at=NOW + timedelta(hours=1)))
    second = await browser.get(link(first, "next") or "")
    third = await browser.get(link(second, "next") or "")
    assert listed(first) + listed(second) + listed(third) == ids[::-1]
    assert link(third, "next") is None
    assert listed(await browser.get(link(third, "prev") or "")) == listed(second)


async def test_a_page_link_that_is_not_ours_leads_to_the_first_page(
    enter: Enter, database: SqliteDatabase
) -> None:
    await database.write(accept)
    browser = await enter(None)
    for sealed in ("x", "å", "A" * 64, "9" * 10_000):
        assert len(listed(await browser.get(f"/console/?page={sealed}"))) == 1


async def test_what_a_sender_wrote_is_escaped(enter: Enter, database: SqliteDatabase) -> None:
    nasty = '"><script>alert(1)</script>'
    message = await database.write(
        partial(accept, control_id=nasty, event=nasty, codes=(nasty,), unmapped=(nasty,))
    )
    browser = await enter(None)
    for path in ("/console/", f"/console/messages/{message}", "/console/live", f"/console/?control={nasty}"):
        page = await browser.get(path)
        assert "&lt;script&gt;" in page.text
        assert "<script>" not in page.text


async def test_the_language_follows_the_browser_and_then_the_choice(enter: Enter) -> None:
    browser = await enter(None)
    assert '<html lang="sv">' in (await browser.get()).text
    english = {"accept-language": "de, en-GB;q=0.8, sv;q=0.5"}
    assert '<html lang="en">' in (await browser.client.get("/console/", headers=english)).text
    await browser.get("/console/?lang=en")
    assert '<html lang="en">' in (await browser.get()).text


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("blocked", State.WITHHELD),
        ("unevaluated", State.CANCELLED),
        ("no-consent", State.DEAD),
        ("basis-ended", State.DELIVERED),
    ],
)
@pytest.mark.parametrize("table", [message, delivery])
async def test_by_a_code_that_is_hidden_from_it_a_party_finds_no_byte(
    enter: Enter, database: SqliteDatabase, code: str, state: State, table: Table
) -> None:
    def hide(connection: Connection) -> None:
        for number in range(PAGE_ROWS + 1):
            process(connection, [new_delivery(person_key=f"{number}-person")])
        connection.execute(update(table).values(state=state, codes=(code,)))

    await database.write(hide)
    browser = await enter(KOMMUN)
    page, none = [(await browser.get(f"/console/?code={one}")).text for one in (code, "unheard-of")]
    assert page.replace(code, "unheard-of") == none
    assert code not in (await browser.get()).text
    operators = await (await enter(None)).get(f"/console/?code={code}")
    assert (len(listed(operators)), "page=" in operators.text) == (PAGE_ROWS, True)
