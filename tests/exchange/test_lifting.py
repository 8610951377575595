"""A block is lifted by the party that made it: for a unit or a person, for a week at most, with a reason; written down and followed up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import HSA_ID, Identifier
from adapter.domain.instants import as_instant
from adapter.domain.states import State
from adapter.store import follow_up, tables
from tests.exchange.bodies import KOMMUN, REGION, TOLVAN, Json, consent, screening, sent_by_region
from tests.exchange.house import House, opened
from tests.exchange.parties import REGION_PUSH, kommun, region, with_region_push

NURSE = "SE2321000131-P0042"
WHY = "Planering inför utskrivning"
WEEK: Json = {"start": "2026-11-20", "slut": "2026-11-26"}
LIFTING: Json = {"mottagare": [{"enhet": REGION["enhet"]}], "period": WEEK, "skal": WHY}
PLACE = "Consent.provision.provision[0]"


def block(*liftings: Json, **fields: Any) -> Json:
    """A block of everything that the kommun holds, as first made or, with liftings, changed."""
    act = "andrat" if liftings else "lamnat"
    terms: Json = {
        "kategori": "sparr",
        "lamnarUt": [KOMMUN],
        "mottagare": None,
        "andamal": None,
        "period": None,
        "atgard": act,
    }
    return consent("SP-1", **terms | {"undantag": list(liftings) or None} | fields)


async def blocked(house: House) -> None:
    """The person has consented to everything, and the kommun has blocked it."""
    await house.push(consent())
    await house.push(block())
    house.source.records = [screening()]


async def issues_of(house: House, body: Json, channel: str | None = None) -> set[Issue]:
    with pytest.raises(InputError) as caught:
        await (house.push(body) if channel is None else house.push(body, channel))
    return set(caught.value.issues)


async def found(house: House, **requester: Any) -> int:
    return len((await house.search("Observation", requester=replace(region(), **requester))).resources)


async def test_a_lifting_opens_the_block_for_its_unit_until_its_last_day_is_over(house: House) -> None:
    await blocked(house)
    assert await found(house) == 0
    await house.push(block(LIFTING))
    assert await found(house) == 1
    house.clock.move(days=4, hours=10, minutes=59, seconds=59)  # 26 November, 23.59.59 in Stockholm
    assert await found(house) == 1
    house.clock.move(seconds=1)
    assert await found(house) == 0


async def test_a_lifting_opens_nothing_by_itself(house: House) -> None:
    await house.push(block())
    await house.push(block(LIFTING))
    house.source.records = [screening()]
    assert await found(house) == 0
    assert (await house.push(screening())).state is State.WITHHELD


async def test_a_lifting_for_another_unit_opens_nothing(house: House) -> None:
    await blocked(house)
    await house.push(block(LIFTING | {"mottagare": [{"enhet": "SE2321000131-E0111"}]}))
    assert await found(house) == 0


@pytest.mark.parametrize(("practitioner", "count"), [(NURSE, 1), ("SE2321000131-P0043", 0), (None, 0)])
async def test_a_lifting_for_a_person_opens_the_block_for_that_person_alone(
    house: House, practitioner: str | None, count: int
) -> None:
    await blocked(house)
    await house.push(block({"personal": [NURSE], "period": WEEK, "skal": WHY}))
    who = None if practitioner is None else Identifier(HSA_ID, practitioner)
    assert await found(house, practitioner=who) == count


async def test_a_block_whose_lifting_is_taken_back_stands_again_and_stops_what_waits(house: House) -> None:
    await blocked(house)
    await house.push(block(LIFTING))
    receipt = await house.push(screening())
    await house.process()
    await house.push(block(atgard="andrat"))
    [delivery] = (await house.message(receipt)).deliveries
    assert (delivery.state, delivery.codes) == (State.CANCELLED, ("blocked",))


# Each rule, broken alone, by path and code.
BROKEN: dict[str, tuple[Json, Issue]] = {
    "nobody named": ({"mottagare": None}, Issue(f"{PLACE}.actor", "required")),
    "a whole organisation": (
        {"mottagare": [{"organisation": "2321000131"}]},
        Issue(f"{PLACE}.actor", "unit-or-person-required"),
    ),
    "a whole organisation by its HSA-id": (
        {"mottagare": [{"enhet": "SE2321000131-0001"}]},
        Issue(f"{PLACE}.actor", "unit-or-person-required"),
    ),
    "an organisation beside a unit": (
        {"mottagare": [{"enhet": REGION["enhet"]}, {"organisation": "2321000131"}]},
        Issue(f"{PLACE}.actor", "unit-or-person-required"),
    ),
    "eight days": (
        {"period": WEEK | {"slut": "2026-11-27"}},
        Issue(f"{PLACE}.period", "period-too-long"),
    ),
    "no end": ({"period": {"start": "2026-11-20"}}, Issue(f"{PLACE}.period", "period-too-long")),
    "no period": ({"period": None}, Issue(f"{PLACE}.period", "period-too-long")),
    "a time that is over": (
        {"period": {"start": "2026-11-15", "slut": "2026-11-21"}},
        Issue(f"{PLACE}.period.end", "period-ended"),
    ),
    "no reason": ({"skal": None}, Issue(f"{PLACE}.extension", "reason-required")),
}  # fmt: skip


@pytest.mark.parametrize(("change", "issue"), BROKEN.values(), ids=BROKEN)
async def test_a_lifting_that_breaks_a_rule_is_refused_by_path_and_code(
    house: House, change: Json, issue: Issue
) -> None:
    await blocked(house)
    lifting = {name: value for name, value in (LIFTING | change).items() if value is not None}
    assert await issues_of(house, block(lifting)) == {issue}
    assert await house.count(tables.follow_up) == 0


async def test_every_broken_rule_is_named_at_once(house: House) -> None:
    refused = await issues_of(house, block({"mottagare": [{"organisation": "2321000131"}]}))
    assert {issue.code for issue in refused} == {
        "no-such-block",
        "unit-or-person-required",
        "reason-required",
        "period-too-long",
    }


@pytest.mark.parametrize("act", ["lamnat", "andrat"])
async def test_what_does_not_stand_cannot_be_lifted(house: House, act: str) -> None:
    assert await issues_of(house, block(LIFTING, atgard=act)) == {Issue(PLACE, "no-such-block")}


async def test_a_consent_is_no_block_to_lift(house: House) -> None:
    await house.push(consent("SP-1"))
    assert await issues_of(house, block(LIFTING)) == {Issue(PLACE, "no-such-block")}


async def test_nobody_lifts_another_partys_block_nor_learns_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path, with_region_push()) as house:
        await blocked(house)
        there = await issues_of(house, sent_by_region(block(LIFTING)), REGION_PUSH)
        unknown = block(LIFTING, person="196101182803")
        assert there == await issues_of(house, sent_by_region(unknown), REGION_PUSH)
        assert there == {Issue(PLACE, "no-such-block")}
        assert await found(house) == 0


async def test_a_lifting_is_audited_and_on_the_list_of_the_party_that_lifted(house: House) -> None:
    await blocked(house)
    receipt = await house.push(block(LIFTING))
    [event] = await house.audit("lifting")
    [kept] = [one for one in (await house.standing()).consents if one.row.category == "sparr"]
    named = [entity["what"].get("reference") for entity in event["entity"]]
    assert f"Consent/{kept.row.id}/_history/2" in named
    assert (event["outcomeDesc"], event["action"]) == ("block-lifted", "U")
    assert (await house.message(receipt)).codes == ("block-lifted",)
    [entry] = await house.database.read(follow_up.entries)
    assert (entry.kind, entry.agreement, entry.party) == ("lifting", house.agreements[0].id, "kommun")
    assert (entry.reference, entry.recipients) == (f"Consent/{kept.row.id}/_history/2", (REGION["enhet"],))
    assert entry.ends_at is not None
    assert as_instant(entry.ends_at) == "2026-11-26T23:00:00.000Z"
    assert house.follow_up.personal(entry) == {"official": None, "why": WHY}


async def test_a_lifting_that_stays_through_a_change_is_noted_once(house: House) -> None:
    await blocked(house)
    await house.push(block(LIFTING))
    house.clock.move(days=7)  # it may be over by then
    await house.push(block(LIFTING, uppgifter=["AUDIT"]))
    assert await house.count(tables.follow_up) == 1


async def test_the_reason_stands_in_no_file_of_the_database_and_in_no_answer(
    house: House, tmp_path: Path
) -> None:
    await blocked(house)
    await house.push(block(LIFTING))
    shown = (await house.search("Consent", requester=kommun())).resources
    assert WHY not in str(shown)
    assert any("provision" in resource["provision"] for resource in shown)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert TOLVAN.encode() not in written
    assert WHY.encode() not in written
