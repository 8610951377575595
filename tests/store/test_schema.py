"""The migrations make the same tables in both databases."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, inspect, select, text

from adapter.domain.errors import ConfigurationError
from adapter.store.messages import accept
from adapter.store.migrations.versions.r0024_reruns_and_reasons import name_the_first
from adapter.store.schema import require_current, upgrade
from adapter.store.tables import message, metadata
from tests.store.conftest import Run
from tests.store.samples import new_message


def test_migrations_make_the_tables_that_the_code_knows(run: Run) -> None:
    differences = run(
        lambda c: compare_metadata(MigrationContext.configure(c, opts={"compare_type": True}), metadata)
    )
    assert differences == []
    assert run(_indexes) == {index.name for table in metadata.tables.values() for index in table.indexes}


def _indexes(connection: Connection) -> set[str | None]:
    return {
        index["name"]
        for table in metadata.tables
        for index in inspect(connection).get_indexes(table)
        if "duplicates_constraint" not in index
    }


def test_migrating_twice_changes_nothing(run: Run) -> None:
    run(lambda c: accept(c, new_message()))
    run(upgrade)
    assert run(lambda c: c.scalar(select(func.count()).select_from(message))) == 1


def test_a_rerun_of_a_rerun_becomes_one_of_the_first(run: Run) -> None:
    earlier = None
    for name in ("first", "second", "third", "fourth"):
        run(accept, new_message(id=name, rerun_of=earlier))
        earlier = name
    run(name_the_first)
    named = run(lambda c: c.execute(select(message.c.rerun_of).order_by(message.c.sequence)).scalars().all())
    assert named == [None, "first", "first", "first"]


def test_tables_of_another_version_are_refused(run: Run) -> None:
    run(require_current)
    run(lambda c: c.execute(text("alter table alembic_version rename to lost")))
    with pytest.raises(ConfigurationError):
        run(require_current)
