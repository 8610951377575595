"""A SQLite database copied into an empty PostgreSQL database: every row, all or nothing, and counting goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Connection, insert, select

from adapter.domain.errors import ConfigurationError
from adapter.store import audit, copying
from adapter.store.audit import AuditRow
from adapter.store.chain import ChainWalk
from adapter.store.messages import accept
from adapter.store.postgres import Server
from adapter.store.tables import message, meta, metadata
from tests.databases import Transact, transactions
from tests.store.samples import KEYRING, NOW, RAW, new_delivery, new_message
from tests.store.steps import claim, process, send

EVENT: Final = b'{"resourceType":"AuditEvent"}'


@pytest.fixture
def source(path: Path) -> Path:
    """A file with a message that waits, one that is being sent, one that is accepted, and an audit."""
    with transactions(path) as transact:

        def run(op: Any, *args: Any, **kwargs: Any) -> Any:
            return transact(lambda connection: op(connection, *args, **kwargs))

        for person in ("first", "second", "third"):
            run(accept, new_message(subject_key=person), RAW)
        for person in ("first", "second"):
            process(run, new_delivery(person_key=person))
        [held] = claim(run, limit=1)
        send(run, held)
        row = AuditRow(NOW, "first", "access", EVENT)
        run(audit.append, KEYRING, "sambro", [row, row])
    return path


@pytest.fixture
def target(server: Server) -> Iterator[Transact]:
    with transactions(server) as transact:
        yield transact


def everything(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
        for table in metadata.sorted_tables
    }


def test_every_row_comes_over_as_it_is(source: Path, target: Transact) -> None:
    copied = target(lambda c: copying.copy_from(c, source))
    with transactions(source) as at_source:
        before = at_source(everything)
    assert target(everything) == before
    assert {name: count for name, count in copied.items() if count} == {
        name: len(rows) for name, rows in before.items() if rows
    }
    assert (
        min(
            copied[name]
            for name in ("message", "delivery", "lane", "content", "event", "field_trace", "audit")
        )
        > 0
    )


def test_what_is_accepted_afterwards_follows(source: Path, target: Transact) -> None:
    target(lambda c: copying.copy_from(c, source))
    target(lambda c: accept(c, new_message(id="later", subject_key="first"), RAW))
    names = target(lambda c: c.scalars(select(message.c.id).order_by(message.c.sequence)).all())
    assert (len(names), names[-1]) == (4, "later")


def test_the_audit_s_chain_is_whole_and_goes_on(source: Path, target: Transact) -> None:
    target(lambda c: copying.copy_from(c, source))
    target(lambda c: audit.append(c, KEYRING, "sambro", [AuditRow(NOW, None, "access", EVENT)]))
    walk = ChainWalk(KEYRING, "sambro", ())
    faults = []
    while not walk.is_done:
        faults += target(lambda c: list(walk.page(c)))
    assert faults == []


def test_a_database_that_is_not_empty_is_refused_and_left_alone(source: Path, target: Transact) -> None:
    target(lambda c: c.execute(insert(meta).values(name="other", value="x")))
    with pytest.raises(ConfigurationError, match=r"not empty \(meta\)"):
        target(lambda c: copying.copy_from(c, source))
    assert target(lambda c: c.scalars(select(message.c.id)).all()) == []


def test_a_copy_that_breaks_off_leaves_nothing(source: Path, target: Transact) -> None:
    def broken(connection: Connection) -> None:
        copying.copy_from(connection, source)
        raise KeyError("the power")

    with pytest.raises(KeyError):
        target(broken)
    assert not any(target(everything).values())
