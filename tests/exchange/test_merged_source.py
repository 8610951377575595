"""A live source that knows a person by a number that a merge ended (gate.md, "Deciding" 11)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from adapter.domain.identity import PersonId
from adapter.store import tables
from tests.exchange.bodies import OTHER, SAMORDNING, TOLVAN, Json, adt_a40, consent, screening, sent_by_region
from tests.exchange.house import House, opened
from tests.exchange.parties import REGION_PUSH, person, with_region_push

THIRD = "189002029800"
BLOCK: Json = {"kategori": "sparr", "mottagare": None, "andamal": None, "period": None}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path, with_region_push()) as house:
        house.source.is_index = True
        yield house


async def joined(house: House, ceasing: str = SAMORDNING) -> None:
    """The region's Consent under the number that a merge then ends, and one under the number that goes on."""
    await house.push(sent_by_region(consent("S-1", person=ceasing)), REGION_PUSH)
    await house.send(adt_a40(ceasing=ceasing))
    await house.push(sent_by_region(consent("S-2")), REGION_PUSH)


def asked(house: House) -> list[PersonId]:
    """The numbers by which the source was asked."""
    return [number for number, _ in house.source.asked]


async def found(house: House, number: str = TOLVAN) -> list[Json]:
    """The subjects' identifiers of what a search finds."""
    resources = (await house.search("Observation", number)).resources
    return [resource["subject"]["identifier"] for resource in resources]


@pytest.mark.parametrize("ceasing", [SAMORDNING, OTHER], ids=["a permit moved", "a permit lapsed"])
async def test_a_source_that_knows_either_number_is_found_by_either(house: House, ceasing: str) -> None:
    await joined(house, ceasing)
    house.source.records = [screening("SCR-1", person=ceasing), screening("SCR-2")]
    for number in (TOLVAN, ceasing):
        assert await found(house, number) == [person(number).as_fhir()] * 2
    assert asked(house) == [person(one) for one in (TOLVAN, ceasing, ceasing, TOLVAN)]


async def test_what_a_source_has_under_both_numbers_comes_once(house: House) -> None:
    await joined(house)
    house.source.records = [screening(person=SAMORDNING), screening()]
    assert await found(house) == [person(TOLVAN).as_fhir()]


async def test_nobody_is_asked_about_a_number_that_no_merge_joined(house: House) -> None:
    await joined(house)
    await house.push(consent("S-3", person=OTHER))
    house.source.records = [screening(person=OTHER)]
    assert (await found(house), asked(house)) == ([], [person(TOLVAN), person(SAMORDNING)])


@pytest.mark.parametrize(
    ("is_of_agreement", "names"),
    [(True, OTHER), (False, OTHER), (True, THIRD)],
    ids=["it does", "no", "no one"],
)
async def test_a_source_learns_no_number_but_one_that_a_consent_of_its_agreement_named(
    house: House, is_of_agreement: bool, names: str
) -> None:
    """``names``: whom the Consent is sealed about that stands under the key of the number that was merged."""
    await house.push(consent("S-1", person=names))
    agreement = house.agreements[0].id if is_of_agreement else "https://example.org/agreement"
    row = {"person_key": house.keyring.person_key(person(OTHER)), "agreement": agreement}
    await house.database.write(lambda c: c.execute(update(tables.consent).values(row)))
    await house.send(adt_a40(ceasing=OTHER))
    await house.push(consent("S-2"))
    await found(house)
    joined = [person(OTHER)] if is_of_agreement and names == OTHER else []
    assert asked(house) == [person(TOLVAN), *joined]


async def test_a_record_of_a_third_person_under_a_joined_number_is_not_given_out(tmp_path: Path) -> None:
    async with opened(tmp_path, with_region_push()) as house:
        await joined(house)
        house.source.records = [screening("SCR-1", person=SAMORDNING), screening("SCR-2", person=OTHER)]
        assert await found(house) == [person(TOLVAN).as_fhir()]


@pytest.mark.parametrize("blocked", [TOLVAN, SAMORDNING])
async def test_a_block_under_either_number_keeps_every_source_unasked(house: House, blocked: str) -> None:
    await joined(house)
    await house.push(consent("SP-1", person=blocked, **BLOCK))
    for number in (TOLVAN, SAMORDNING):
        assert await found(house, number) == []
    assert asked(house) == []


async def test_a_source_is_asked_by_no_more_than_four_numbers(house: House) -> None:
    joining = (SAMORDNING, OTHER, THIRD, "200302022389", "199002222397")
    for place, number in enumerate(joining):
        await house.push(consent(f"S-{place}", person=number))
        await house.send(adt_a40(f"VGR-{place}", ceasing=number))
    await house.push(consent("S-9"))
    await found(house)
    assert (asked(house)[0], len(asked(house)), len(set(asked(house)))) == (person(TOLVAN), 4, 4)
