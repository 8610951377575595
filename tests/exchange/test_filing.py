"""What takes effect when it is accepted: consents given, changed and revoked, enrolments that end, protection flags."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.domain.errors import InputError, Issue
from adapter.domain.records import RecordType
from adapter.domain.states import State
from adapter.exchange.receipt import Outcome, Receipt
from tests.exchange.bodies import (
    KOMMUN,
    OTHER,
    PROTECTED,
    REGION,
    TOLVAN,
    Json,
    adt_a31,
    consent,
    enrolment,
    oru_r01,
    person_data,
    revocation,
    screening,
    sent_by_region,
    sip,
)
from tests.exchange.held_plans import push_plans
from tests.exchange.house import House, opened
from tests.exchange.parties import REGION_PUSH, alingsas, with_region_push


async def refused(house: House, body: Json) -> tuple[Issue, ...]:
    with pytest.raises(InputError) as caught:
        await house.push(body)
    return caught.value.issues


async def queued_plan(house: House) -> Receipt:
    """A plan that waits: in the region's lane, and held for its calls."""
    receipt = await push_plans(house)
    await house.process()
    assert await house.contents() > 0
    return receipt


async def test_a_consent_is_in_force_when_it_is_answered(house: House) -> None:
    receipt = await house.push(consent())
    assert (receipt.outcome, receipt.state) == (Outcome.IN_FORCE, State.TRANSLATED)
    assert (await house.push(screening())).state is State.ACCEPTED


async def test_a_consent_leaves_no_content_and_an_audit_row_that_names_it(house: House) -> None:
    await house.push(consent())
    [kept] = (await house.standing()).consents
    [event] = await house.audit("filed")
    named = [entity["what"].get("reference") for entity in event["entity"]]
    assert (await house.contents(), f"Consent/{kept.row.id}/_history/1" in named) == (0, True)


@pytest.mark.parametrize("action", ["andrat", "lamnat"])
async def test_a_change_is_the_next_version_and_alone_counts(house: House, action: str) -> None:
    await house.push(consent(uppgifter=["AUDIT"]))
    await house.push(consent(uppgifter=["SIP"], atgard=action))
    [kept] = (await house.standing()).consents
    assert kept.row.version == 2
    assert (await house.push(screening())).state is State.WITHHELD


async def test_a_change_that_narrows_stops_what_waits(house: House) -> None:
    receipt = await queued_plan(house)
    await house.push(consent(uppgifter=["AUDIT"], atgard="andrat"))
    message = await house.message(receipt)
    assert {one.state for one in message.deliveries} == {State.CANCELLED}
    assert await house.contents() == 0


async def test_a_change_that_keeps_the_way_open_stops_nothing(house: House) -> None:
    receipt = await queued_plan(house)
    await house.push(consent(uppgifter=["SIP"], atgard="andrat"))
    assert {one.state for one in (await house.message(receipt)).deliveries} == {State.QUEUED}


async def test_a_revocation_cancels_and_wipes_what_is_queued_and_held(house: House) -> None:
    receipt = await queued_plan(house)
    answer = await house.push(revocation())
    assert answer.outcome is Outcome.IN_FORCE
    message = await house.message(receipt)
    assert message.state is State.CANCELLED
    assert {(one.mode, one.state, one.codes) for one in message.deliveries} == {
        ("forward", State.CANCELLED, ("no-consent",)),
        ("hold", State.CANCELLED, ("no-consent",)),
    }
    assert await house.contents() == 0
    await house.work()
    assert house.region.keys == []


async def test_a_revocation_stops_a_message_that_no_worker_has_taken_yet(house: House) -> None:
    await house.push(consent())
    receipt = await house.push(screening())
    await house.push(revocation())
    await house.work()
    assert (await house.message(receipt)).state is State.WITHHELD
    assert (house.region.keys, await house.contents()) == ([], 0)


async def test_a_revocation_leaves_the_other_persons_records(house: House) -> None:
    receipt = await queued_plan(house)
    await house.push(consent("S-2", person=OTHER))
    await house.push(revocation("S-2", person=OTHER))
    assert (await house.message(receipt)).state is State.QUEUED


async def test_a_consent_that_was_revoked_before_it_came_never_comes_into_force(house: House) -> None:
    receipt = await house.push(revocation())
    assert (await house.message(receipt)).codes == ("consent-not-seen-yet",)
    assert await refused(house, consent()) == (Issue("consent.samtyckeId", "consent-ended"),)
    assert (await house.push(screening())).state is State.WITHHELD


async def test_a_revoked_consent_cannot_be_given_again_under_its_id(house: House) -> None:
    await house.push(consent())
    await house.push(revocation())
    assert await refused(house, consent()) == (Issue("consent.samtyckeId", "consent-ended"),)
    assert (await house.push(consent("S-2"))).outcome is Outcome.IN_FORCE


async def test_a_second_revocation_is_as_good_as_the_first(house: House) -> None:
    await house.push(consent())
    for _ in range(2):
        receipt = await house.push(revocation())
        assert (receipt.outcome, (await house.message(receipt)).codes) == (Outcome.IN_FORCE, ())
    assert [kept.row.status for kept in (await house.standing()).consents] == ["inactive"]


@pytest.mark.parametrize("body", [consent, revocation])
async def test_an_id_of_another_persons_consent_is_refused(house: House, body: type[Json]) -> None:
    await house.push(consent(person=OTHER))
    assert await refused(house, body()) == (Issue("consent.samtyckeId", "consent-of-other-person"),)
    assert [kept.row.status for kept in (await house.standing(OTHER)).consents] == ["active"]


@pytest.mark.parametrize(
    ("period", "codes"),
    [
        ({"start": "2026-11-16", "slut": "2028-11-16"}, []),
        ({"start": "2026-11-16", "slut": "2028-11-17"}, ["period-too-long"]),
    ],
    ids=["24 months", "a day longer"],
)
async def test_a_consent_lasts_no_longer_than_the_agreement_allows(
    house: House, period: Json, codes: list[str]
) -> None:
    if not codes:
        assert (await house.push(consent(period=period))).outcome is Outcome.IN_FORCE
    else:
        assert [issue.code for issue in await refused(house, consent(period=period))] == codes


@pytest.mark.parametrize(
    ("period", "state"),
    [
        ({"start": "2026-11-16", "slut": "2026-11-22"}, State.ACCEPTED),
        ({"start": "2026-11-16", "slut": "2026-11-21"}, State.WITHHELD),
        ({"start": "2026-11-23", "slut": "2027-11-15"}, State.WITHHELD),
    ],
    ids=["ends today", "ended yesterday", "begins tomorrow"],
)
async def test_a_consent_counts_on_its_days(house: House, period: Json, state: State) -> None:
    await house.push(consent(period=period))
    assert (await house.push(screening())).state is state


@pytest.mark.parametrize(
    ("registrars", "kommuns", "regions"),
    [
        (["kommun", "region"], State.ACCEPTED, State.ACCEPTED),
        (["kommun"], State.WITHHELD, State.ACCEPTED),
    ],
    ids=["the agreement lists the region", "the agreement lists the kommun alone"],
)
async def test_a_permit_opens_a_partys_records_only_if_its_registrar_may(
    tmp_path: Path, registrars: list[str], kommuns: State, regions: State
) -> None:
    """The region files a consent in both directions; whether it opens the kommun's records is the kommun's ``consent_from``."""
    async with opened(tmp_path, with_region_push(kommun=registrars)) as house:
        await house.push(sent_by_region(consent()), REGION_PUSH)
        assert (await house.push(screening())).state is kommuns
        assert (await house.send(oru_r01())).state is regions


@pytest.mark.parametrize("registrars", [["kommun"], ["kommun", "region"]])
async def test_a_block_is_heard_from_any_party(tmp_path: Path, registrars: list[str]) -> None:
    async with opened(tmp_path, with_region_push(kommun=registrars)) as house:
        await house.push(consent())
        block = consent(
            "SP-1", kategori="sparr", lamnarUt=[KOMMUN], mottagare=None, andamal=None, period=None
        )
        await house.push(sent_by_region(block), REGION_PUSH)
        receipt = await house.push(screening())
        assert (receipt.state, (await house.message(receipt)).reason) == (State.WITHHELD, "blocked")


async def test_a_revocation_is_heard_from_any_party(tmp_path: Path) -> None:
    async with opened(tmp_path, with_region_push()) as house:
        await house.push(consent())
        await house.push(sent_by_region(revocation()), REGION_PUSH)
        assert (await house.push(screening())).state is State.WITHHELD


async def test_another_partys_revocation_does_not_keep_a_block_from_being_changed(tmp_path: Path) -> None:
    async with opened(tmp_path, with_region_push()) as house:
        block = consent("SP-1", kategori="sparr", mottagare=None, andamal=None, period=None)
        await house.push(block)
        await house.push(sent_by_region(revocation("SP-1")), REGION_PUSH)
        changed = consent(
            "SP-1", atgard="andrat", kategori="sparr", mottagare=None, andamal=None, period=None
        )
        assert (await house.push(changed)).outcome is Outcome.IN_FORCE


async def test_a_block_is_lifted_by_its_own_party_alone(tmp_path: Path) -> None:
    async with opened(tmp_path, with_region_push()) as house:
        await house.push(consent())
        await house.push(consent("SP-1", kategori="sparr", mottagare=None, andamal=None, period=None))
        await house.push(sent_by_region(revocation("SP-1")), REGION_PUSH)
        assert (await house.push(screening())).state is State.WITHHELD
        await house.push(revocation("SP-1"))
        assert (await house.push(screening())).state is State.ACCEPTED


@pytest.mark.parametrize(
    ("event", "ends_with_enrolment", "state"),
    [
        ("avslut", True, State.WITHHELD),
        ("avslut", False, State.ACCEPTED),
        ("inskrivning", True, State.ACCEPTED),
    ],
)
async def test_closing_an_enrolment_ends_the_receptions_consents(
    tmp_path: Path, event: str, ends_with_enrolment: bool, state: State
) -> None:
    agreement = alingsas(lambda tree: tree["consent"].update(ends_with_enrolment=ends_with_enrolment))
    async with opened(tmp_path, agreement) as house:
        await house.push(consent())
        receipt = await house.push(enrolment(event))
        assert (receipt.outcome, receipt.state) == (Outcome.IN_FORCE, State.TRANSLATED)
        assert (await house.push(screening())).state is state


async def test_closing_an_enrolment_stops_what_waits(house: House) -> None:
    receipt = await queued_plan(house)
    closed = await house.push(enrolment("avslut"))
    assert (await house.message(closed)).codes == ("consents-ended",)
    assert (await house.message(receipt)).state is State.CANCELLED
    assert await house.contents() == 0


async def test_closing_an_enrolment_leaves_a_block_standing(house: House) -> None:
    await house.push(consent("SP-1", kategori="sparr", mottagare=None, andamal=None, period=None))
    await house.push(enrolment("avslut"))
    [kept] = (await house.standing()).consents
    assert kept.row.status == "active"


@pytest.mark.parametrize(
    "flagged",
    [adt_a31("VGR-1", person=PROTECTED, flag="Y"), person_data("person.protected", person=PROTECTED)],
)
async def test_a_flag_in_a_withheld_message_keeps_every_later_address_back(
    house: House, flagged: Json | bytes
) -> None:
    withheld = await house.carry(flagged)
    await house.push(consent(person=PROTECTED))
    sent = await house.carry(adt_a31("VGR-2", person=PROTECTED, flag=""))
    assert (withheld.state, sent.state) == (State.WITHHELD, State.DELIVERED)
    [release] = house.kommun.taken
    [patient] = release.resources
    assert patient["name"] == [{"text": "Skyddad uppgift"}]
    assert not {"address", "telecom", "contact", "generalPractitioner"} & patient.keys()


async def test_without_a_flag_the_address_goes_along(house: House) -> None:
    await house.push(consent())
    await house.carry(adt_a31())
    [release] = house.kommun.taken
    [patient] = release.resources
    assert {"address", "telecom"} <= patient.keys()


@pytest.mark.parametrize("later", [adt_a31("VGR-2", flag="N"), person_data()])
async def test_no_other_message_takes_a_flag_back(house: House, later: Json | bytes) -> None:
    await house.carry(adt_a31("VGR-1", flag="Y"))
    await house.carry(later)
    assert (await house.standing(TOLVAN)).protection == {"sekretessmarkering"}


async def test_a_flag_counts_for_what_already_waits(house: House) -> None:
    receipt = await queued_plan(house)
    await house.push(person_data("person.protected"))
    await house.work()
    assert (await house.delivery(receipt)).codes == ("protected-identity",)
    assert house.region.keys == []


async def test_a_consent_covers_only_the_record_types_that_it_names(house: House) -> None:
    await house.push(consent(uppgifter=[RecordType.AUDIT.value]))
    states = [(await house.push(body)).state for body in (screening(), sip(status="utkast"))]
    assert states == [State.ACCEPTED, State.WITHHELD]


async def test_a_consent_covers_only_the_direction_that_it_names(house: House) -> None:
    await house.push(consent(lamnarUt=[REGION], mottagare=[KOMMUN]))
    assert (await house.push(screening())).state is State.WITHHELD
    assert (await house.send(oru_r01())).state is State.ACCEPTED
