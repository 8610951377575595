"""BTG and ETREAT open nothing anywhere; each attempt leaves an audit row, an alert and an entry on the follow-up list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from adapter.domain.errors import InputError
from adapter.domain.identity import HSA_ID, Identifier
from adapter.domain.requester import Requester
from adapter.domain.scopes import AUDIT_ALL
from adapter.exchange.question import Question
from adapter.exchange.release_without_consent import NotAnOfficial
from adapter.store import follow_up
from adapter.store.follow_up import FollowUp
from tests.api import consents as fhir_consents
from tests.exchange.bodies import REGION_UNIT, TOLVAN
from tests.exchange.held_plans import hold_plans
from tests.exchange.house import House
from tests.exchange.logs import alerts
from tests.exchange.parties import kommun, person, region, requester

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
    return await house.confirm_receipt(who, given.receipt, "request-2") or None


async def release(house: House, who: Requester) -> object:
    with pytest.raises(NotAnOfficial):
        await house.release_without_consent.authorize(who, "request-2")
    return None


async def search_audit(house: House, who: Requester) -> object:
    auditor = replace(who, scopes=frozenset({AUDIT_ALL}))
    question = Question(auditor, "AuditEvent", person(TOLVAN), "patient.identifier", "request-2")
    return (await house.audit_query.search(question, lambda _: True)).resources or None


async def file_consent(house: House, who: Requester) -> object:
    with pytest.raises(InputError) as refused:
        await house.consent_registry.create(who, fhir_consents.consent(), "request-2")
    assert refused.value.status == 403
    return None


async def end_consent(house: House, who: Requester) -> object:
    [kept, *_] = (await house.standing()).consents
    ended = {**(kept.resource or {}), "status": "inactive"}
    with pytest.raises(InputError) as refused:
        await house.consent_registry.update(who, kept.row.id, kept.row.version, ended, "request-2")
    assert refused.value.status == 403
    return None


ATTEMPTS: dict[str, tuple[Attempt, bool]] = {
    "a search": (search, True),
    "a search of consents": (search_consents, True),
    "a search of the audit": (search_audit, True),
    "a consent filed": (file_consent, True),
    "a consent ended": (end_consent, True),
    "a receipt": (confirm, True),
    "a release without consent": (release, False),
}


async def listed(house: House) -> list[FollowUp]:
    return list(await house.database.read(follow_up.entries))


@pytest.mark.parametrize("purposes", [("BTG",), ("ETREAT",), ("TREAT", "BTG")])
@pytest.mark.parametrize(("attempt", "names_the_person"), ATTEMPTS.values(), ids=ATTEMPTS)
async def test_an_attempt_gets_nothing_and_is_audited_alerted_and_followed_up(
    house: House, attempt: Attempt, names_the_person: bool, purposes: tuple[str, ...]
) -> None:
    await hold_plans(house)
    who = replace(region(*purposes), practitioner=NURSE)
    with capture_logs() as logs:
        assert await attempt(house, who) is None
    assert alerts(logs) == ["emergency-access-refused"]
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
    await hold_plans(house)
    await house.search(resource_type)
    await house.search(resource_type, requester=kommun())
    assert await listed(house) == []
    assert "emergency-access" not in await house.audit_kinds()


async def test_a_receipt_that_states_emergency_wipes_nothing(house: House) -> None:
    await hold_plans(house)
    held = await house.contents()
    await confirm(house, region("BTG"))
    assert await house.contents() == held > 0


@pytest.mark.parametrize("attempt", [file_consent, end_consent])
async def test_an_attempt_files_and_changes_no_consent(house: House, attempt: Attempt) -> None:
    await hold_plans(house)
    before = await house.standing()
    await attempt(house, region("BTG"))
    assert await house.standing() == before


async def test_a_consent_that_is_not_there_is_refused_as_one_that_is(house: House) -> None:
    body = fhir_consents.consent() | {"id": "00000000-0000-8000-8000-000000000000"}
    with pytest.raises(InputError) as refused:
        await house.consent_registry.update(region("BTG"), body["id"], 1, body, "request-2")
    assert refused.value.status == 403


async def test_consents_are_read_for_any_other_purpose(house: House) -> None:
    await hold_plans(house)
    assert len((await house.search("Consent")).resources) == 2
