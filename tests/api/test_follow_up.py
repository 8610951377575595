"""The follow-up of a plan, read and searched by a side that only calls: no more of it than the consent reaches."""

from __future__ import annotations

from typing import Any, Final

import httpx
import pytest

from adapter.domain.identity import PERSONNUMMER
from adapter.gate.vocabulary import RESOURCE_TYPES
from tests.api import consents
from tests.api.bridge import Bridge
from tests.api.searches import asking, confirm, matches
from tests.exchange.bodies import OTHER, TOLVAN, person_data, plan_consent, revocation, sip
from tests.exchange.held_plans import hold_plans

PLAN: Final = ("CarePlan", "Goal", "CareTeam")


async def held_for(bridge: Bridge, *classes: str) -> None:
    """A plan that is held under a consent to these types of resources alone."""
    await bridge.house.push(plan_consent())
    of_types = {"class": [{"system": RESOURCE_TYPES, "code": code} for code in classes]}
    filed = await consents.post(bridge, consents.consent(provision=consents.provision() | of_types))
    assert filed.status_code == 201, filed.text
    await bridge.house.carry(sip())


async def found(bridge: Bridge, path: str, params: dict[str, Any]) -> list[str]:
    """The types of all that an answer holds, beside its matches too."""
    answer = await bridge.fhir(path, params=params)
    assert answer.status_code == 200, answer.text
    types = [entry["resource"]["resourceType"] for entry in answer.json()["entry"]]
    return sorted(set(types) - {"OperationOutcome"})


async def follow_up(bridge: Bridge) -> dict[str, Any]:
    [task] = matches(await bridge.fhir("Task", params=asking()))
    return task


async def test_it_is_found_by_its_plan_and_read_by_its_id(bridge: Bridge) -> None:
    await hold_plans(bridge.house)
    [plan] = matches(await bridge.fhir("CarePlan", params=asking()))
    task = await follow_up(bridge)
    assert task["focus"] == {"reference": f"CarePlan/{plan['id']}"}
    assert task["for"]["identifier"] == {"system": PERSONNUMMER, "value": TOLVAN}
    for plan_asked, count in ((f"CarePlan/{plan['id']}", 1), (f"CarePlan/{task['id']}", 0)):
        assert len(matches(await bridge.fhir("Task", params=asking() | {"focus": plan_asked}))) == count
    read = await bridge.fhir(f"Task/{task['id']}")
    assert (read.status_code, read.json()) == (200, task)


@pytest.mark.parametrize("classes", [PLAN, ("Task",)], ids=["not of the follow-up", "of it alone"])
async def test_a_consent_to_some_types_opens_no_others(bridge: Bridge, classes: tuple[str, ...]) -> None:
    await held_for(bridge, *classes)
    opened = {kind for kind in (*PLAN, "Task") if await found(bridge, kind, asking())}
    assert opened == set(classes)
    beside = asking() | {"_include": ["CarePlan:*"], "_revinclude": ["Task:*"]}
    assert await found(bridge, "CarePlan", beside) == (sorted(classes) if "CarePlan" in classes else [])
    with_plan = asking() | {"_include": "Task:*"}
    assert await found(bridge, "Task", with_plan) == (["Task"] if "Task" in classes else [])
    [patient] = matches(await bridge.fhir("Patient", params=asking(resource_type="Patient")))
    everything = f"Patient/{patient['id']}/$everything"
    assert await found(bridge, everything, {}) == sorted({*classes, "Patient"})


@pytest.mark.parametrize("kind", ["Goal", "Task"])
async def test_a_part_alone_stays_when_the_plans_own_consent_has_ended(bridge: Bridge, kind: str) -> None:
    await held_for(bridge, kind)
    assert await found(bridge, kind, asking()) == [kind]
    await bridge.house.push(revocation("S-plan"))
    assert await found(bridge, kind, asking()) == []
    assert await bridge.house.contents() == 0


async def test_a_follow_up_without_its_plan_does_not_name_it(bridge: Bridge) -> None:
    await held_for(bridge, "Task")
    assert "CarePlan" not in str(await follow_up(bridge))


async def test_what_no_consent_reaches_is_no_part_of_the_whole(bridge: Bridge) -> None:
    await held_for(bridge, *PLAN)
    answer = await bridge.fhir("CarePlan", params=asking() | {"_include": "CarePlan:*"})
    assert (await confirm(bridge, answer.json()["identifier"])).status_code == 200
    assert await bridge.house.contents() == 0


async def refused_by_scope(bridge: Bridge) -> httpx.Response:
    scopes = frozenset({"system/CarePlan.rs", "system/Goal.rs", "system/Task.r"})
    headers = {"Authorization": f"Bearer {bridge.token('region', scopes=scopes)}"}
    return await bridge.fhir("Task", None, params=asking(), headers=headers)


async def test_a_token_that_does_not_open_it_is_refused_whomever_it_names(bridge: Bridge) -> None:
    before = await refused_by_scope(bridge)
    await hold_plans(bridge.house)
    after = await refused_by_scope(bridge)
    assert (before.status_code, before.content) == (403, after.content)


@pytest.mark.parametrize("ending", [revocation(), revocation("S-plan"), person_data("person.protected")])
async def test_once_the_basis_has_ended_it_is_as_of_nobody(bridge: Bridge, ending: dict[str, Any]) -> None:
    await hold_plans(bridge.house)
    task = await follow_up(bridge)
    await bridge.house.push(ending)
    nobody = await bridge.fhir("Task", params=asking(OTHER))
    assert (await bridge.fhir("Task", params=asking())).content == nobody.content
    unknown = await bridge.fhir("Task/0f0e0d0c-0000-8000-8000-000000000000")
    assert (await bridge.fhir(f"Task/{task['id']}")).content == unknown.content
