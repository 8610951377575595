"""A clock that is set back: what waited is delivered after the next upkeep, which says so."""

from __future__ import annotations

from structlog.testing import capture_logs

from adapter.domain.states import State
from tests.exchange.bodies import consent, screening
from tests.exchange.house import House


async def test_what_was_due_in_the_time_that_comes_again_is_due_after_the_next_upkeep(house: House) -> None:
    await house.push(consent())
    receipt = await house.push(screening())
    await house.process()
    house.clock.move(hours=-2)
    assert await house.deliver() == 0
    with capture_logs() as logs:
        await house.upkeep.sweep()
    assert ("clock-set-back", 1) in [(line["event"], line.get("count")) for line in logs]
    assert await house.deliver() == 1
    assert (await house.delivery(receipt)).state is State.DELIVERED
