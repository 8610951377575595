"""``sambro database copy``: the whole installation, verified; refused where it could harm."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapter.store.lock import ServiceLock
from adapter.store.postgres import Server
from tests.cli.command import Installation, Run
from tests.databases import Databases


@pytest.fixture
def server(postgres: Databases) -> Iterator[Server]:
    with postgres.one() as server:
        yield server


@pytest.fixture
def used(run: Run, installation: Installation) -> Installation:
    """An installation on SQLite that has an account, and two rows of audit."""
    assert run(*installation.options, "keys", "init").code == 0
    for name in ("first", "second"):
        made = run(
            *installation.options,
            "admin", "create", name, "--party", "*", "--password-stdin",
            given="a long enough password\n",
        )  # fmt: skip
        assert made.code == 0, made.err
    return installation


def point_at(installation: Installation, server: Server) -> None:
    """The settings of the new database, its first writer the one that there was."""
    settings = installation.config / "sambro.yaml"
    more = f'database: {{url: "{server.url}"}}\naudit: {{writer: sambro}}\n'
    settings.write_text(settings.read_text(encoding="utf-8") + more, encoding="utf-8")


def test_all_of_it_is_copied_and_the_audit_verifies(run: Run, used: Installation, server: Server) -> None:
    point_at(used, server)
    ran = run(*used.options, "database", "copy")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "no break in any chain"), ran.err
    assert {"admin: 2", "audit: 2"} <= set(ran.out.splitlines())
    again = run(*used.options, "database", "copy")
    assert again.code == 2
    assert "is not empty" in again.err


def test_without_a_target_a_source_or_while_the_service_runs_it_does_nothing(
    run: Run, used: Installation, server: Server
) -> None:
    ran = run(*used.options, "database", "copy")
    assert (ran.code, "names no database" in ran.err) == (2, True)
    point_at(used, server)
    with ServiceLock(used.data / "service.lock"):
        ran = run(*used.options, "database", "copy")
        assert (ran.code, "stop it first" in ran.err) == (2, True)
    (used.data / "sambro.db").rename(used.data / "away.db")
    ran = run(*used.options, "database", "copy")
    assert (ran.code, "nothing to copy" in ran.err) == (2, True)


def test_another_installation_s_key_copies_nothing(run: Run, used: Installation, server: Server) -> None:
    point_at(used, server)
    own = used.key.read_bytes()
    used.key.write_bytes(bytes(32))
    ran = run(*used.options, "database", "copy")
    assert (ran.code, ran.err) == (2, "key: this database was made with another master key\n")
    used.key.write_bytes(own)
    assert run(*used.options, "database", "copy").code == 0
