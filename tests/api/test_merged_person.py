"""A plan that is held under one of two numbers, a personnummer and a samordningsnummer, which a merge joins."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.domain.states import State
from tests.api import consents
from tests.api.bridge import bridged
from tests.api.searches import asking, confirm
from tests.exchange.bodies import (
    SAMORDNING,
    TOLVAN,
    Json,
    adt_a40,
    consent,
    plan_consent,
    sent_by_region,
    sip,
)
from tests.exchange.parties import REGION_PUSH, with_region_push

ALONG = {"_include": ["CarePlan:*"], "_revinclude": ["Task:focus", "Task:based-on"]}


async def test_every_way_to_ask_gives_one_person_and_the_receipt_ends_the_hold(tmp_path: Path) -> None:
    async with bridged(tmp_path, with_region_push()) as bridge:
        house = bridge.house
        for body in (consent(person=SAMORDNING), plan_consent(person=SAMORDNING)):
            await house.push(sent_by_region(body), REGION_PUSH)
        await house.push(sip(person=SAMORDNING))
        await house.work()
        await house.send(adt_a40())

        [patient, _] = (await bridge.fhir("Patient", params=asking(resource_type="Patient"))).json()["entry"]
        patient_id = patient["resource"]["id"]
        everything = await bridge.fhir(f"Patient/{patient_id}/$everything")
        answer = await bridge.fhir("CarePlan", params=asking() | ALONG)
        plan_id = answer.json()["entry"][0]["resource"]["id"]
        plan = await bridge.fhir(f"CarePlan/{plan_id}")

        kinds = [entry["resource"]["resourceType"] for entry in everything.json()["entry"]]
        assert sorted(kinds) == sorted(
            ["CarePlan", "CareTeam", "Goal", "Goal", "OperationOutcome", "Patient", "Task"]
        )
        assert plan.json() == answer.json()["entry"][0]["resource"]
        for text in (everything.text, answer.text, plan.text):
            assert TOLVAN in text
            assert SAMORDNING not in text
        assert (await confirm(bridge, answer.json()["identifier"])).status_code == 200
        assert await house.contents() == 0


@pytest.mark.parametrize(
    ("denied", "held"), [(SAMORDNING, TOLVAN), (TOLVAN, SAMORDNING)], ids=["that ceases", "that stays"]
)
async def test_a_deny_of_plans_of_one_number_ends_the_plan_that_is_held_under_the_other(
    tmp_path: Path, denied: str, held: str
) -> None:
    async with bridged(tmp_path, with_region_push()) as bridge:
        house = bridge.house
        of_plans: Json = {"category": consents.category("sip-plan"), "provision": consents.provision("deny")}
        await consents.filed(bridge, consents.consent(number=denied, **of_plans))
        for body in (consent(person=held), plan_consent(person=held)):
            await house.push(sent_by_region(body), REGION_PUSH)
        receipt = await house.push(sip(person=held))
        await house.work()
        before = await house.delivery(receipt, "hold")
        await house.send(adt_a40())
        after = await house.delivery(receipt, "hold")
        assert [(one.state, one.codes) for one in (before, after)] == [
            (State.QUEUED, ()),
            (State.CANCELLED, ("sip-consent-missing",)),
        ]
        assert await house.contents() == 0
