"""``_include``: what a plan refers to comes beside it, of the same record, the same decision and the same receipt."""

from __future__ import annotations

from base64 import b64decode
from typing import Any, Final

import httpx
import pytest

from tests.api.bridge import Bridge
from tests.api.test_fhir import confirm, held_plan
from tests.api.test_rest import link
from tests.exchange.bodies import TOLVAN, consent, plan_consent, revocation, sip

ASKED: Final = {"patient.identifier": TOLVAN}


async def asked(bridge: Bridge, *includes: str, client: str = "region", **more: str) -> httpx.Response:
    return await bridge.fhir("CarePlan", client, params=ASKED | more | {"_include": list(includes)})


def shown(answer: httpx.Response, mode: str) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json()["entry"] if entry["search"]["mode"] == mode]


def types(answer: httpx.Response) -> list[str]:
    return [resource["resourceType"] for resource in shown(answer, "include")]


@pytest.fixture
async def plans(bridge: Bridge) -> Bridge:
    """Two plans that may be released, each with its goals and team."""
    for body in (consent(), plan_consent(), sip("P-1"), sip("P-2")):
        await bridge.house.push(body)
    await bridge.house.work()
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
    for parameter, status in (("CarePlan:goal", 200), ("CarePlan:care-team", 403), ("CarePlan:*", 403)):
        params = ASKED | {"_include": parameter}
        assert (await plans.fhir("CarePlan", None, params=params, headers=headers)).status_code == status


async def test_one_receipt_covers_what_is_included(bridge: Bridge) -> None:
    await held_plan(bridge)
    answer = await asked(bridge, "CarePlan:*")
    assert (await confirm(bridge, answer.json()["identifier"])).status_code == 200
    assert await bridge.house.contents() == 0


async def test_what_is_included_is_told_in_the_audit_and_can_be_read(plans: Bridge) -> None:
    answer = await asked(plans, "CarePlan:goal")
    [query] = [it["query"] for it in (await plans.house.audit("access"))[-1]["entity"] if "query" in it]
    assert b"_include=CarePlan:goal" in b64decode(query)
    goal = shown(answer, "include")[0]["id"]
    disclosed = (await plans.house.audit("disclosure"))[-1]
    assert goal in str(disclosed)
    assert (await plans.fhir(f"Goal/{goal}")).status_code == 200
