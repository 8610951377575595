"""ADT^A40: two numbers become one person (gate.md, "Deciding" 11)."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.domain.errors import InputError
from adapter.domain.states import State
from adapter.exchange.receipt import Outcome
from tests.exchange.bodies import (
    OTHER,
    SAMORDNING,
    TOLVAN,
    Json,
    adt_a31,
    adt_a40,
    consent,
    revocation,
    screening,
    sent_by_region,
)
from tests.exchange.house import House, opened
from tests.exchange.parties import REGION_PUSH, with_region_push

BLOCK: Json = {"kategori": "sparr", "mottagare": None, "andamal": None, "period": None}


async def statuses(house: House, number: str) -> list[tuple[str, str]]:
    """Category and status of each consent that counts for a number."""
    return [(kept.row.category, kept.row.status) for kept in (await house.standing(number)).consents]


async def test_a_merge_is_in_force_at_once_and_goes_to_nobody(house: House) -> None:
    await house.push(consent())
    receipt = await house.send(adt_a40())
    await house.work()
    assert (receipt.outcome, receipt.state) == (Outcome.IN_FORCE, State.TRANSLATED)
    assert (house.kommun.keys, house.region.keys, await house.contents()) == ([], [], 0)


@pytest.mark.parametrize(
    ("ceasing", "surviving"), [(SAMORDNING, TOLVAN), (OTHER, TOLVAN), (TOLVAN, SAMORDNING)]
)
async def test_a_block_follows_the_person_whatever_the_numbers(
    house: House, ceasing: str, surviving: str
) -> None:
    await house.push(consent("SP-1", person=ceasing, **BLOCK))
    await house.send(adt_a40(ceasing=ceasing, surviving=surviving))
    await house.push(consent("S-2", person=surviving))
    receipt = await house.push(screening(person=surviving))
    assert (receipt.state, (await house.message(receipt)).reason) == (State.WITHHELD, "blocked")


@pytest.mark.parametrize(
    ("ceasing", "surviving", "registrar", "moves"),
    [
        (SAMORDNING, TOLVAN, "region", True),
        (SAMORDNING, TOLVAN, "kommun", False),
        (OTHER, TOLVAN, "region", False),
        (TOLVAN, SAMORDNING, "region", False),
    ],
    ids=[
        "samordningsnummer to personnummer, by its own registrar",
        "announced by another party",
        "one personnummer to another",
        "personnummer to samordningsnummer",
    ],
)
async def test_a_permit_moves_or_lapses(
    tmp_path: Path, ceasing: str, surviving: str, registrar: str, moves: bool
) -> None:
    async with opened(tmp_path, with_region_push()) as house:
        given = consent(person=ceasing)
        if registrar == "region":
            await house.push(sent_by_region(given), REGION_PUSH)
        else:
            await house.push(given)
        receipt = await house.send(adt_a40(ceasing=ceasing, surviving=surviving))
        assert (await house.message(receipt)).codes == (() if moves else ("consents-lapsed",))
        for number in (ceasing, surviving):
            sent = await house.push(screening(person=number))
            assert sent.state is (State.ACCEPTED if moves else State.WITHHELD)


async def test_a_permit_of_the_number_that_stays_stands(house: House) -> None:
    await house.push(consent())
    await house.send(adt_a40())
    assert (await house.push(screening())).state is State.ACCEPTED


async def test_what_waits_is_stopped_with_the_permit_that_lapsed(house: House) -> None:
    await house.push(consent(person=OTHER))
    receipt = await house.push(screening(person=OTHER))
    await house.process()
    await house.send(adt_a40(ceasing=OTHER))
    assert (await house.message(receipt)).state is State.CANCELLED
    assert await house.contents() == 0


@pytest.mark.parametrize("ceasing", [SAMORDNING, OTHER])
async def test_what_waits_is_decided_under_both_numbers(tmp_path: Path, ceasing: str) -> None:
    """A record of the number that goes waits under a permit that moves; a block of the number that stays stops it."""
    async with opened(tmp_path, with_region_push()) as house:
        await house.push(sent_by_region(consent(person=ceasing)), REGION_PUSH)
        receipt = await house.push(screening(person=ceasing))
        await house.process()
        await house.push(consent("SP-1", **BLOCK))
        await house.send(adt_a40(ceasing=ceasing))
        await house.work()
        assert (await house.message(receipt)).state in (State.CANCELLED, State.WITHHELD)
        assert (house.region.keys, await house.contents()) == ([], 0)


async def test_what_waits_under_a_permit_that_moved_goes_on(tmp_path: Path) -> None:
    async with opened(tmp_path, with_region_push()) as house:
        await house.push(sent_by_region(consent(person=SAMORDNING)), REGION_PUSH)
        receipt = await house.push(screening(person=SAMORDNING))
        await house.process()
        await house.send(adt_a40())
        await house.work()
        assert (await house.message(receipt)).state is State.DELIVERED


async def test_a_flag_counts_for_both_numbers(house: House) -> None:
    await house.send(adt_a31("VGR-1", person=SAMORDNING, flag="Y"))
    await house.send(adt_a40())
    for number in (SAMORDNING, TOLVAN):
        assert (await house.standing(number)).protection == {"sekretessmarkering"}


async def test_a_revocation_while_a_merge_is_accepted_is_not_lost(tmp_path: Path) -> None:
    async with opened(tmp_path, with_region_push()) as house:
        await house.push(sent_by_region(consent(person=SAMORDNING)), REGION_PUSH)

        async def revoke_later() -> None:
            house.database.meanwhile = lambda: house.push(
                sent_by_region(revocation(person=SAMORDNING)), REGION_PUSH
            )

        house.database.meanwhile = revoke_later
        await house.send(adt_a40())
        assert await statuses(house, TOLVAN) == [("osl-waiver", "inactive")]


async def test_a_repeated_merge_gets_the_earlier_answer(house: House) -> None:
    await house.send(adt_a40())
    assert (await house.send(adt_a40())).outcome is Outcome.REPEATED


async def test_a_merge_of_a_number_with_itself_is_refused(house: House) -> None:
    with pytest.raises(InputError, match="merge-same-identity"):
        await house.send(adt_a40(ceasing=TOLVAN))
