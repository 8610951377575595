"""Client assertions: each counts once until it has expired, and nothing is kept of it afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from adapter.store.assertions import spend
from adapter.store.tables import assertion
from tests.store.conftest import Run

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


def test_an_assertion_counts_once_until_it_has_expired(run: Run) -> None:
    assert run(spend, key="one", expires_at=LATER, now=NOW)
    assert not run(spend, key="one", expires_at=LATER, now=NOW)
    assert run(spend, key="two", expires_at=LATER, now=NOW)
    assert not run(spend, key="one", expires_at=LATER, now=LATER - timedelta(microseconds=1))


def test_what_has_expired_is_forgotten(run: Run) -> None:
    run(spend, key="one", expires_at=LATER, now=NOW)
    run(spend, key="two", expires_at=LATER + timedelta(minutes=5), now=LATER)
    assert run(lambda connection: connection.scalars(select(assertion.c.key)).all()) == ["two"]
