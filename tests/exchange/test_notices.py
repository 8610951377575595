"""Notices that a basis ended: to exactly the systems that were given something under it, once, in order, an id and an instant."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapter.domain.errors import Unreachable
from adapter.domain.states import State
from adapter.exchange.ports import DeliveryFailed
from adapter.exchange.receipt import Receipt
from adapter.exchange.stopping import Stopped
from adapter.store import basis, tables
from adapter.store.intervention import cancel_message, replay
from adapter.store.log import LogMessage, list_messages
from adapter.store.log_filter import LogFilter
from adapter.store.sight import Views
from tests.exchange.bodies import (
    OTHER,
    REGION_UNIT,
    SAMORDNING,
    Json,
    adt_a40,
    consent,
    enrolment,
    oru_r01,
    plan_consent,
    revocation,
    screening,
    sent_by_region,
    sip,
)
from tests.exchange.fakes import NOW, FakeSystem, Outside
from tests.exchange.house import House, opened
from tests.exchange.parties import REGION_PUSH, alingsas, kommun, region, with_region_push


async def consent_id(house: House, samtycke: str = "S-1") -> str:
    """The id by which a party finds a Consent."""
    [found] = [
        resource["id"]
        for resource in (await house.search("Consent")).resources
        if samtycke in [own["value"] for own in resource["identifier"]]
    ]
    return str(found)


def told(system: FakeSystem) -> list[str]:
    """The Consents of whose end a system was told."""
    return [notice.consent_id for notice in system.notices]


async def notices(house: House, views: Views | None = None) -> list[LogMessage]:
    """The notices in the log, newest first, as the parties in ``views`` see them."""
    shown = await house.database.read(partial(list_messages, filters=LogFilter(views=views)))
    return [message for message in shown if message.event == basis.EVENT]


async def ended(house: House, body: Json | None = None) -> Receipt:
    """What ends the basis is pushed, and everything due is done."""
    receipt = await house.push(body or revocation())
    await house.work()
    return receipt


async def test_who_was_given_something_is_told_once_with_id_and_instant(house: House) -> None:
    for number in range(3):
        await house.carry_after_consent(screening(f"SCR-{number}"), "S-1")
    house.clock.move(hours=30)
    await ended(house)
    [notice] = house.region.notices
    assert (notice.consent_id, notice.ended_at) == (await consent_id(house), house.clock())
    assert house.kommun.keys == []
    [row] = await notices(house)
    assert (row.state, [one.state for one in row.deliveries]) == (State.DELIVERED, [State.DELIVERED])
    assert await house.contents() == 0


async def test_each_side_is_told_of_what_it_was_given(house: House) -> None:
    await house.carry_after_consent(screening())
    await house.carry(oru_r01())
    await ended(house)
    assert told(house.region) == told(house.kommun) == [await consent_id(house)]


async def test_only_the_one_that_was_given_something(house: House) -> None:
    await house.carry_after_consent(oru_r01())
    await ended(house)
    assert (told(house.region), house.region.keys) == ([], [])
    assert told(house.kommun) == [await consent_id(house)]


async def test_a_consent_that_was_never_used_ends_unheard(house: House) -> None:
    await house.push(consent("S-unused", uppgifter=["SIP"]))
    await house.carry_after_consent(screening())
    await ended(house, revocation("S-unused"))
    assert (told(house.region), await notices(house)) == ([], [])


async def test_another_persons_consent_is_another_matter(house: House) -> None:
    await house.carry_after_consent(screening())
    await house.push(consent("S-other", person=OTHER))
    await house.carry(screening("SCR-other", person=OTHER))
    await ended(house, revocation("S-other", person=OTHER))
    assert len(house.region.notices) == 1
    assert told(house.region) != [await consent_id(house)]


@pytest.mark.parametrize("attempts", [0, 1])
async def test_what_only_waited_or_was_not_taken_leaves_nothing_to_tell(house: House, attempts: int) -> None:
    await house.push(consent())
    await house.push(screening())
    await house.process()
    house.region.fail("http-503")
    for _ in range(attempts):
        await house.deliver()
    house.region.failures.clear()
    await ended(house)
    assert (told(house.region), await notices(house)) == ([], [])


@pytest.mark.parametrize("code", sorted(basis.UNANSWERED - {"attempt-cut-off", "attempt-abandoned"}))
async def test_what_got_no_answer_may_have_arrived(house: House, code: str) -> None:
    await house.push(consent())
    await house.push(screening())
    await house.process()
    house.region.fail(code)
    await house.deliver()
    await ended(house)
    assert told(house.region) == [await consent_id(house)]


async def test_what_arrived_under_another_consent_was_not_released_under_this_one(house: House) -> None:
    """The first attempt was made under S-1 and refused, the second under S-2."""
    await house.push(consent())
    await house.push(screening())
    await house.process()
    house.region.fail("http-503")
    await house.deliver()
    await house.push(consent("S-2"))
    await house.push(revocation())
    house.clock.move(minutes=1)
    await house.work()
    assert ([len(release.resources) > 0 for release in house.region.taken], told(house.region)) == (
        [True],
        [],
    )
    await ended(house, revocation("S-2"))
    assert told(house.region) == [await consent_id(house, "S-2")]


async def test_a_second_revocation_and_a_repeat_tell_nothing_more(house: House) -> None:
    await house.carry_after_consent(screening())
    body = revocation()
    for again in (body, body, revocation(), revocation()):
        await ended(house, again)
    assert len(told(house.region)) == 1


async def test_two_consents_end_apart(house: House) -> None:
    await house.push(consent("S-2"))
    await house.carry_after_consent(screening())
    ids = [await consent_id(house, name) for name in ("S-1", "S-2")]
    await ended(house)
    assert told(house.region) == ids[:1]
    await ended(house, revocation("S-2"))
    assert told(house.region) == ids


async def test_the_consent_to_plans_is_the_basis_of_plans_alone(house: House) -> None:
    for given in (consent(), plan_consent()):
        await house.push(given)
    await house.carry(screening())
    plan_id = await consent_id(house, "S-plan")
    await ended(house, revocation("S-plan"))
    assert told(house.region) == []
    await house.push(plan_consent("S-plan-2"))
    await house.carry(sip())
    await ended(house, revocation("S-plan-2"))
    assert told(house.region) == [await consent_id(house, "S-plan-2")] != [plan_id]


@pytest.mark.parametrize(
    ("body", "is_told"),
    [
        (enrolment("avslut"), True),
        (consent(atgard="andrat", mottagare=[{"organisation": "2120001553"}]), True),
        (consent(atgard="andrat", uppgifter=["SIP"]), True),
        (consent(atgard="andrat", andamal=["TREAT"]), False),
        (consent(atgard="andrat", uppgifter=["AUDIT"]), False),
        (consent("SP-1", kategori="sparr", mottagare=None, andamal=None, period=None), False),
        (enrolment("inskrivning"), False),
    ],
    ids=[
        "a closed enrolment",
        "a change that leaves the recipient out",
        "a change that leaves the record type out",
        "a change of purposes",
        "a change that goes on covering it",
        "a block",
        "an enrolment",
    ],
)
async def test_the_basis_has_ended_when_the_consent_itself_lets_nothing_through_there(
    house: House, body: Json, is_told: bool
) -> None:
    await house.carry_after_consent(screening())
    await ended(house, body)
    assert told(house.region) == ([await consent_id(house)] if is_told else [])


async def test_a_change_while_a_block_stands_gives_no_hint_of_it(house: House) -> None:
    await house.carry_after_consent(screening())
    for body in (
        consent("SP-1", kategori="sparr", mottagare=None, andamal=None, period=None),
        consent(atgard="andrat", andamal=["TREAT"]),
    ):
        await ended(house, body)
    assert told(house.region) == []


async def test_a_recipient_that_was_left_out_and_taken_in_again_is_told_at_each_end(house: House) -> None:
    await house.carry_after_consent(screening())
    without = consent(atgard="andrat", mottagare=[{"organisation": "2120001553"}])
    await ended(house, without)
    await house.push(consent(atgard="andrat"))
    await ended(house, without | {"messageId": "m-again"})
    assert len(told(house.region)) == 1  # nothing was released between the two
    await house.push(consent(atgard="andrat"))
    await house.carry(screening("SCR-2"))
    await ended(house)
    assert told(house.region) == [await consent_id(house)] * 2


async def test_a_notice_that_has_not_left_does_not_leave_when_it_is_true_no_more(house: House) -> None:
    await house.carry_after_consent(screening())
    await house.push(consent(atgard="andrat", mottagare=[{"organisation": "2120001553"}]))
    await ended(house, consent(atgard="andrat"))
    [row] = await notices(house)
    assert (told(house.region), row.deliveries[0].codes) == ([], ("in-force-again",))
    assert row.state is State.WITHHELD


async def test_a_permit_that_lapses_in_a_merge_is_told(house: House) -> None:
    await house.push(consent(person=SAMORDNING))
    await house.carry(screening(person=SAMORDNING))
    await house.send(adt_a40())
    await house.work()
    assert len(told(house.region)) == 1


async def test_a_permit_that_moves_in_a_merge_is_told_when_it_ends_later(tmp_path: Path) -> None:
    async with opened(tmp_path, with_region_push(kommun=["kommun", "region"])) as house:
        await house.push(sent_by_region(consent(person=SAMORDNING)), REGION_PUSH)
        await house.carry(screening(person=SAMORDNING))
        await house.send(adt_a40())
        await house.work()
        assert (len(house.region.taken), told(house.region)) == (1, [])
        await ended(house)
        assert len(told(house.region)) == 1


# In the lane of its recipient and person.


async def test_it_comes_after_what_was_released_and_before_what_a_new_consent_releases(
    house: House,
) -> None:
    await house.carry_after_consent(screening("SCR-1"))
    await house.push(revocation())
    await house.push(consent("S-2"))
    await house.push(screening("SCR-2"))
    await house.work()
    [notice_key] = [row.id for message in await notices(house) for row in message.deliveries]
    assert house.region.keys.index(notice_key) == 1
    assert (len(house.region.keys), len(house.region.taken)) == (3, 2)


@pytest.mark.parametrize(
    ("code", "is_told"), [(None, True), ("timeout", True), ("http-503", False), ("connect-failed", False)]
)
async def test_what_was_under_way_decides_when_it_has_ended(
    house: House, code: str | None, is_told: bool
) -> None:
    await house.push(consent())
    await house.push(screening())
    await house.process()
    take = house.region.send

    async def revoked_meanwhile(*release: object) -> None:
        house.region.send = take  # type: ignore[method-assign]
        house.attempts.patience *= 0
        await house.push(revocation())
        if code is not None:
            raise DeliveryFailed(code, transient=True)
        await take(*release)  # type: ignore[arg-type]

    house.region.send = revoked_meanwhile  # type: ignore[method-assign, assignment]
    await house.work()
    assert told(house.region) == ([await consent_id(house)] if is_told else [])
    [row] = await notices(house)
    assert row.state is (State.DELIVERED if is_told else State.WITHHELD)
    assert row.deliveries[0].codes == (() if is_told else ("nothing-arrived",))


async def test_a_failure_in_passing_is_tried_again_under_the_same_key(house: House) -> None:
    await house.carry_after_consent(screening())
    house.region.fail("http-503", "timeout")
    await house.push(revocation())
    for seconds in (0, 1, 2):
        house.clock.move(seconds=seconds)
        await house.deliver()
    assert len(told(house.region)) == 1
    assert len(house.region.keys) == 1 + 3
    assert len(set(house.region.keys[1:])) == 1


async def test_it_survives_the_process_and_keeps_its_key(tmp_path: Path) -> None:
    class Crash(Exception):
        pass

    outside = Outside()
    async with opened(tmp_path, outside=outside) as house:
        await house.carry_after_consent(screening())
        await house.push(revocation())
    async with opened(tmp_path, outside=outside) as house:
        outside.region.failures.append(Crash())
        with pytest.raises(Crash):
            await house.deliver()
    async with opened(tmp_path, outside=outside) as house:
        await house.work()
        assert told(outside.region) == [await consent_id(house)]
        assert len(outside.region.keys) == 1 + 2
        assert len(set(outside.region.keys[1:])) == 1
        [row] = await notices(house)
        assert row.deliveries[0].codes == ("attempt-cut-off",)


async def test_a_dead_notice_alerts_holds_nothing_up_and_may_be_replayed(house: House) -> None:
    await house.carry_after_consent(screening())
    house.region.fail("http-422", transient=False)
    with capture_logs() as logs:
        await ended(house)
    assert "dead-letter" in [line.get("code") for line in logs]
    [dead] = await notices(house)
    assert (dead.state, told(house.region)) == (State.DEAD, [])
    assert (await house.carry_after_consent(screening("SCR-2"), "S-2")).state is State.DELIVERED
    assert await house.database.write(partial(replay, message_id=dead.id, now=NOW)) == 1
    await house.work()
    assert told(house.region) == [await consent_id(house)]


async def test_an_administrator_may_cancel_it(house: House) -> None:
    await house.carry_after_consent(screening())
    await house.push(revocation())
    [row] = await notices(house)
    await house.database.write(partial(cancel_message, message_id=row.id, now=NOW))
    await house.work()
    assert told(house.region) == []


async def test_its_attempt_leaves_a_row_that_names_the_consent_and_the_recipient(house: House) -> None:
    await house.carry_after_consent(screening())
    await ended(house)
    [row] = await house.audit("notice")
    references = [entity["what"].get("reference") for entity in row["entity"]]
    assert f"Consent/{await consent_id(house)}" in references
    assert row["agent"][1]["who"]["identifier"]["value"] == REGION_UNIT
    assert row["outcomeDesc"] == "basis-ended"


async def test_nothing_is_told_that_cannot_be_audited(house: House) -> None:
    await house.carry_after_consent(screening())
    await house.push(revocation())
    await house.break_audit()
    with pytest.raises(Unreachable):
        await house.deliver()
    assert told(house.region) == []


async def test_a_party_that_the_agreement_forwards_to_no_more_is_not_called(tmp_path: Path) -> None:
    outside = Outside()
    async with opened(tmp_path, outside=outside) as house:
        await house.carry_after_consent(screening())
        await house.push(revocation())

    def nothing_to_region(tree: Json) -> None:
        for flow in tree["flows"][:2]:
            flow["modes"] = [mode for mode in flow["modes"] if mode != "forward"]
            del flow["deliver"]

    async with opened(tmp_path, alingsas(nothing_to_region), outside=outside) as house:
        await house.work()
        assert told(outside.region) == []
        [row] = await notices(house)
        assert row.deliveries[0].codes == ("agreement-gone",)


# Whoever had nothing learns nothing.


async def test_a_later_revocation_neither_counts_nor_stops_a_notice(house: House) -> None:
    await house.push(consent("S-2", uppgifter=["SIP"]))
    await house.carry_after_consent(screening())
    house.region.fail("http-503")
    await ended(house)
    assert (await ended(house, revocation("S-2"))).stopped == Stopped()
    house.clock.move(seconds=2)
    await house.work()
    assert len(told(house.region)) == 1


async def test_the_answer_and_the_log_of_who_revoked_say_nothing_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path, with_region_push()) as house:
        for body in (consent(), screening()):
            await house.push(body)
        await house.work()
        receipt = await house.push(sent_by_region(revocation()), REGION_PUSH)
        assert (receipt.stopped, receipt.state) == (Stopped(), State.TRANSLATED)
        assert (await house.message(receipt)).deliveries == ()
        as_kommun, as_region = (
            frozenset({(house.agreements[0].id, party)}) for party in ("kommun", "region")
        )
        assert len(await notices(house, as_kommun)) == 1  # whose record it was
        assert await notices(house, as_region) == []
        await house.work()
        [seen] = await notices(house, as_region)
        assert (seen.is_own, [one.state for one in seen.deliveries]) == (False, [State.DELIVERED])


async def test_who_only_calls_finds_the_ended_consent(house: House) -> None:
    """A held plan and a live answer: nothing is sent, the search of Consents says it to the parties that are named."""
    for given in (consent(), plan_consent()):
        await house.push(given)
    house.source.records = [screening()]
    assert len((await house.search("Observation")).resources) == 1
    await ended(house)
    assert told(house.region) == []
    for requester in (region(), kommun()):
        found = (await house.search("Consent", requester=requester)).resources
        assert {own["value"]: one["status"] for one in found for own in one["identifier"]}[
            "S-1"
        ] == "inactive"
        assert await consent_id(house) in [one["id"] for one in found]


async def test_what_was_released_under_which_consent_is_kept_as_ids_alone(house: House) -> None:
    await house.carry_after_consent(screening())
    rows = await house.database.read(lambda c: c.execute(tables.basis.select()).all())
    assert [row.consent_id for row in rows] == [await consent_id(house)]
