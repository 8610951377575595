"""``sambro follow-up``: what waits, who acted and why, and who has seen to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.command import Installation, Run
from tests.cli.story import happened
from tests.exchange.bodies import TOLVAN
from tests.exchange.house import House
from tests.exchange.parties import region, requester
from tests.exchange.releases import OFFICIAL, WHY, filed

AGREEMENT = "https://w3id.org/sambro/agreement/alingsas-socialmedicinska"


async def tried(house: House) -> None:
    await house.search("CarePlan", requester=region("BTG"))


async def tried_by_a_stranger(house: House) -> None:
    await house.search("CarePlan", requester=requester("2321000016", "SE2321000016-E0901", "BTG"))


@pytest.fixture
def served(served: Installation) -> Installation:
    """An installation with a release without consent and two attempts at emergency access."""
    for step in (filed, tried, tried_by_a_stranger):
        happened(served, step)
    return served


def listed(run: Run, served: Installation, *options: str) -> list[dict[str, Any]]:
    ran = run(*served.options, "follow-up", "--json", *options)
    assert ran.code == 0
    found: list[dict[str, Any]] = json.loads(ran.out)
    return found


def test_the_list_is_codes_and_ids_oldest_first(run: Run, served: Installation) -> None:
    found = listed(run, served)
    assert [one["kind"] for one in found] == ["lawful-ground", "emergency-access", "emergency-access"]
    assert [one["party"] for one in found] == ["kommun", "region", None]
    ran = run(*served.options, "follow-up")
    assert all(one["id"] in ran.out for one in found)
    for shown in (ran.out, json.dumps(found, ensure_ascii=False)):
        assert not [secret for secret in (TOLVAN, WHY, OFFICIAL.value) if secret in shown]


def test_a_party_sees_its_own(run: Run, served: Installation) -> None:
    assert [one["kind"] for one in listed(run, served, "--party", f"{AGREEMENT}#kommun")] == ["lawful-ground"]
    assert listed(run, served, "--party", f"{AGREEMENT}#elevhalsan") == []


def test_one_entry_shows_who_and_why(run: Run, served: Installation) -> None:
    [entry, *_] = listed(run, served)
    shown = json.loads(run(*served.options, "follow-up", "show", entry["id"]).out)
    assert (shown["official"], shown["why"]) == (OFFICIAL.value, WHY)


def test_what_was_seen_to_is_off_the_list_and_audited(run: Run, served: Installation) -> None:
    made = run(
        *served.options,
        "admin",
        "create",
        "eva",
        "--party",
        "*",
        "--password-stdin",
        given="correct horse battery\n",
    )
    assert made.code == 0
    [entry, *others] = listed(run, served)
    ran = run(*served.options, "follow-up", "done", entry["id"], "--by", "eva")
    assert (ran.code, ran.out.startswith("seen to by eva at ")) == (0, True)
    assert listed(run, served) == others
    [kept, *_] = listed(run, served, "--all")
    assert (kept["id"], kept["doneBy"]) == (entry["id"], "eva")
    assert run(*served.options, "audit", "verify").code == 0

    async def audited(house: House) -> None:
        [event] = await house.audit("follow-up")
        assert (event["agent"][0]["who"]["display"], event["action"]) == ("eva", "U")

    happened(served, audited)


@pytest.mark.parametrize(
    ("by", "entry", "missing"), [("eva", "", "administrator"), ("eva", "none", "administrator")]
)
def test_who_does_not_exist_sees_to_nothing(
    run: Run, served: Installation, by: str, entry: str, missing: str
) -> None:
    entry = entry or listed(run, served)[0]["id"]
    ran = run(*served.options, "follow-up", "done", entry, "--by", by)
    assert (ran.code, ran.err.strip()) == (1, f"no such {missing}")
    assert len(listed(run, served)) == 3


def test_an_entry_that_there_is_not_is_named_so(run: Run, served: Installation) -> None:
    ran = run(*served.options, "follow-up", "show", "none")
    assert (ran.code, ran.err.strip()) == (1, "no such follow-up")
