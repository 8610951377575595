"""What tests of several rooms share: databases of both kinds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Databases, Kind, Place, new_file
from tests.postgres import running


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Kind:
    """Which kind of database a test runs on: on each, unless its module says otherwise."""
    kind: Kind = request.param
    return kind


@pytest.fixture
def place(engine: Kind, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """An empty database with its tables."""
    if engine == "sqlite":
        yield new_file(tmp_path / "data" / "sambro.db")
        return
    databases: Databases = request.getfixturevalue("postgres")
    with databases.one() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """A PostgreSQL server for all tests of this process."""
    with running() as server:
        yield Databases(server)
