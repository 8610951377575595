"""A recipient that fails again and again is left alone until one delivery gets through."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from structlog.testing import capture_logs

from adapter.domain.states import State
from tests.exchange.bodies import Json, consent, screening
from tests.exchange.house import House, opened
from tests.exchange.parties import alingsas


def _skip_dead_letters(tree: Json) -> None:
    for flow in tree["flows"]:
        flow["dead_letter"] = "skip"


async def test_after_five_failures_in_a_row_one_delivery_probes_and_its_success_lets_all_through(
    house: House,
) -> None:
    await house.push(consent())
    receipt = await house.push(screening())
    await house.process()
    house.region.fail(*["http-503"] * 6)
    with capture_logs() as logs:
        for _ in range(5):
            await house.deliver()
            house.clock.move(seconds=16)
        assert [line["event"] for line in logs if "breaker" in line["event"]] == ["breaker-opened"]
        # The alert is recipient-down (watch.py): one for one cause.
        assert [line["event"] for line in logs if line["event"] == "alert"] == []
        assert await house.deliver() == 0
        house.clock.move(seconds=30)
        assert await house.deliver() == 1
        house.clock.move(seconds=29)
        assert await house.deliver() == 0
        house.clock.move(seconds=1)
        assert await house.deliver() == 1
    assert [line["event"] for line in logs][-2:] == ["breaker-closed", "delivery-ended"]
    assert (await house.delivery(receipt)).state is State.DELIVERED


async def test_what_fails_for_good_says_nothing_of_the_recipient(tmp_path: Path) -> None:
    async with opened(tmp_path, alingsas(_skip_dead_letters)) as house:
        await house.push(consent())
        for number in range(7):
            await house.push(screening(f"SCR-{number}"))
            await house.process()
        house.region.fail(*["http-422"] * 6, transient=False)
        assert [await house.deliver() for _ in range(8)] == [1] * 7 + [0]


async def test_a_probe_that_tells_nothing_of_the_recipient_lets_the_next_one_probe_at_once(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, alingsas(_skip_dead_letters)) as house:
        await house.push(consent())
        for number in range(3):
            await house.push(screening(f"SCR-{number}"))
            await house.process()
        house.region.fail(*["http-503"] * 5)
        for _ in range(5):
            await house.deliver()
            house.clock.move(seconds=16)
        assert await house.deliver() == 0
        house.clock.move(seconds=30)
        house.region.fail("http-422", transient=False)
        assert [await house.deliver() for _ in range(4)] == [1, 1, 1, 0]


async def test_an_agreement_says_when_and_how_long_it_is_tried(tmp_path: Path) -> None:
    def edit(tree: Json) -> None:
        tree["retry"] = {"first_seconds": 60, "longest_seconds": 120, "age_hours": 1}

    async with opened(tmp_path, alingsas(edit)) as house:
        await house.push(consent())
        receipt = await house.push(screening())
        await house.process()
        house.region.fail("http-503", "http-503")
        began = house.clock()
        await house.deliver()
        assert (await house.delivery(receipt)).next_attempt_at == began + timedelta(seconds=30)
        house.clock.move(minutes=59, seconds=30)
        await house.deliver()
        assert (await house.delivery(receipt)).state is State.DEAD
