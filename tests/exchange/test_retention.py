"""Everything has its own end: the log's rows, Consents, what was released without consent, and what was to be seen to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapter.domain.errors import InputError
from adapter.store import follow_up, tables
from tests.exchange.bodies import consent, revocation, screening
from tests.exchange.house import CONSENT_TIME, LOG_TIME, House
from tests.exchange.releases import filed

A_DAY = timedelta(days=1)


async def test_a_message_stays_while_its_recipient_may_have_to_be_told(house: House) -> None:
    await house.carry_after_consent(screening())
    house.clock.now += LOG_TIME + A_DAY
    await house.upkeep.sweep()
    assert await house.count(tables.delivery) == 1
    await house.push(revocation())
    await house.work()
    assert len(house.region.notices) == 1
    house.clock.now += LOG_TIME + A_DAY
    await house.upkeep.sweep()
    assert (await house.count(tables.message), await house.count(tables.event)) == (0, 0)
    assert await house.count(tables.consent) > 0
    assert await house.audit("disclosure") != []


async def test_a_consent_that_was_taken_back_long_ago_is_gone_and_stays_taken_back(house: House) -> None:
    await house.push(consent())
    await house.push(revocation())
    house.clock.now += CONSENT_TIME + A_DAY
    await house.upkeep.sweep()
    assert await house.count(tables.consent) == 0
    with pytest.raises(InputError, match="consent-ended"):
        await house.push(consent(messageId="m-once-more"))


async def test_a_consent_whose_period_ended_long_ago_is_gone(house: House) -> None:
    await house.push(consent(period={"start": "2026-11-01", "slut": "2026-12-31"}))
    house.clock.now += CONSENT_TIME
    await house.upkeep.sweep()
    assert await house.count(tables.consent) == 1
    house.clock.now += 60 * A_DAY
    await house.upkeep.sweep()
    assert await house.count(tables.consent) == 0


async def test_a_release_without_consent_goes_and_its_entry_once_it_was_seen_to(house: House) -> None:
    await filed(house)
    house.clock.now += CONSENT_TIME + 2 * A_DAY
    await house.upkeep.sweep()
    assert (await house.count(tables.lawful_ground), await house.count(tables.follow_up)) == (0, 1)
    [entry] = await house.database.read(follow_up.entries)
    seen_to = house.clock()
    await house.database.write(lambda connection: follow_up.acknowledge(connection, entry.id, "eva", seen_to))
    house.clock.now += CONSENT_TIME + A_DAY
    await house.upkeep.sweep()
    assert await house.count(tables.follow_up) == 0
