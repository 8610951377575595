"""A paused channel takes no record, loses none, and keeps nothing waiting that could narrow what is given out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapter.domain.errors import Unreachable
from adapter.domain.states import State
from adapter.exchange.paused_channel import ChannelPaused
from adapter.exchange.receipt import Outcome
from adapter.store import pauses, tables
from adapter.store.alert_causes import CHANNEL_PAUSED, SENDER_SILENT, Burst, Expected, causes
from adapter.store.pauses import Pause, Paused
from tests.exchange.bodies import consent, oru_r01, person_data, revocation, screening
from tests.exchange.house import House
from tests.exchange.parties import HL7, PUSH, alingsas


async def pause(house: House, channel: str = PUSH) -> None:
    new = Pause(Paused.CHANNEL, channel, alingsas().id, "kommun", house.clock(), "admin", b"sealed")
    await house.database.write(lambda connection: pauses.begin(connection, new))


async def test_a_record_is_turned_away_and_taken_when_it_comes_again(house: House) -> None:
    await house.push(consent())
    await pause(house)
    for _ in range(2):
        with pytest.raises(ChannelPaused):
            await house.push(screening())
    assert (await house.count(tables.message), await house.contents()) == (1, 0)
    await house.database.write(lambda connection: pauses.end(connection, Paused.CHANNEL, PUSH))
    receipt = await house.push(screening())
    assert (receipt.outcome, receipt.state) == (Outcome.ACCEPTED, State.ACCEPTED)


async def test_only_the_channel_that_is_paused_is(house: House) -> None:
    await pause(house, HL7)
    assert (await house.push(screening())).outcome is Outcome.ACCEPTED
    with pytest.raises(Unreachable):
        await house.send(oru_r01())


async def test_what_was_taken_before_goes_on(house: House) -> None:
    await house.push(consent())
    receipt = await house.push(screening())
    await pause(house)
    await house.work()
    assert (await house.message(receipt)).deliveries


async def test_what_could_narrow_is_taken_all_the_same(house: House) -> None:
    await house.push(consent())
    await pause(house)
    assert (await house.push(revocation())).outcome is Outcome.IN_FORCE
    assert (await house.push(person_data("person.protected"))).outcome is Outcome.ACCEPTED
    with pytest.raises(ChannelPaused):
        await house.push(person_data())


async def test_a_pause_of_an_hour_is_an_alert_and_its_silence_none(house: House) -> None:
    hour = timedelta(hours=1)
    expected = (Expected(alingsas().id, "kommun", PUSH, hour),)

    async def codes(hours: int) -> set[str]:
        now = house.clock() + hours * hour
        found = await house.database.read(
            lambda c: list(causes(c, now, expected, Burst(9, hour), now - 9 * hour))
        )
        return {one.code for one in found if one.opens}

    assert await codes(0) == {SENDER_SILENT}
    await pause(house)
    assert (await codes(0), await codes(1)) == (set(), {CHANNEL_PAUSED})
