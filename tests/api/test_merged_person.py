"""A plan that was held under a samordningsnummer, asked for by the personnummer that a merge joined it to."""

from __future__ import annotations

from pathlib import Path

from tests.api.bridge import bridged
from tests.api.searches import asking, confirm
from tests.exchange.bodies import SAMORDNING, TOLVAN, adt_a40, consent, plan_consent, sent_by_region, sip
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
