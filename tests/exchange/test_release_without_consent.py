"""Release without consent: the sender's official files it, and exactly that, for exactly so long, may be released."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from adapter.domain.errors import InputError, Issue, Unreachable
from adapter.domain.identity import HSA_ID, Identifier
from adapter.domain.records import RecordType
from adapter.domain.requester import Requester
from adapter.domain.states import State
from adapter.exchange.release_without_consent import NotAnOfficial
from adapter.fhir.release_operation import StatedRelease, parameter_path
from adapter.store import follow_up, tables
from tests.exchange.bodies import (
    KOMMUN_UNIT,
    OTHER,
    PROTECTED,
    REGION_UNIT,
    SAMORDNING,
    TOLVAN,
    Json,
    adt_a40,
    consent,
    oru_r01,
    person_data,
    plan_consent,
    screening,
    sip,
)
from tests.exchange.fakes import NOW
from tests.exchange.house import House, opened
from tests.exchange.parties import alingsas, region, requester
from tests.exchange.releases import OFFICIAL, WHY, filed, official, stated

BLOCK: Final[Json] = {"kategori": "sparr", "mottagare": None, "andamal": None, "period": None}
OTHER_UNIT: Final = "SE2321000131-E0112"


async def issues_of(house: House, release: StatedRelease, by: Requester | None = None) -> list[Issue]:
    with pytest.raises(InputError) as caught:
        await filed(house, release, by)
    assert await house.count(tables.lawful_ground) == 0
    return list(caught.value.issues)


async def found(house: House, number: str = TOLVAN, who: Requester | None = None) -> int:
    """How many screenings the region gets of the kommun's live source, which has one of whomever it is asked for."""
    house.source.records = [screening(person=number)]
    return len((await house.search("Observation", number, requester=who)).resources)


async def test_it_opens_until_its_end_and_not_a_second_longer(house: House) -> None:
    assert await found(house) == 0
    await filed(house)
    assert await found(house) == 1
    house.clock.move(hours=23, minutes=59, seconds=59)
    assert await found(house) == 1
    house.clock.move(seconds=1)
    assert await found(house) == 0
    assert len(house.source.asked) == 2


async def test_a_pushed_record_is_delivered_under_it_by_the_same_door(house: House) -> None:
    await filed(house)
    message = await house.carry(screening())
    assert message.state is State.DELIVERED
    assert (await house.delivery(message)).decision["reason"] == "lawful-ground"
    [released] = house.region.taken
    assert released.decision.reason.value == "lawful-ground"


async def test_what_waits_past_its_end_is_withheld(house: House) -> None:
    await filed(house, stated(ends_at=NOW + timedelta(hours=1)))
    receipt = await house.push(screening())
    await house.process()
    house.clock.move(hours=1)
    await house.work()
    assert (await house.message(receipt)).state is State.WITHHELD
    assert (house.region.keys, await house.contents()) == ([], 0)


async def test_what_is_held_under_it_is_held_no_longer_than_it_lasts(house: House) -> None:
    await house.push(plan_consent())
    await filed(house, stated(TOLVAN, RecordType.SIP, ends_at=NOW + timedelta(hours=2)))
    await house.push(sip())
    await house.work()
    assert len((await house.search("CarePlan")).resources) == 1
    house.clock.move(hours=2)
    assert (await house.search("CarePlan")).resources == ()
    await house.upkeep.sweep()
    assert await house.contents() == 0


async def test_a_plan_needs_its_own_consent_all_the_same(house: House) -> None:
    await filed(house, stated(TOLVAN, RecordType.SIP))
    with pytest.raises(InputError) as caught:
        await house.push(sip())
    assert [issue.code for issue in caught.value.issues] == ["sip-consent-missing"]


async def test_it_opens_nothing_of_another_person(house: House) -> None:
    await filed(house)
    assert await found(house, OTHER) == 0
    assert (await house.push(screening(person=OTHER))).state is State.WITHHELD


async def test_it_opens_nothing_for_another_unit(house: House) -> None:
    await filed(house)
    assert await found(house, who=region(unit=OTHER_UNIT)) == 0
    await filed(house, stated(unit=OTHER_UNIT))
    assert await found(house, who=region(unit=OTHER_UNIT)) == 1


async def test_it_opens_nothing_of_another_type(house: House) -> None:
    await filed(house, stated(TOLVAN, RecordType.DUDIT))
    assert await found(house) == 0
    assert (await house.push(screening())).state is State.WITHHELD


async def test_it_opens_nothing_the_other_way(house: House) -> None:
    await filed(house)
    assert (await house.send(oru_r01())).state is State.WITHHELD


async def test_health_care_releases_on_its_own_grounds(house: House) -> None:
    by = official(region(), practitioner=Identifier(HSA_ID, "SE2321000131-P0042"))
    await filed(house, stated(unit=KOMMUN_UNIT, ground="25:12-pregnancy"), by)
    message = await house.carry(oru_r01())
    assert message.state is State.DELIVERED
    assert await found(house) == 0


@pytest.mark.parametrize("purposes", [("BTG",), ("TREAT", "ETREAT"), ("HQUALIMP",), ()])
async def test_it_opens_nothing_for_a_purpose_that_is_not_agreed(
    house: House, purposes: tuple[str, ...]
) -> None:
    await filed(house)
    assert await found(house, who=replace(region(), purposes=purposes)) == 0


async def test_a_block_stands_and_wins_whichever_came_first(house: House) -> None:
    await house.push(consent("SP-1", **BLOCK))
    await filed(house)
    assert await found(house) == 0
    receipt = await house.push(screening())
    assert (await house.message(receipt)).reason == "blocked"
    await filed(house, stated(OTHER))
    waiting = await house.push(screening(person=OTHER))
    await house.process()
    await house.push(consent("SP-2", person=OTHER, **BLOCK))
    assert (await house.message(waiting)).state is State.CANCELLED


async def test_what_the_person_consents_to_less_than_does_not_stand_in_the_way(house: House) -> None:
    await house.push(consent(uppgifter=["SIP"]))
    await filed(house)
    assert await found(house) == 1


async def test_where_a_consent_permits_that_is_what_the_release_rests_on(house: House) -> None:
    await house.push(consent())
    await filed(house)
    await house.carry(screening())
    [released] = house.region.taken
    assert released.decision.reason.value == "consent"


async def test_protected_identity_is_kept_back_all_the_same(house: House) -> None:
    await house.push(person_data("person.protected", person=PROTECTED))
    await house.push(plan_consent(person=PROTECTED))
    await filed(house, stated(PROTECTED, RecordType.SIP))
    message = await house.carry(sip(person=PROTECTED))
    assert {one.codes for one in message.deliveries if one.mode == "forward"} == {("protected-identity",)}
    assert house.region.taken == []


async def test_it_lapses_where_the_number_is_joined_to_another(house: House) -> None:
    await filed(house, stated(SAMORDNING))
    await filed(house)
    await house.send(adt_a40())
    assert (await found(house), await found(house, SAMORDNING)) == (0, 0)
    await filed(house)
    assert await found(house) == 1


async def test_a_decision_made_before_it_is_made_anew(house: House) -> None:
    """Filed between the reading of a standing and the answer: the answer is decided again, and finds it."""

    async def meanwhile() -> None:
        await filed(house)

    house.source.records = [screening()]
    house.database.meanwhile = meanwhile
    assert len((await house.search("Observation")).resources) == 1


async def test_it_is_audited_and_alerted_and_so_is_every_release_under_it(house: House) -> None:
    with capture_logs() as logs:
        row = await filed(house)
    assert [line["code"] for line in logs if line["event"] == "alert"] == ["release-without-consent"]
    [event] = await house.audit("release-without-consent")
    named = [entity.get("what", {}).get("identifier", {}).get("value") for entity in event["entity"]]
    who = [agent["who"].get("identifier", {}).get("value") for agent in event["agent"]]
    assert {row.id, row.person_key, "request-1"} <= set(named)
    assert {OFFICIAL.value, REGION_UNIT} <= set(who)
    assert (event["outcome"], event["outcomeDesc"]) == ("0", row.ground)
    await found(house)
    permitted = [one for one in await house.audit("authorization") if one["outcome"] == "0"]
    assert [one["outcomeDesc"] for one in permitted] == ["lawful-ground"]
    assert row.id in str(permitted[0]["entity"])


async def test_it_is_on_the_follow_up_list_with_who_and_why_sealed(house: House, tmp_path: Path) -> None:
    row = await filed(house)
    [entry] = await house.database.read(follow_up.entries)
    assert (entry.kind, entry.agreement, entry.party) == ("lawful-ground", house.agreements[0].id, "kommun")
    assert (entry.reference, entry.recipients, entry.ends_at) == (row.id, (REGION_UNIT,), row.ends_at)
    assert entry.codes == ("26:9-continuing-misuse", "AUDIT")
    assert house.follow_up.personal(entry) == {"official": OFFICIAL.value, "why": WHY}
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert (WHY.encode() in written, TOLVAN.encode() in written) == (False, False)


async def test_without_an_audit_row_nothing_is_filed(house: House) -> None:
    await house.break_audit()
    with pytest.raises(Unreachable):
        await filed(house)
    assert await house.count(tables.lawful_ground) == 0
    assert await house.count(tables.follow_up) == 0


NOT_OFFICIALS: dict[str, Requester] = {
    "nobody named": official(practitioner=None),
    "another scope": official(scopes=frozenset({"inbound", "system/*.rs"})),
    "no unit": official(unit=None),
    "a unit of nobody": official(unit=Identifier(HSA_ID, "SE2120001553-1999")),
    "a unit of the other party": official(unit=Identifier(HSA_ID, REGION_UNIT)),
    "no party": official(requester("2321000016", "SE2321000016-E0901")),
    "emergency access": official(purposes=("BTG",)),
}


@pytest.mark.parametrize("who", NOT_OFFICIALS.values(), ids=NOT_OFFICIALS)
async def test_nobody_but_a_named_official_of_a_party_may_file(house: House, who: Requester) -> None:
    with pytest.raises(NotAnOfficial):
        await house.release_without_consent.authorize(who, "request-1")


async def test_a_requester_cannot_open_the_other_sides_records(house: House) -> None:
    """The region's official states the region's own unit as recipient: what it may release is its own."""
    by = official(region())
    release = stated(ground="25:12-pregnancy")
    assert await issues_of(house, release, by) == [Issue(parameter_path("recordType"), "no-flow")]


FAULTY: dict[str, tuple[Json, str, str]] = {
    "an end that is over": ({"ends_at": NOW}, "end", "period-ended"),
    "more than a day": ({"ends_at": NOW + timedelta(hours=24, microseconds=1)}, "end", "period-too-long"),
    "an unknown ground": ({"ground": "26:9"}, "ground", "ground-unknown"),
    "a ground of the other side": ({"ground": "25:12-lpt-lrv"}, "ground", "ground-not-of-sender"),
    "a ground for the young": ({"ground": "26:9-under-18"}, "ground", "ground-not-of-person"),
    "a type that no flow carries": (
        {"record_types": frozenset({RecordType.AUDIT, RecordType.ENROLMENT})},
        "recordType",
        "no-flow",
    ),
    "a unit that no flow reaches": ({"recipient": Identifier(HSA_ID, "SE2321000131-E0999")}, "recordType", "no-flow"),
    "an agreement of others": ({"agreement": "https://example.org/agreement/other"}, "agreement", "value"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "parameter", "code"), FAULTY.values(), ids=FAULTY)
async def test_a_release_that_breaks_a_rule_is_refused_by_path_and_code(
    house: House, change: Json, parameter: str, code: str
) -> None:
    assert await issues_of(house, stated(**change)) == [Issue(parameter_path(parameter), code)]


async def test_every_broken_rule_is_named_at_once(house: House) -> None:
    release = stated(TOLVAN, RecordType.ENROLMENT, ends_at=NOW, ground="x")
    codes = [issue.code for issue in await issues_of(house, release)]
    assert codes == ["period-ended", "ground-unknown", "no-flow"]


async def test_a_forward_reaches_no_unit_but_the_one_that_it_names(tmp_path: Path) -> None:
    """Where a flow goes to one unit alone, another of the recipient's is no way."""
    agreement = alingsas(lambda tree: tree["flows"][1].update(units=["oppenpsykiatri"]))
    async with opened(tmp_path, agreement) as house:
        refused = await issues_of(house, stated(unit=OTHER_UNIT))
        assert refused == [Issue(parameter_path("recordType"), "no-flow")]


async def test_where_two_agreements_have_the_way_one_must_be_named(tmp_path: Path) -> None:
    def other(tree: Json) -> None:
        tree["agreement"] = "https://example.org/agreement/other"
        tree["systems"] = {f"other-{name}": row for name, row in tree["systems"].items()}
        tree["channels"] = {f"other-{name}": row for name, row in tree["channels"].items()}
        for flow in tree["flows"]:
            flow["deliver"] = [row | {"system": f"other-{row['system']}"} for row in flow["deliver"]]
            if "query" in flow:
                flow["query"] = f"other-{flow['query']}"

    first, second = alingsas(), alingsas(other)
    async with opened(tmp_path, first, second) as house:
        assert await issues_of(house, stated()) == [Issue(parameter_path("agreement"), "required")]
        await filed(house, stated(agreement=second.id))
        assert (await house.push(screening())).state is State.WITHHELD
        await filed(house, stated(agreement=first.id))
        assert (await house.push(screening())).state is State.ACCEPTED
