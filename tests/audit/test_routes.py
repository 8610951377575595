"""Every route of the application leaves the rows that the table in docs/audit.md says, also when it refuses."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.audit.exercises import EXERCISES
from tests.audit.real_app import RealApp, real_app, route_names
from tests.exchange.bodies import TOLVAN

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "audit.md"
_ROW: Final = re.compile(r"\| `([^`]+)` \| ([^|]+?) \| ([^|]+?) \|")
_NONE: Final = "none"


def _table() -> dict[tuple[str, str], frozenset[str]]:
    """The table: route and case -> what is written, ``kind outcome``, or ``kind`` alone where the outcome may be any."""
    _, _, section = DOCUMENT.read_text(encoding="utf-8").partition("\n## Routes\n")
    section, _, _ = section.partition("\n## ")
    return {(route, when): _kinds(rows) for route, when, rows in _ROW.findall(section)}


def _kinds(rows: str) -> frozenset[str]:
    return frozenset() if rows.startswith(_NONE) else frozenset(re.findall(r"`([^`]+)`", rows))


TABLE: Final = _table()


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[RealApp]:
    async with real_app(tmp_path) as real:
        yield real


async def test_every_route_stands_in_the_table(real: RealApp) -> None:
    routes = {*route_names(real.app.routes), "MLLP"}
    documented = {route for route, _ in TABLE}
    new, gone = sorted(routes - documented), sorted(documented - routes)
    assert not new, (
        f"{new}: not in the table of docs/audit.md, section 'Routes'. Add a line for each case, refusals too: "
        "| `METHOD /path` | when | `kind outcome` ... or none: why |, and how to bring it about to tests/audit/exercises.py"
    )
    assert not gone, f"{gone}: in the table of docs/audit.md and not in the application; take the lines away"


def test_every_case_of_the_table_can_be_brought_about() -> None:
    missing, idle = sorted(TABLE.keys() - EXERCISES.keys()), sorted(EXERCISES.keys() - TABLE.keys())
    assert not missing, f"{missing}: in the table of docs/audit.md; add each to tests/audit/exercises.py"
    assert not idle, (
        f"{idle}: in tests/audit/exercises.py; add a line to the table of docs/audit.md, section 'Routes'"
    )


@pytest.mark.parametrize("case", TABLE, ids=lambda case: f"{case[0]}, {case[1]}")
async def test_each_route_leaves_its_rows(real: RealApp, case: tuple[str, str]) -> None:
    await EXERCISES[case](real)
    expected = TABLE[case]
    rows = await real.rows()
    written = {kind if kind in expected else f"{kind} {event['outcome']}" for kind, event in rows}
    assert written == expected
    assert TOLVAN not in str(rows)
