"""What every answer carries, and what no page contains."""

from __future__ import annotations

import hashlib
import re
from functools import partial
from pathlib import Path

import pytest

import adapter.console
from adapter.console.texts import Texts
from adapter.domain.states import State
from adapter.store.events import Stage
from adapter.store.sqlite import SqliteDatabase
from tests.console.conftest import Enter
from tests.console.samples import accept

CONSOLE = Path(adapter.console.__file__).parent
PATHS = (
    "/console/",
    "/console/messages/one",
    "/console/messages/none",
    "/console/overview",
    "/console/live",
    "/console/live?refresh",
    "/console/sign-in",
    "/console/nowhere",
    "/console/?state=lost",
    "/console/static/console.css",
    "/console/static/vendor/htmx.min.js",
)


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_carries_the_security_headers(
    enter: Enter, database: SqliteDatabase, path: str
) -> None:
    await database.write(partial(accept, id="one"))
    headers = (await (await enter(None)).get(path)).headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [path for path in PATHS if "static" not in path])
async def test_no_page_has_script_or_style_of_its_own_or_asks_another_host(
    enter: Enter, database: SqliteDatabase, path: str
) -> None:
    await database.write(partial(accept, id="one"))
    page = (await (await enter(None)).get(path)).text
    assert page.startswith("<!doctype html>")
    assert re.search(r"<script(?! src=\"/console/static/)", page) is None
    assert re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page) is None
    assert re.search(r"(src|href|action)=\"(?!/console/|#)", page) is None


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_text_that_a_template_names_exists(language: str) -> None:
    texts = Texts("sv" if language == "sv" else "en")
    named = {
        key
        for template in (CONSOLE / "templates").glob("*.html")
        for key in re.findall(r"\bt\([\"']([a-z.-]+)[\"']\)", template.read_text())
    }
    assert len(named) > 50
    assert all(texts(key) for key in named)


@pytest.mark.parametrize("word", [*State, *Stage])
def test_every_state_and_stage_is_explained(word: str) -> None:
    assert Texts("sv").stage(word) != Texts("en").stage(word)


def test_vendored_scripts_are_those_that_the_list_names() -> None:
    vendor = CONSOLE / "static" / "vendor"
    listed = dict(
        re.findall(r"^\| `([^`]+\.js)` .*`([0-9a-f]{64})`", (vendor / "VENDORED.md").read_text(), re.M)
    )
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in vendor.glob("*.js")}
    assert listed == found
