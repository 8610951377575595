"""Each screen in a real browser: no violation of its policy, no barrier, in both schemes and both languages, with and without scripts."""

from __future__ import annotations

import orjson
import pytest

from tests.api.consents import consent
from tests.browser.conftest import Visit
from tests.browser.site import (
    DEAD,
    ENTRY,
    HELD,
    KOMMUN,
    NEWCOMER,
    OPENER,
    OPERATOR,
    REGION,
    REPLAYED,
    SEEN_TO,
)
from tests.console.conftest import PASSWORD

SCREENS = (
    "/",
    "/?state=dead",
    "/?from=nonsense",
    "/?reruns=shown&columns=state.decision.direction",
    "/?duration-min=1+min&columns=state.duration.correlation-id&choose",
    "/overview",
    f"/messages/{DEAD}",
    "/messages/none",
    "/follow-up",
    f"/follow-up/{ENTRY}",
    "/connectors",
    "/drift",
    "/alerts",
    "/alerts?all",
    "/persons",
    "/simulator",
    "/bench",
    "/live",
    "/live?paused",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", SCREENS)
def test_a_screen_keeps_to_its_policy_and_has_no_barrier(visit: Visit, path: str, scheme: str) -> None:
    visitor = visit(color_scheme=scheme)
    visitor.sign_in(OPERATOR)
    visitor.complaints.clear()
    visitor.open(path)
    assert [said for said in visitor.complaints if "status of 40" not in said] == []
    assert visitor.barriers() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_in_page_has_no_barrier_and_says_what_went_wrong(visit: Visit, scheme: str) -> None:
    visitor = visit(color_scheme=scheme)
    visitor.open("/sign-in")
    assert visitor.barriers() == []
    visitor.page.get_by_label("Användarnamn").fill(KOMMUN)
    visitor.page.get_by_label("Lösenord").fill("a wrong password")
    visitor.click("Logga in")
    assert "gick inte att logga in" in visitor.page.get_by_role("alert").inner_text()
    assert visitor.barriers() == []


def test_an_admin_signs_in_at_the_provider_by_keyboard_and_comes_to_the_wanted_page(visit: Visit) -> None:
    visitor = visit()
    visitor.open("/overview")
    assert visitor.barriers() == []
    visitor.tab_to(visitor.page.get_by_role("link", name="Logga in med organisationens konto"))
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_url(visitor.site.url + "/overview")
    assert visitor.page.get_by_role("heading", level=1).inner_text() == "Översikt"
    assert "oidc:adm-7" in visitor.page.locator(".visitor").inner_text()
    assert [said for said in visitor.complaints if visitor.site.provider not in said] == []


def test_the_cookie_is_out_of_reach_of_scripts_and_signing_out_ends_the_session(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in(KOMMUN)
    assert visitor.page.evaluate("document.cookie") == ""
    visitor.click("Logga ut")
    visitor.open("/overview")
    assert visitor.page.get_by_role("heading", level=1).inner_text() == "Logga in"


@pytest.mark.parametrize(
    "path", ["/", "/overview", f"/messages/{DEAD}", "/connectors", "/alerts", "/follow-up", "/live"]
)
def test_a_narrow_screen_needs_no_scrolling_sideways(visit: Visit, path: str) -> None:
    visitor = visit(viewport={"width": 360, "height": 740})
    visitor.sign_in(OPERATOR)
    visitor.open(path)
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert visitor.barriers() == []


def test_a_dead_letter_is_found_and_read_without_scripts(visit: Visit) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.sign_in(KOMMUN)
    visitor.page.get_by_label("Status").select_option("dead")
    visitor.click("Visa")
    rows = visitor.page.locator("table.log tbody tr")
    assert rows.count() >= 1
    rows.get_by_role("link").first.click()
    assert visitor.page.locator("ol.timeline li").last.locator("code").inner_text() == "http-400"


def test_a_filter_is_saved_and_deleted_by_keyboard_without_scripts(visit: Visit) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.sign_in(KOMMUN)
    visitor.open("/?state=dead")
    visitor.page.locator("details.save summary").focus()
    for key in ("Enter", "Tab"):
        visitor.page.keyboard.press(key)
    visitor.page.keyboard.type("Att köra om")
    visitor.page.keyboard.press("Tab")
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    listed = visitor.page.get_by_role("navigation", name="Sparade filter").get_by_role("link")
    assert listed.all_inner_texts() == ["Att köra om"]
    visitor.click("Ta bort Att köra om")
    assert listed.count() == 0


def test_columns_are_chosen_by_keyboard_without_scripts(visit: Visit) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.sign_in(KOMMUN)
    visitor.open("/?state=dead")
    visitor.press("link", "Kolumner")
    visitor.tab_to(visitor.page.get_by_label("Varaktighet", exact=True))
    visitor.page.keyboard.press("Space")
    visitor.tab_to(visitor.page.get_by_label("Storlek"))
    visitor.page.keyboard.press("Space")
    visitor.press("button", "Visa kolumnerna")
    headings = visitor.page.locator("table.log thead th").all_inner_texts()
    assert ("Varaktighet" in headings, "Storlek" in headings) == (True, False)
    assert "state=dead" in visitor.page.url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_first_password_leads_to_the_choice_of_another(visit: Visit, scheme: str) -> None:
    visitor = visit(color_scheme=scheme)
    visitor.open("/overview")
    visitor.page.get_by_label("Användarnamn").fill(f"{NEWCOMER}-{scheme}")
    visitor.page.get_by_label("Lösenord").fill(PASSWORD)
    visitor.click("Logga in")
    assert visitor.barriers() == []
    visitor.page.get_by_label("Nytt lösenord").fill(PASSWORD)
    visitor.page.get_by_label("En gång till").fill(PASSWORD)
    visitor.click("Spara lösenordet")
    assert "första lösenordet" in visitor.page.get_by_role("alert").inner_text()
    assert visitor.barriers() == []
    visitor.page.get_by_label("Nytt lösenord").fill("fyra ord i rad")
    visitor.page.get_by_label("En gång till").fill("fyra ord i rad")
    visitor.click("Spara lösenordet")
    assert visitor.page.get_by_role("heading", level=1).inner_text() == "Översikt"


def test_a_channel_is_paused_and_resumed_by_keyboard_without_scripts(visit: Visit) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.sign_in(KOMMUN)
    visitor.open("/connectors")
    for word, tells in (("Pausa", "pausad"), ("Återuppta", "öppen")):
        visitor.page.locator("details.act summary", has_text=word).focus()
        visitor.page.keyboard.press("Enter")
        visitor.page.keyboard.press("Tab")
        visitor.page.keyboard.type("Byte av journalsystem")
        visitor.page.keyboard.press("Tab")
        visitor.enter()
        assert tells in visitor.page.locator("table.log").first.inner_text()


def test_content_is_opened_for_a_reason_and_has_no_barrier(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in(OPENER)
    visitor.open(f"/messages/{HELD}")
    visitor.page.locator(".act-content summary").click()
    visitor.page.locator(".act-content textarea").fill("Felet syns inte i koderna")
    visitor.click("Öppna innehållet")
    assert "<b>Insats</b>" in visitor.page.get_by_role("region", name="Som det kom").inner_text()
    assert [said for said in visitor.complaints if "status of 422" not in said] == []
    assert visitor.barriers() == []


def test_an_act_is_refused_without_a_reason_and_done_with_one_by_keyboard(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in(KOMMUN)
    visitor.open(f"/messages/{REPLAYED}")
    opener = visitor.page.locator(".act-replay summary")
    opener.focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.type(" ")
    visitor.page.keyboard.press("Tab")
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    assert visitor.page.get_by_role("alert").inner_text() == "Skriv varför."
    assert visitor.barriers() == []
    visitor.page.keyboard.type("Mottagaren har rättat sin kodtabell")
    visitor.page.keyboard.press("Tab")
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    row = visitor.page.get_by_role("table", name="Vad som gjorts").locator("tbody tr")
    assert row.locator("td").all_inner_texts() == [
        "Kör om",
        KOMMUN,
        "1",
        "Mottagaren har rättat sin kodtabell",
    ]
    assert [said for said in visitor.complaints if "status of 422" not in said] == []
    assert visitor.barriers() == []


def test_an_entry_is_followed_up_without_scripts(visit: Visit) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.sign_in(KOMMUN)
    visitor.open(f"/follow-up/{SEEN_TO}")
    visitor.click("Jag har granskat detta")
    assert KOMMUN in visitor.page.locator("section[aria-labelledby=why]").inner_text()
    visitor.open("/follow-up")
    assert visitor.page.locator("table.log tbody tr").count() == 1


def test_the_overview_speaks_english_to_a_browser_that_asks_for_it(visit: Visit) -> None:
    visitor = visit(locale="en-GB")
    visitor.sign_in(REGION)
    visitor.open("/overview")
    assert visitor.page.get_by_role("heading", level=1).inner_text() == "Overview"
    assert visitor.page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_the_forms_answer_has_no_barrier_and_needs_no_scripts(visit: Visit, scheme: str) -> None:
    visitor = visit(color_scheme=scheme)
    visitor.sign_in(KOMMUN)
    page = visitor.page
    visitor.open("/simulator")
    page.get_by_role("textbox").fill(orjson.dumps(consent()).decode())
    visitor.click("Vem får se?")
    assert page.get_by_role("row").count() > 1
    assert visitor.barriers() == []
    visitor.open("/bench?mapping=neutral-push-sip&example=sip.draft.json")
    visitor.click("Mappa")
    assert page.get_by_role("region", name="Resultat").inner_text().startswith("{")
    assert visitor.barriers() == []
    visitor.open("/persons")
    page.get_by_label("Personnummer eller").fill("191212121213")
    page.get_by_label("Varför?").fill("Ärende 7")
    visitor.click("Sök")
    assert "identity-check-digit" in page.get_by_role("alert").inner_text()
    assert visitor.barriers() == []
    visitor.open("/?state=dead")
    visitor.click("Kör om urvalet")
    assert visitor.barriers() == []
    page.get_by_label("Varför?").fill("Mottagaren har rättat sin kodtabell")
    page.get_by_label("Skriv antalet").fill("0")
    visitor.click("Starta")
    assert page.get_by_role("alert").inner_text() == "Antalet stämmer inte."
    assert visitor.barriers() == []
    assert [said for said in visitor.complaints if "status of 422" not in said] == []


def test_an_alert_is_acknowledged_by_keyboard_without_scripts(visit: Visit) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.sign_in(KOMMUN)
    visitor.open("/alerts")
    visitor.page.locator("details.act summary").first.focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.type("Leverantören är uppringd")
    visitor.page.keyboard.press("Tab")
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    row = visitor.page.locator("table.log tbody tr").first
    assert "Leverantören är uppringd" in row.inner_text()
    assert visitor.page.locator("details.act").count() == 0


def test_a_system_is_tested_paused_and_resumed_by_keyboard_without_scripts(visit: Visit) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.sign_in(REGION)
    visitor.open("/connectors")
    for word, tells in (
        ("Testa", "svarar http-200"),
        ("Pausa", "pausad"),
        ("Återuppta", "öppen för leveranser"),
    ):
        visitor.page.locator("details.act summary", has_text=word).focus()
        visitor.page.keyboard.press("Enter")
        visitor.page.keyboard.press("Tab")
        visitor.page.keyboard.type("Uppgradering i natt")
        visitor.page.keyboard.press("Tab")
        with visitor.page.expect_navigation():
            visitor.page.keyboard.press("Enter")
        assert tells in visitor.page.locator("main").inner_text()
