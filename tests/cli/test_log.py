"""Commands about the message log and the audit, over a small database."""

from __future__ import annotations

import json
import sqlite3
from functools import partial

import pytest

from adapter.store import drift
from adapter.store.log import LogMessage
from tests.cli.command import Installation, Run
from tests.cli.story import happened
from tests.exchange.bodies import TOLVAN, consent, screening
from tests.exchange.house import House


async def withheld(house: House) -> LogMessage:
    return await house.carry(screening(messageId="m-withheld"))


async def delivered(house: House) -> LogMessage:
    await house.push(consent())
    return await house.carry(screening(messageId="m-delivered"))


async def dead(house: House) -> LogMessage:
    await house.push(consent())
    house.region.fail("http-422", transient=False)
    return await house.carry(screening(messageId="m-dead"))


async def waiting(house: House) -> LogMessage:
    await house.push(consent())
    house.region.fail("http-503")
    return await house.carry(screening(messageId="m-waiting"))


async def unknown_fields(house: House) -> None:
    """Two channels' senders sent fields that no rule used."""
    for channel, paths in (("a", ("x", "y")), ("a", ("x",)), ("b", ("x",))):
        await house.database.write(partial(drift.note, channel=channel, paths=paths, now=house.clock()))


def listed(run: Run, installation: Installation, *filters: str) -> list[str]:
    ran = run(*installation.options, "messages", "list", "--json", *filters)
    assert ran.code == 0
    return [message["controlId"] for message in json.loads(ran.out)]


def test_the_list_is_codes_and_ids_newest_first(run: Run, served: Installation) -> None:
    message = happened(served, withheld)
    happened(served, delivered)
    ran = run(*served.options, "messages", "list", "--json")
    shown = json.loads(ran.out)
    assert [one["state"] for one in shown] == ["delivered", "translated", "withheld"]
    assert (shown[-1]["id"], shown[-1]["reason"], shown[-1]["recordTypes"]) == (
        message.id,
        "no-consent",
        ["AUDIT"],
    )
    assert TOLVAN not in ran.out


def test_the_list_is_filtered(run: Run, served: Installation) -> None:
    happened(served, withheld)
    happened(served, delivered)
    assert listed(run, served, "--state", "withheld") == ["m-withheld"]
    assert listed(run, served, "--channel", "no-such-channel") == []
    assert listed(run, served, "--limit", "1") == ["m-delivered"]
    assert run(*served.options, "messages", "list", "--state", "no-such-state").code == 2


def test_the_list_for_people_shows_whole_ids(run: Run, served: Installation) -> None:
    message = happened(served, delivered)
    ran = run(*served.options, "messages", "list")
    assert (ran.code, message.id in ran.out, TOLVAN in ran.out) == (0, True, False)


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_message_is_shown_with_its_deliveries_and_its_steps(
    run: Run, served: Installation, form: tuple[str, ...]
) -> None:
    message = happened(served, delivered)
    ran = run(*served.options, "messages", "show", message.id, *form)
    shown = json.loads(ran.out)
    assert (ran.code, shown["state"], shown["rerunOf"]) == (0, "delivered", None)
    [delivery] = shown["deliveries"]
    assert (delivery["system"], delivery["state"], delivery["attempts"]) == ("vgr-journal", "delivered", 1)
    assert "/neutral-push-screening|" in shown["mapping"]
    assert {"source": "screening.screeningId", "target": "Observation.id"} in shown["trace"]
    stages = [step["stage"] for step in shown["timeline"]]
    assert [stages[0], stages[-1]] == ["received", "delivered"]


def test_fields_that_no_rule_used_are_counted_by_channel(run: Run, served: Installation) -> None:
    happened(served, unknown_fields)
    everything = json.loads(run(*served.options, "messages", "drift", "--json").out)
    assert {(one["channel"], one["path"]): (one["month"], one["count"]) for one in everything} == {
        ("a", "x"): ("2026-11", 2),
        ("a", "y"): ("2026-11", 1),
        ("b", "x"): ("2026-11", 1),
    }
    of_one = run(*served.options, "messages", "drift", "--channel", "a")
    lines = [line.split() for line in of_one.out.splitlines()]
    assert lines[0] == ["month", "channel", "messages", "first", "last", "field"]
    assert [(line[1], line[2], line[5]) for line in lines[1:]] == [("a", "2", "x"), ("a", "1", "y")]
    assert json.loads(run(*served.options, "messages", "drift", "--channel", "none", "--json").out) == []


@pytest.mark.parametrize("command", ["show", "retry", "cancel", "replay", "purge"])
def test_a_message_that_is_not_there_is_a_finding(run: Run, served: Installation, command: str) -> None:
    happened(served, withheld)
    ran = run(*served.options, "messages", command, "no-such-message")
    assert (ran.code, ran.out, ran.err) == (1, "", "no such message\n")


def test_what_waits_can_be_made_due_and_cancelled(run: Run, served: Installation) -> None:
    message = happened(served, waiting)
    assert run(*served.options, "messages", "retry", message.id).out == "1 deliveries due now\n"
    assert run(*served.options, "messages", "cancel", message.id).out == "1 cancelled, 0 under way\n"
    assert listed(run, served, "--state", "cancelled") == ["m-waiting"]


def test_a_dead_letter_can_be_replayed(run: Run, served: Installation) -> None:
    message = happened(served, dead)
    assert run(*served.options, "messages", "replay", message.id).out == "1 deliveries queued\n"
    shown = json.loads(run(*served.options, "messages", "show", message.id, "--json").out)
    assert [(one["system"], one["state"]) for one in shown["deliveries"]] == [("vgr-journal", "queued")]


def test_a_dead_letter_can_be_purged_and_what_was_delivered_cannot(run: Run, served: Installation) -> None:
    message, sent = happened(served, dead), happened(served, delivered)
    assert run(*served.options, "messages", "purge", message.id).out == "content wiped, 1 deliveries purged\n"
    assert listed(run, served, "--state", "purged") == ["m-dead"]
    refused = run(*served.options, "messages", "purge", sent.id)
    assert (refused.code, refused.err) == (1, "the message's state does not allow that\n")


def test_an_intact_audit_is_verified(run: Run, served: Installation) -> None:
    happened(served, delivered)
    assert run(*served.options, "audit", "verify").code == 0


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (
            "UPDATE audit SET kind = 'access' WHERE number = 2",
            "test row 2: seal-broken",
        ),
        ("DELETE FROM audit WHERE number = 2", "test row 2: missing"),
    ],
)
def test_a_changed_audit_is_a_finding(run: Run, served: Installation, change: str, finding: str) -> None:
    happened(served, delivered)
    database(served, change)
    ran = run(*served.options, "audit", "verify")
    assert (ran.code, finding in ran.out.splitlines()) == (1, True)


def test_a_database_that_does_not_answer_is_unreachable(run: Run, served: Installation) -> None:
    message = happened(served, delivered)
    database(served, "ALTER TABLE delivery RENAME TO lost")
    ran = run(*served.options, "messages", "show", message.id)
    assert (ran.code, ran.out, ran.err) == (3, "", "unreachable: database-read-failed\n")


def database(installation: Installation, statement: str) -> None:
    with sqlite3.connect(installation.data / "sambro.db") as connection:
        connection.execute(statement)
    connection.close()
