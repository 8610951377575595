"""However much waits for a system that is dead, a claim for another looks at nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson
import pytest
from sqlalchemy import Connection, event, text

from adapter.domain.instants import utc_now
from adapter.store.inbound import claim_inbound
from adapter.store.outbound import claim_outbound
from tests.store.backlog import many_waiting
from tests.store.conftest import Run
from tests.store.samples import LEASE, OTHER, new_delivery
from tests.store.steps import accept, process

_WAITING: Final = 2_000
_MOST: Final = 10

Claim = Callable[[Connection], Sequence[Any]]


def claim_ehr(connection: Connection) -> Sequence[Any]:
    return claim_outbound(connection, "ehr", "worker", utc_now(), LEASE, _MOST)


def claim_next(connection: Connection) -> Sequence[Any]:
    return claim_inbound(connection, "worker", utc_now(), LEASE, _MOST)


def looked_at(connection: Connection, claim: Claim) -> int:
    """What a claim costs the database, undone: steps of its machine, or pages and rows looked at."""
    with connection.begin_nested() as undone:
        count = _steps if connection.dialect.name == "sqlite" else _pages
        looked = count(connection, claim)
        undone.rollback()
    return looked


def _steps(connection: Connection, claim: Claim) -> int:
    raw: Any = connection.connection.dbapi_connection
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    raw.set_progress_handler(step, 1)
    assert claim(connection)
    raw.set_progress_handler(None, 0)
    return steps


def _pages(connection: Connection, claim: Claim) -> int:
    taken: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        taken.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    with connection.begin_nested() as undone:
        assert claim(connection)
        undone.rollback()
    event.remove(connection, "before_cursor_execute", note)
    [(statement, parameters)] = [one for one in taken if one[0].startswith("WITH due")]
    explained = connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
    ).scalar_one()
    [found] = orjson.loads(explained) if isinstance(explained, str) else explained
    return _rows(found["Plan"])


def _rows(node: dict[str, Any]) -> int:
    """Rows that a plan's nodes gave, or looked at in vain."""
    mine = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return int(mine * node["Actual Loops"]) + sum(_rows(below) for below in node.get("Plans", ()))


@pytest.mark.parametrize("claim", [claim_ehr, claim_next])
def test_what_waits_for_a_dead_recipient_costs_a_claim_for_others_nothing(run: Run, claim: Claim) -> None:
    accept(run, subject_key=OTHER)
    process(run, new_delivery(person_key=OTHER))
    accept(run)
    alone = run(looked_at, claim)
    run(many_waiting, _WAITING, "dead")
    run(lambda c: c.execute(text("ANALYZE")))
    assert run(looked_at, claim) <= 1.2 * alone + _MOST
    assert len(run(claim)) == 1
    assert len(run(claim_outbound, "dead", "worker", utc_now(), LEASE, _MOST)) == _MOST
