"""Where the rows are kept: a file, or a server that proves who it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.settings import (
    DatabaseServer,
)
from tests.settings.folder import change, faults, load


def with_database(config: Path, *lines: str) -> None:
    path = config / "sambro.yaml"
    section = "".join(f"  {line}\n" for line in lines) + "audit: {writer: north}\n"
    path.write_text(f"{path.read_text(encoding='utf-8')}database:\n{section}", encoding="utf-8")


def test_the_database_is_a_file_unless_a_server_is_stated(config: Path) -> None:
    assert load(config).database is None
    (config / "database.password").write_text("s3cret\n", encoding="utf-8")
    url = "postgresql://sambro@db.example.org/sambro?sslmode=verify-full"
    with_database(config, f'url: "{url}"', "password_file: database.password")
    database = load(config).database
    assert database == DatabaseServer(url, "s3cret")
    assert "s3cret" not in repr(database)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://sambro@127.0.0.1:5433/sambro",
        "postgresql://sambro@[::1]/sambro",
        "postgresql:///sambro?host=/run/postgresql",
        "postgresql://sambro@one.example,two.example/sambro?sslmode=verify-ca&target_session_attrs=read-write",
    ],
)
def test_a_database_here_or_one_that_proves_who_it_is(config: Path, url: str) -> None:
    with_database(config, f'url: "{url}"')
    assert load(config).database == DatabaseServer(url, None)


def test_replicas_name_the_chain_that_each_writes(config: Path) -> None:
    with_database(config, 'url: "postgresql://127.0.0.1/sambro"')
    change(config, "audit: {writer: north}\n", "")
    [fault] = faults(config)
    assert "writer: is missing" in fault


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("mysql://sambro@127.0.0.1/sambro", "must be postgresql://user@host/database"),
        ("postgresql://sambro@127.0.0.1", "must be postgresql://user@host/database"),
        ("postgresql://sambro:s3cret@127.0.0.1/sambro", "must not hold the password"),
        ("postgresql://sambro@127.0.0.1/sambro?password=s3cret", "must not hold the password"),
        ("postgresql://sambro@db.example/sambro", "must say sslmode=verify-full"),
        ("postgresql://sambro@db.example/sambro?sslmode=require", "must say sslmode=verify-full"),
        ("postgresql://127.0.0.1,db.example/sambro", "must say sslmode=verify-full"),
        ("postgresql:///sambro?host=db.example", "must say sslmode=verify-full"),
        ("postgresql://[::1/sambro", "must be postgresql://user@host/database"),
    ],
)
def test_a_database_that_cannot_be_trusted_is_a_fault(config: Path, url: str, fault: str) -> None:
    with_database(config, f'url: "{url}"')
    [found] = faults(config)
    assert f"url: {fault}" in found
    assert "s3cret" not in found
