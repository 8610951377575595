"""The bench maps a sample as ``sambro map`` does, by the files as they are now, and keeps nothing."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from time import process_time
from typing import Any, Final

import orjson
import pytest
from httpx import Response
from sqlalchemy import func, select

from adapter.domain.errors import ConfigurationError, Fault
from adapter.mapping.catalog import MappingCatalog
from adapter.mapping.charset import shown
from adapter.store.sqlite import SqliteDatabase
from adapter.store.tables import audit, message
from tests.console.conftest import BENCH, Browser, Enter
from tests.console.samples import KOMMUN
from tests.exchange.bodies import TOLVAN
from tests.exchange.parties import alingsas

OURS: Final = replace(BENCH, agreements=(alingsas(),))


@pytest.mark.parametrize(
    ("mapping", "name"), [(mapping, name) for mapping, names in OURS.examples().items() for name in names]
)
def test_each_shipped_example_gives_what_its_expected_output_says(mapping: str, name: str) -> None:
    tried = OURS.try_out(mapping, OURS.example(mapping, name))
    [folder] = [
        folder / "examples"
        for folder in (files("mappings") / "systems").iterdir()
        if (folder / "examples" / name).is_file() and mapping in _mappings_of(folder.name)
    ]
    ending = "fhir.json" if name.endswith("fhir.json") else name.rsplit(".", 1)[1]
    stem = f"{name.removesuffix(ending)}expected."
    [file] = [entry for entry in folder.iterdir() if entry.name.startswith(stem)]
    given = orjson.dumps(tried.body) if file.name.endswith(".json") else tried.written
    assert tried.faults == ()
    assert _content(file.name, given) == _content(file.name, file.read_bytes())
    assert tried.text == (
        shown(given) if tried.written else orjson.dumps(tried.body, option=orjson.OPT_INDENT_2).decode()
    )
    assert tried.trace


def _content(name: str, body: bytes) -> Any:
    return orjson.loads(body) if name.endswith(".json") else body


def _mappings_of(folder: str) -> set[str]:
    return {one.name for one in BENCH.catalog().all() if one.file.startswith(f"systems/{folder}/")}


async def test_the_screen_shows_result_trace_and_what_no_rule_used(
    enter: Enter, database: SqliteDatabase
) -> None:
    mapping, name = next((mapping, names[0]) for mapping, names in BENCH.examples().items() if names)
    browser = await enter(KOMMUN)
    begun = await browser.get(f"/console/bench?mapping={mapping}&example={name}")
    assert f'<option value="{mapping}" selected>' in begun.text
    page = await _map(browser, mapping, BENCH.example(mapping, name))
    assert page.status_code == 200
    assert "Vad som kom varifrån" in page.text
    assert "resourceType" in page.text
    count = select(func.count()).select_from(message)
    assert await database.read(lambda connection: connection.scalar(count)) == 0
    told = await database.read(lambda connection: list(connection.scalars(select(audit.c.event))))
    assert TOLVAN.encode() not in b"".join(told)


async def _map(browser: Browser, mapping: str, sample: str) -> Response:
    return await browser.submit("/console/bench", mapping=mapping, sample=sample)


@pytest.mark.parametrize(
    ("sample", "code"),
    [("{", "not-json"), ("MSH|^~\\&|x", "MSH-9"), ("MSH|^~\\&|\u4e2d", "charset"), ("<a", "not-xml")],
)
async def test_what_cannot_be_mapped_is_said_with_its_code(enter: Enter, sample: str, code: str) -> None:
    page = await _map(await enter(KOMMUN), "neutral-push-sip", sample)
    assert (page.status_code, code in page.text) == (422, True)


async def test_a_mapping_that_is_none_is_said(enter: Enter) -> None:
    page = await _map(await enter(KOMMUN), "none", "{}")
    assert (page.status_code, "no-mapping" in page.text) == (422, True)


def test_a_fault_in_a_mapping_file_is_shown_with_its_line() -> None:
    def broken() -> MappingCatalog:
        raise ConfigurationError([Fault("systems/x/sip.yaml", 7, "entry: is missing")])

    [issue] = replace(BENCH, catalog=broken).try_out("x", "{}").faults
    assert (issue.path, issue.code) == ("systems/x/sip.yaml:7", "entry: is missing")


async def test_an_example_outside_the_shipped_ones_is_none(enter: Enter) -> None:
    browser = await enter(KOMMUN)
    mapping = next(iter(BENCH.examples()))
    page = await browser.get(f"/console/bench?mapping={mapping}&example=../../../pyproject.toml")
    assert (page.status_code, "[build-system]" in page.text) == (200, False)


def test_a_declaration_without_end_is_read_in_no_time() -> None:
    started = process_time()
    assert OURS.try_out("neutral-push-sip", "<?xml " + " " * 50_000 + "<").body is None
    assert process_time() - started < 2
