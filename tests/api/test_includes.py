"""``_include`` and ``_revinclude``: what a plan refers to and what refers to it, of the same record, decision and receipt."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from typing import Any, Final

import httpx
import pytest

from tests.api.bridge import Bridge
from tests.api.searches import confirm, link
from tests.exchange.bodies import TOLVAN, revocation
from tests.exchange.held_plans import hold_plans

ASKED: Final = {"patient.identifier": TOLVAN}


async def asked(
    bridge: Bridge, *includes: str, kind: str = "CarePlan", back: Sequence[str] = (), **more: str
) -> httpx.Response:
    beside = {"_include": list(includes), "_revinclude": list(back)}
    return await bridge.fhir(kind, params=ASKED | more | beside)


def shown(answer: httpx.Response, mode: str) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json()["entry"] if entry["search"]["mode"] == mode]


def types(answer: httpx.Response) -> list[str]:
    return [resource["resourceType"] for resource in shown(answer, "include")]


@pytest.fixture
async def plans(bridge: Bridge) -> Bridge:
    """Two plans that may be released, each with its goals and team."""
    await hold_plans(bridge.house, "P-1", "P-2")
    return bridge


@pytest.mark.parametrize(
    ("includes", "found"),
    [
        ((), set()),
        (("CarePlan:goal",), {"Goal"}),
        (("CarePlan:care-team:CareTeam",), {"CareTeam"}),
        (("CarePlan:goal", "CarePlan:care-team"), {"Goal", "CareTeam"}),
        (("CarePlan:*", "CarePlan:goal"), {"Goal", "CareTeam"}),
    ],
)
async def test_what_a_plan_refers_to_comes_once_and_is_not_counted(
    plans: Bridge, includes: tuple[str, ...], found: set[str]
) -> None:
    answer = await asked(plans, *includes)
    assert (answer.json()["total"], len(shown(answer, "match"))) == (2, 2)
    assert set(types(answer)) == found
    ids = [resource["id"] for resource in shown(answer, "include")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("kind", "includes", "back", "found"),
    [
        ("CarePlan", (), ("Task:focus",), ["Task"] * 2),
        ("CarePlan", (), ("Task:focus:CarePlan", "Task:*"), ["Task"] * 2),
        ("CarePlan", (), ("Task:based-on",), []),
        ("CarePlan", ("CarePlan:care-team",), ("Task:focus",), ["CareTeam"] * 2 + ["Task"] * 2),
        ("Goal", (), ("CarePlan:goal",), ["CarePlan"] * 2),
        ("Task", ("Task:*",), (), ["CarePlan"] * 2),
    ],
)
async def test_what_refers_to_a_match_comes_beside_it(
    plans: Bridge, kind: str, includes: tuple[str, ...], back: tuple[str, ...], found: list[str]
) -> None:
    assert sorted(types(await asked(plans, *includes, kind=kind, back=back))) == found


async def test_a_page_has_the_follow_up_of_its_own_plan(plans: Bridge) -> None:
    first = await asked(plans, back=["Task:focus"], _count="1")
    onward = link(first, "next")
    assert onward is not None
    for page in (first, await plans.fhir(onward)):
        [plan], [follow_up] = shown(page, "match"), shown(page, "include")
        assert follow_up["focus"] == {"reference": f"CarePlan/{plan['id']}"}


async def test_a_page_has_what_its_own_matches_refer_to(plans: Bridge) -> None:
    first = await asked(plans, "CarePlan:goal", _count="1")
    onward = link(first, "next")
    assert onward is not None
    for page in (first, await plans.fhir(onward)):
        [plan] = shown(page, "match")
        named = {goal["reference"] for goal in plan["goal"]}
        assert {f"Goal/{goal['id']}" for goal in shown(page, "include")} == named != set()


async def test_no_match_has_nothing_beside_it(plans: Bridge) -> None:
    assert types(await asked(plans, "CarePlan:*", status="revoked")) == []
    assert types(await asked(plans, "CarePlan:*", _summary="count")) == []
    await plans.house.push(revocation())
    nobody = await plans.fhir("CarePlan", params={"patient.identifier": "189002029800"})
    assert (await asked(plans, "CarePlan:*")).content == nobody.content


async def test_a_type_that_the_token_does_not_open_is_not_included(plans: Bridge) -> None:
    scopes = frozenset({"system/CarePlan.rs", "system/Goal.rs"})
    headers = {"Authorization": f"Bearer {plans.token('region', scopes=scopes)}"}
    for name, value, status in (
        ("_include", "CarePlan:goal", 200),
        ("_include", "CarePlan:care-team", 403),
        ("_include", "CarePlan:*", 403),
        ("_revinclude", "Task:focus", 403),
    ):
        params = ASKED | {name: value}
        assert (await plans.fhir("CarePlan", None, params=params, headers=headers)).status_code == status


async def test_one_receipt_covers_what_is_included(bridge: Bridge) -> None:
    """The follow-up is of the plan, too: who has confirmed all but that has not the whole."""
    await hold_plans(bridge.house)
    for back, kept in (((), 1), (("Task:focus",), 0)):
        answer = await asked(bridge, "CarePlan:*", back=back)
        assert (await confirm(bridge, answer.json()["identifier"])).status_code == 200
        assert await bridge.house.contents() == kept


async def test_what_is_included_is_told_in_the_audit_and_can_be_read(plans: Bridge) -> None:
    answer = await asked(plans, "CarePlan:goal")
    [query] = [it["query"] for it in (await plans.house.audit("access"))[-1]["entity"] if "query" in it]
    assert b"_include=CarePlan:goal" in b64decode(query)
    goal = shown(answer, "include")[0]["id"]
    disclosed = (await plans.house.audit("disclosure"))[-1]
    assert goal in str(disclosed)
    assert (await plans.fhir(f"Goal/{goal}")).status_code == 200
