"""What tests of several rooms share: databases of both kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

import pytest

from adapter.cli import records
from adapter.main import commands, console, core
from adapter.mapping.catalog import MappingCatalog, load_catalog
from adapter.mapping.targets import TargetShapes
from tests.databases import Databases, Kind, Place, new_file
from tests.postgres import running

# What takes longest comes first, so that the workers of ``make test`` end together; the others follow by name.
_LONG_FIRST: Final = ("acceptance", "conformance", "fhir_profiles", "browser", "store")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    room = item.path.relative_to(Path(__file__).parent).parts[0]
    return _LONG_FIRST.index(room) if room in _LONG_FIRST else len(_LONG_FIRST)


@pytest.fixture(scope="session", autouse=True)
def _mappings_compiled_once() -> Iterator[None]:
    """Our mappings take a third of a second to compile, for each application or command that a test makes."""

    @lru_cache(8)
    def compiled(texts: frozenset[tuple[str, str]], shapes: TargetShapes | None) -> MappingCatalog:
        return load_catalog(dict(texts), shapes)

    def cached(texts: Mapping[str, str], shapes: TargetShapes | None = None) -> MappingCatalog:
        return compiled(frozenset(texts.items()), shapes)

    with pytest.MonkeyPatch.context() as patch:
        for module in (commands, console, core, records):
            patch.setattr(module, "load_catalog", cached)
        yield


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
