"""What administrators look at and do on the command line leaves its row, with who did it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import create_engine, text

from tests.cli.command import Installation, Run

ME = pwd.getpwuid(os.getuid()).pw_name


def written(installation: Installation) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Kind, subtype, outcome and event of every row."""
    engine = create_engine(f"sqlite:///{installation.data / 'sambro.db'}")
    with engine.connect() as connection:
        rows = connection.execute(text("select kind, event from audit order by number")).all()
    engine.dispose()
    events = [(kind, orjson.loads(event)) for kind, event in rows]
    return [(kind, event["subtype"][0]["code"], event["outcome"], event) for kind, event in events]


@pytest.mark.parametrize(
    ("arguments", "row"),
    [
        (("messages", "list", "--state", "dead"), ("view", "view-messages-list", "0")),
        (("messages", "drift", "--channel", "a"), ("view", "view-messages-drift", "0")),
        (("consent", "list", "--status", "active"), ("view", "view-consent-list", "0")),
        (("messages", "purge", "none"), ("administration", "messages-purge", "4")),
        (("messages", "retry", "none"), ("administration", "messages-retry", "4")),
        (("messages", "cancel", "none"), ("administration", "messages-cancel", "4")),
        (("messages", "replay", "none"), ("administration", "messages-replay", "4")),
        (
            ("admin", "create", "x", "--party", "*", "--password-stdin"),
            ("administration", "admin-create", "0"),
        ),
        (("token", "--client", "region"), ("administration", "token", "0")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_each_command_leaves_a_row_by_whoever_ran_it(
    run: Run, installation: Installation, arguments: tuple[str, ...], row: tuple[str, str, str]
) -> None:
    run(*installation.options, "keys", "init")
    run(*installation.options, *arguments, given="correct horse battery\n")
    [(*found, event)] = written(installation)
    assert tuple(found) == row
    assert event["agent"][0]["who"] == {"display": ME}


def test_a_view_names_the_filters_and_not_their_values(run: Run, installation: Installation) -> None:
    run(*installation.options, "keys", "init")
    run(*installation.options, "messages", "list", "--state", "dead", "--code", "http-503")
    [(*_, event)] = written(installation)
    assert "http-503" not in str(event)
    assert len([entity for entity in event["entity"] if "query" in entity]) == 1


def test_commands_without_an_installation_leave_none(
    run: Run, installation: Installation, tmp_path: Path
) -> None:
    run(*installation.options, "keys", "init")
    run(*installation.options, "check")
    run(*installation.options, "keys", "status")
    assert not (installation.data / "sambro.db").exists()
