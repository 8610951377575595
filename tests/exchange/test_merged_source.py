"""A live source that knows a person by a number that a merge ended (gate.md, "Deciding" 11)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from adapter.domain.agreement import Agreement
from adapter.domain.identity import PersonId
from adapter.store import tables
from tests.exchange.bodies import (
    OTHER,
    REGION_UNIT,
    SAMORDNING,
    TOLVAN,
    Json,
    adt_a40,
    consent,
    screening,
    sent_by_region,
)
from tests.exchange.house import House, opened
from tests.exchange.parties import REGION_PUSH, alingsas, person, with_region_push

THIRD = "189002029800"
BLOCK: Json = {"kategori": "sparr", "mottagare": None, "andamal": None, "period": None}


def with_another_kommun() -> Agreement:
    """The packaged agreement with a third party, whose records the region may be given as well."""

    def edit(tree: Json) -> None:
        tree["parties"]["lerum"] = {
            "name": "Lerums kommun",
            "kind": "kommun",
            "identifiers": {"organisationsnummer": "212000-1447"},
            "consent_from": ["lerum"],
            "units": {"soc": {"name": "Socialtjänsten", "hsa_id": "SE2120001447-1101"}},
        }
        tree["channels"]["lerum"] = {
            "party": "lerum",
            "unit": "soc",
            "connector": "http_push",
            "mapping": "neutral_push",
        }

    return alingsas(edit)


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


async def of_another_kommun(house: House, number: str, name: str = "L-1") -> None:
    """A Consent of a third party of the agreement, which opens its own records to the region."""
    its_own = {"organisation": "2120001447", "enhet": "SE2120001447-1101"}
    body = consent(name, person=number) | {"avsandare": its_own}
    body["consent"] |= {
        "mottagare": [{"organisation": "2321000131", "enhet": REGION_UNIT}],
        "lamnarUt": [its_own],
    }
    await house.push(body, "lerum")


@pytest.mark.parametrize("is_named", [True, False], ids=["it is named", "only a third party is"])
async def test_a_source_learns_no_number_from_a_consent_that_its_party_may_not_read(
    tmp_path: Path, is_named: bool
) -> None:
    async with opened(tmp_path, with_another_kommun()) as house:
        if is_named:
            await house.push(consent("S-1", person=OTHER))
            house.clock.move(seconds=1)
        await of_another_kommun(house, OTHER)
        await house.send(adt_a40(ceasing=OTHER))
        await house.push(consent("S-2"))
        house.source.is_index = True
        await found(house)
        assert asked(house) == [person(TOLVAN), *[person(OTHER)] * is_named]


async def test_numbers_that_a_party_may_not_know_take_no_place_of_one_that_it_may(tmp_path: Path) -> None:
    numbers = (SAMORDNING, OTHER, THIRD, "200302022389")
    async with opened(tmp_path, with_another_kommun()) as house:
        known = max(numbers, key=lambda number: house.keyring.person_key(person(number)))
        for place, number in enumerate(numbers):
            if number == known:
                await house.push(consent("S-1", person=number))
            else:
                await of_another_kommun(house, number, f"L-{place}")
            await house.send(adt_a40(f"VGR-{place}", ceasing=number))
        await house.push(consent("S-2"))
        house.source.is_index = True
        await found(house)
        assert asked(house) == [person(TOLVAN), person(known)]


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
