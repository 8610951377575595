"""What is held when two numbers become one person is that person's, whichever number is asked by (gate.md, "Deciding" 11)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, update
from structlog.testing import capture_logs

from adapter.domain.states import State
from adapter.exchange.translation import Translation
from adapter.store import messages, tables
from adapter.store.log import message_detail
from tests.exchange.bodies import (
    OTHER,
    SAMORDNING,
    TOLVAN,
    Json,
    adt_a40,
    consent,
    plan_consent,
    revocation,
    sent_by_region,
    sip,
)
from tests.exchange.house import House, opened
from tests.exchange.parties import REGION_PUSH, person, region, with_region_push

TYPES = ("CarePlan", "Goal", "CareTeam", "Task")
BOTH = (TOLVAN, SAMORDNING)
BLOCK: Json = {"kategori": "sparr", "mottagare": None, "andamal": None, "period": None}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """The region has filed the consents, and may say where they move."""
    async with opened(tmp_path, with_region_push()) as house:
        yield house


async def consented(house: House, number: str) -> None:
    """The region files both consents."""
    for body in (consent(f"S-{number[-4:]}", person=number), plan_consent(f"P-{number[-4:]}", person=number)):
        await house.push(sent_by_region(body), REGION_PUSH)


async def held_and_merged(house: House) -> str:
    """A plan is held for the region under the samordningsnummer, which a merge then joins to the personnummer; its message."""
    await consented(house, SAMORDNING)
    receipt = await house.push(sip(person=SAMORDNING))
    await house.work()
    await house.send(adt_a40())
    return receipt.message_id


async def plans(house: House) -> dict[str, int]:
    """How many plans are found by each of the two numbers."""
    return {number: len((await house.search("CarePlan", number)).resources) for number in BOTH}


async def hold_state(house: House, message_id: str) -> State:
    """The state of a message's one hold."""
    found = await house.database.read(partial(message_detail, message_id=message_id))
    assert found is not None
    [state] = [one.state for one in found.deliveries if one.mode == "hold"]
    return state


@pytest.mark.parametrize("number", BOTH)
async def test_a_held_plan_is_found_by_either_number_and_says_the_one_that_was_asked(
    house: House, number: str
) -> None:
    await held_and_merged(house)
    with capture_logs() as lines:
        found = [one for kind in TYPES for one in (await house.search(kind, number)).resources]
    [patient] = (await house.search("Patient", number)).resources
    subjects = [resource.get("subject") or resource["for"] for resource in found]
    assert len(found) == 5
    assert [subject["identifier"] for subject in subjects] == patient["identifier"] * 5
    assert next(other for other in BOTH if other != number) not in json.dumps(found)
    assert not [line for line in lines if line["event"] == "alert"]


async def test_of_two_plans_held_under_two_numbers_the_answer_speaks_of_one(house: House) -> None:
    await held_and_merged(house)
    await house.push(sip("SIP-2"))
    await house.work()
    found = (await house.search("CarePlan")).resources
    assert [plan["subject"]["identifier"]["value"] for plan in found] == [TOLVAN, TOLVAN]


async def test_an_id_that_was_given_out_before_a_merge_can_be_read_after_it(house: House) -> None:
    await consented(house, SAMORDNING)
    await house.push(sip(person=SAMORDNING))
    await house.work()
    [plan] = (await house.search("CarePlan", SAMORDNING)).resources
    await house.send(adt_a40())
    assert await house.answer.person_of("CarePlan", plan["id"]) == person(SAMORDNING)
    [again] = (await house.search("CarePlan", SAMORDNING, resource_id=plan["id"])).resources
    assert again == plan


async def test_an_id_that_was_given_out_after_a_merge_is_of_the_number_that_was_asked(house: House) -> None:
    await held_and_merged(house)
    [plan] = (await house.search("CarePlan")).resources
    assert await house.answer.person_of("CarePlan", plan["id"]) == person(TOLVAN)


async def test_a_receipt_ends_a_hold_of_before_the_merge(house: House) -> None:
    await held_and_merged(house)
    answers = [(await house.search(kind)).receipt for kind in TYPES]
    for answer in answers:
        assert answer is not None
        assert await house.confirm_receipt(region(), answer, "request-2")
    assert (await house.search("CarePlan")).resources == ()
    assert await house.contents() == 0


@pytest.mark.parametrize("number", BOTH)
async def test_a_block_under_either_number_keeps_it_back(house: House, number: str) -> None:
    await held_and_merged(house)
    await house.push(consent("SP-1", person=number, **BLOCK))
    assert await plans(house) == {TOLVAN: 0, SAMORDNING: 0}


async def test_a_block_of_the_number_that_stays_keeps_back_what_was_held_under_the_other(
    house: House,
) -> None:
    await house.push(consent("SP-1", **BLOCK))
    message_id = await held_and_merged(house)
    assert await plans(house) == {TOLVAN: 0, SAMORDNING: 0}
    assert await hold_state(house, message_id) is State.CANCELLED


async def test_a_block_of_the_number_that_ceases_ends_what_is_held_under_the_one_that_stays(
    house: House,
) -> None:
    await house.push(consent("SP-1", person=SAMORDNING, **BLOCK))
    await consented(house, TOLVAN)
    receipt = await house.push(sip())
    await house.work()
    await house.send(adt_a40())
    assert await hold_state(house, receipt.message_id) is State.CANCELLED


async def test_a_permit_of_the_number_that_stays_saves_nothing_of_a_permit_that_lapsed(house: House) -> None:
    await consented(house, TOLVAN)
    await consented(house, OTHER)
    receipt = await house.push(sip(person=OTHER))
    await house.work()
    await house.send(adt_a40(ceasing=OTHER))
    assert await hold_state(house, receipt.message_id) is State.CANCELLED


@pytest.mark.parametrize("number", BOTH)
async def test_a_flag_under_either_number_keeps_it_back(house: House, number: str) -> None:
    await held_and_merged(house)
    await house.flag(number)
    assert await plans(house) == {TOLVAN: 0, SAMORDNING: 0}


@pytest.mark.parametrize("is_joined", [True, False])
async def test_what_is_sealed_for_another_person_than_its_row_names_is_given_out_only_if_a_merge_joined_them(
    house: House, is_joined: bool
) -> None:
    """However a row came to name a person, what is sealed is given out only where a merge joined its own number to the one asked about."""
    await consented(house, TOLVAN)
    await consented(house, OTHER)
    await house.push(sip(person=OTHER))
    await house.work()
    key = house.keyring.person_key(person(TOLVAN))
    await house.database.write(lambda c: c.execute(update(tables.delivery).values(person_key=key)))
    if is_joined:
        await house.send(adt_a40(ceasing=OTHER))
    with capture_logs() as lines:
        found = await house.search("CarePlan")
    assert len(found.resources) == is_joined
    assert ("other-person" in [line.get("code") for line in lines]) is not is_joined


async def test_what_a_held_record_says_of_a_third_person_stays_back(house: House) -> None:
    message_id = await held_and_merged(house)
    await house.database.write(partial(add_resource_of_another, house=house, message_id=message_id))
    with capture_logs() as lines:
        found = await house.search("Goal")
    assert len(found.resources) == 2
    assert "other-person" in [line.get("code") for line in lines]


def add_resource_of_another(connection: Connection, *, house: House, message_id: str) -> None:
    """Put a goal of somebody else into what is sealed."""
    sealed = messages.translated(connection, [message_id])[message_id]
    held = Translation.open(house.vault, message_id, sealed)
    [goal, *_] = [it for it in held.resources if it["resourceType"] == "Goal"]
    foreign = dict(goal) | {"id": "foreign", "subject": {"identifier": person(OTHER).as_fhir()}}
    more = replace(held, resources=(*held.resources, foreign)).seal(house.vault, message_id, house.clock())
    is_it = (tables.content.c.message_id == message_id, tables.content.c.kind == "translated")
    connection.execute(update(tables.content).where(*is_it).values(ciphertext=more.ciphertext))


def test_another_number_changes_that_identifier_and_nothing_else() -> None:
    known, third = person(SAMORDNING).as_fhir(), person(OTHER).as_fhir()
    record: Json = {
        "resourceType": "CarePlan",
        "subject": {"type": "Patient", "identifier": known | {"use": "official"}},
        "author": {"identifier": third},
        "contributor": [{"identifier": known}, {"identifier": {"system": "urn:x", "value": SAMORDNING}}],
        "title": f"Plan för {SAMORDNING}",
    }
    [made] = Translation(person(SAMORDNING), (record,)).by(person(TOLVAN)).resources
    asked = person(TOLVAN).as_fhir()
    assert made == record | {
        "subject": {"type": "Patient", "identifier": asked | {"use": "official"}},
        "contributor": [{"identifier": asked}, record["contributor"][1]],
    }


async def test_the_end_of_a_consent_that_moved_ends_the_hold(house: House) -> None:
    message_id = await held_and_merged(house)
    await house.push(sent_by_region(revocation(f"P-{SAMORDNING[-4:]}")), REGION_PUSH)
    assert await hold_state(house, message_id) is State.CANCELLED
    assert await house.contents() == 0
