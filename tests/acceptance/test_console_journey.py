"""An admin and a dead letter, in a real browser, by keyboard: found, understood, its mapping mended and tried, replayed, seen to arrive."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.acceptance.adapter_process import AdapterProcess
from tests.acceptance.demonstration import Demonstration, eventually
from tests.acceptance.messages import control_id, oru
from tests.acceptance.mllp import exchange, framed
from tests.browser.conftest import launched_or_skipped
from tests.browser.site import Site
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.acceptance

MAPPING = Path("systems", "neutral_push", "screening_back.yaml")
EXAMPLE = "screening_back.audit.fhir.json"
ROW, MISSING_ROW = "{final: slutlig, amended", "{amended"
CODE = "back-mapping-failed"
FAULT = "Observation.status"


@pytest.fixture
def override(adapter: AdapterProcess) -> Iterator[Path]:
    """The installation's own copy of a mapping, served, whose table of states lacks a row; taken away at the end."""
    folder = Path(adapter.demo.info["config_dir"]) / "mappings"
    file = folder / MAPPING
    file.parent.mkdir(parents=True)
    shipped = files("mappings").joinpath(*MAPPING.parts).read_text(encoding="utf-8")
    file.write_text(shipped.replace(ROW, MISSING_ROW), encoding="utf-8")
    restart(adapter)
    yield file
    # What the service has of it is the shipped mapping again by then.
    shutil.rmtree(folder)


@pytest.fixture
def admin(adapter: AdapterProcess) -> Iterator[Visitor]:
    console = adapter.demo.info["console"]
    with launched_or_skipped() as chromium, Visitor.of(chromium, Site(console["url"])) as visitor:
        visitor.sign_in(console["user"], console["password"])
        yield visitor


def restart(adapter: AdapterProcess) -> None:
    adapter.stop()
    adapter.start()


def send(demo: Demonstration) -> str:
    """The region sends a result; returns its control id."""
    control = control_id()
    [answer] = exchange(demo, [framed(oru(demo.info["persons"]["consented"], control, control))], 1)
    assert f"AA|{control}".encode() in answer
    return control


def dead_letters(admin: Visitor) -> list[Locator]:
    """From any page to the rows of the dead letters with the code."""
    admin.press("link", "Meddelanden")
    admin.type_in("Status", "dead")
    admin.type_in("Kod", CODE)
    admin.press("button", "Visa")
    return admin.page.locator("table.log tbody tr").all()


def find(admin: Visitor, control: str) -> None:
    """From the list to the page of the one dead letter, which says why it is dead."""
    eventually("no dead letter is listed", lambda: dead_letters(admin))
    admin.tab_to(admin.page.locator("table.log tbody tr").get_by_role("link"))
    admin.enter()
    assert control in admin.page.locator("dl.facts").first.inner_text()
    why = admin.page.locator("ol.timeline li").last.locator("code").all_inner_texts()
    assert why == [CODE, f"{FAULT}: code-unknown"]


def mend(admin: Visitor, file: Path) -> None:
    """On the bench an example shows the same fault; the table gets its row, and the example is mapped."""
    page = admin.page
    admin.press("link", "Bänk")
    admin.tab_to(page.get_by_text("Börja med ett exempel"))
    page.keyboard.press("Enter")
    admin.press("link", EXAMPLE)
    admin.press("button", "Mappa")
    assert page.get_by_role("alert").inner_text() == f"{FAULT} code-unknown"
    assert admin.barriers() == []
    file.write_text(file.read_text(encoding="utf-8").replace(MISSING_ROW, ROW), encoding="utf-8")
    admin.press("button", "Mappa")
    assert '"status": "slutlig"' in page.get_by_role("region", name="Resultat").inner_text()


def replay(admin: Visitor) -> None:
    """The filter's selection: counted, a reason, the count typed, started."""
    assert len(dead_letters(admin)) == 1
    admin.press("button", "Kör om urvalet …")
    assert admin.page.locator("dl.facts strong").inner_text() == "1"
    assert admin.barriers() == []
    admin.type_in("Varför?", "Tabellen för status saknade en rad")
    admin.type_in("Skriv antalet", "1")
    admin.press("button", "Starta")


@pytest.mark.timeout(300)
def test_a_dead_letter_is_found_mended_replayed_and_seen_to_arrive(
    adapter: AdapterProcess, override: Path, admin: Visitor
) -> None:
    demo = adapter.demo
    control = send(demo)
    find(admin, control)
    assert admin.barriers() == []
    mend(admin, override)
    assert admin.barriers() == []
    restart(adapter)
    tail = admin.another_window()
    tail.open("/live")
    expect(tail.page.get_by_role("status")).to_have_text("Ansluten.")
    assert demo.received_with("kommun", control) == []
    replay(admin)
    assert admin.barriers() == []
    arrived = tail.page.locator("tbody tr.new", has=tail.page.get_by_title(control)).first
    expect(arrived.locator(".state")).to_have_text("delivered", timeout=15_000)
    assert tail.barriers() == []
    assert len(demo.received_with("kommun", control)) == 1
    assert dead_letters(admin) == []
    assert admin.barriers() == []
    # What the bench refuses it answers with 422, which Chromium counts among the errors.
    assert [said for said in admin.complaints if "status of 422" not in said] == []
