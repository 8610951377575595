"""BTG and ETREAT open nothing anywhere; each attempt leaves an audit row, an alert and an entry on the follow-up list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from adapter.domain.identity import HSA_ID, Identifier
from adapter.domain.requester import Requester
from adapter.exchange.release_without_consent import NotAnOfficial
from adapter.store import follow_up
from adapter.store.follow_up import FollowUp
from tests.exchange.bodies import REGION_UNIT, consent, plan_consent, sip
from tests.exchange.house import House
from tests.exchange.parties import kommun, region, requester

NURSE = Identifier(HSA_ID, "SE2321000131-P0042")
STRANGER = requester("2321000016", "SE2321000016-E0901", "BTG")

Attempt = Callable[[House, Requester], Awaitable[object]]


async def search(house: House, who: Requester) -> object:
    return (await house.search("CarePlan", requester=who)).resources or None


async def search_consents(house: House, who: Requester) -> object:
    return (await house.search("Consent", requester=who)).resources or None


async def confirm(house: House, who: Requester) -> object:
    """An answer that was given to the same party for treatment."""
    given = await house.search("CarePlan")
    assert given.receipt is not None
    return await house.answer.confirm(who, given.receipt, "request-2") or None


async def release(house: House, who: Requester) -> object:
    with pytest.raises(NotAnOfficial):
        await house.release_without_consent.authorize(who, "request-2")
    return None


ATTEMPTS: dict[str, tuple[Attempt, bool]] = {
    "a search": (search, True),
    "a search of consents": (search_consents, True),
    "a receipt": (confirm, True),
    "a release without consent": (release, False),
}


async def known(house: House) -> None:
    for body in (consent(), plan_consent(), sip()):
        await house.push(body)
    await house.work()


async def listed(house: House) -> list[FollowUp]:
    return list(await house.database.read(follow_up.entries))


@pytest.mark.parametrize("purposes", [("BTG",), ("ETREAT",), ("TREAT", "BTG")])
@pytest.mark.parametrize(("attempt", "names_the_person"), ATTEMPTS.values(), ids=ATTEMPTS)
async def test_an_attempt_gets_nothing_and_is_audited_alerted_and_followed_up(
    house: House, attempt: Attempt, names_the_person: bool, purposes: tuple[str, ...]
) -> None:
    await known(house)
    who = replace(region(*purposes), practitioner=NURSE)
    with capture_logs() as logs:
        assert await attempt(house, who) is None
    alerts = [line["code"] for line in logs if line["event"] == "alert"]
    assert alerts == ["emergency-access-refused"]
    [event] = await house.audit("emergency-access")
    assert (event["outcome"], event["outcomeDesc"]) == ("8", "emergency-access-refused")
    [entry] = await listed(house)
    assert (entry.kind, entry.party, entry.recipients) == ("emergency-access", "region", (REGION_UNIT,))
    assert entry.codes == tuple(sorted({"BTG", "ETREAT"} & set(purposes)))
    assert (entry.person_key is not None) is names_the_person
    assert house.follow_up.personal(entry)["official"] == NURSE.value


async def test_a_stranger_is_followed_up_by_the_operator(house: House) -> None:
    await house.search("CarePlan", requester=STRANGER)
    [entry] = await listed(house)
    assert (entry.agreement, entry.party) == (None, None)


@pytest.mark.parametrize("resource_type", ["CarePlan", "Consent"])
async def test_a_stated_purpose_of_another_kind_is_no_attempt(house: House, resource_type: str) -> None:
    await known(house)
    await house.search(resource_type)
    await house.search(resource_type, requester=kommun())
    assert await listed(house) == []
    assert "emergency-access" not in await house.audit_kinds()


async def test_a_receipt_that_states_emergency_wipes_nothing(house: House) -> None:
    await known(house)
    held = await house.contents()
    await confirm(house, region("BTG"))
    assert await house.contents() == held > 0


async def test_consents_are_read_for_any_other_purpose(house: House) -> None:
    await known(house)
    assert len((await house.search("Consent")).resources) == 2
