"""``sambro consent``: the registry by codes and ids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.command import Installation, Run
from tests.cli.story import happened
from tests.exchange.bodies import OTHER, TOLVAN, consent, plan_consent, revocation, screening
from tests.exchange.house import House


async def three(house: House) -> None:
    """One that a delivery left under and that was then taken back, one to a plan, one of somebody else."""
    await house.push(consent("S-1"))
    await house.carry(screening())
    house.clock.move(seconds=1)
    await house.push(plan_consent("S-plan"))
    await house.push(revocation("S-1"))
    house.clock.move(seconds=1)
    await house.push(consent("S-2", person=OTHER))


@pytest.fixture
def served(served: Installation) -> Installation:
    """An installation with some Consents."""
    happened(served, three)
    return served


def listed(run: Run, served: Installation, *options: str) -> list[dict[str, Any]]:
    ran = run(*served.options, "consent", "list", "--json", *options)
    assert ran.code == 0
    found: list[dict[str, Any]] = json.loads(ran.out)
    return found


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ((), [("osl-waiver", "active", 1), ("sip-plan", "active", 1), ("osl-waiver", "inactive", 2)]),
        (("--limit", "1"), [("osl-waiver", "active", 1)]),
        (("--category", "sip-plan"), [("sip-plan", "active", 1)]),
        (("--status", "inactive"), [("osl-waiver", "inactive", 2)]),
        (("--agreement", "https://example.org/other"), []),
    ],
)
def test_the_list_is_of_current_versions_newest_first(
    run: Run, served: Installation, options: tuple[str, ...], found: list[tuple[str, str, int]]
) -> None:
    shown = listed(run, served, *options)
    ordered = sorted(shown, key=lambda one: found.index((one["category"], one["status"], one["version"])))
    assert [(one["category"], one["status"], one["version"]) for one in ordered] == found
    assert [one["filedAt"] for one in shown] == sorted((one["filedAt"] for one in shown), reverse=True)


def test_nothing_tells_whose_it_is(run: Run, served: Installation) -> None:
    table = run(*served.options, "consent", "list").out
    [first, *_] = listed(run, served)
    one = run(*served.options, "consent", "show", first["id"]).out
    assert first["id"] in table
    for text in (table, one, json.dumps(first)):
        assert not [secret for secret in (TOLVAN, OTHER, "S-2") if secret in text]


def test_one_is_shown_with_its_versions_and_what_left_under_it(run: Run, served: Installation) -> None:
    [ended] = listed(run, served, "--status", "inactive")
    shown = json.loads(run(*served.options, "consent", "show", ended["id"], "--json").out)
    assert [(one["version"], one["status"], one["registrar"]) for one in shown["versions"]] == [
        (2, "inactive", "kommun"),
        (1, "active", "kommun"),
    ]
    assert shown["versions"][0]["endedAt"] == shown["versions"][0]["filedAt"]
    assert shown["deliveries"] == {"delivered": 1}


def test_one_that_is_not_there_is_a_finding(run: Run, served: Installation) -> None:
    ran = run(*served.options, "consent", "show", "no-such-consent")
    assert (ran.code, ran.out, ran.err) == (1, "", "no such consent\n")
