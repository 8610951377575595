"""What ends while a live source takes its time is not released: the permits are asked for again where the answer is committed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from adapter.domain.agreement import Agreement
from adapter.domain.instants import stockholm_date
from adapter.exchange.ports import Arrival
from tests.exchange.bodies import Json, consent, plan_consent, screening, sip
from tests.exchange.fakes import NOW
from tests.exchange.held_plans import hold_plans
from tests.exchange.house import House, opened
from tests.exchange.parties import alingsas
from tests.exchange.releases import filed, stated

TODAY: Final = {"start": "2026-11-16", "slut": "2026-11-22"}
TO_MIDNIGHT: Final = timedelta(hours=11)
UNTIL_TODAY: Final = alingsas(lambda tree: tree["valid"].update(to=stockholm_date(NOW)))


async def by_consent(house: House) -> None:
    await house.push(consent(period=TODAY))


async def on_a_ground(house: House) -> None:
    await filed(house, stated(ends_at=NOW + TO_MIDNIGHT))


async def by_a_long_consent(house: House) -> None:
    await house.push(consent())


async def with_a_plans_own(house: House) -> None:
    await house.push(consent())
    await house.push(plan_consent(period=TODAY))


def slowly(house: House, record: Json, takes: timedelta) -> None:
    """The kommun's system answers with a record after so long."""

    def late(arrival: Arrival) -> Arrival:
        house.clock.now += takes
        return arrival

    house.source.records, house.source.spoil = [record], late


def plans_by_query(tree: Json) -> None:
    plans = tree["flows"][0]
    plans.update(modes=["query"], query="alingsas-ifo")
    del plans["hold"], plans["deliver"]


CASES: Final = {
    "the consent": (by_consent, alingsas(), "Observation", screening()),
    "the ground of a release without consent": (on_a_ground, alingsas(), "Observation", screening()),
    "the agreement": (by_a_long_consent, UNTIL_TODAY, "Observation", screening()),
    "the plan's own consent": (with_a_plans_own, alingsas(plans_by_query), "CarePlan", sip()),
}


@pytest.mark.parametrize(("permits", "agreement", "resource_type", "record"), CASES.values(), ids=CASES)
@pytest.mark.parametrize(("takes", "count"), [(timedelta(0), 1), (TO_MIDNIGHT, 0)], ids=["in time", "late"])
async def test_what_ended_during_a_fetch_is_not_released(
    tmp_path: Path,
    permits: Callable[[House], Awaitable[None]],
    agreement: Agreement,
    resource_type: str,
    record: Json,
    takes: timedelta,
    count: int,
) -> None:
    async with opened(tmp_path, agreement) as house:
        await permits(house)
        slowly(house, record, takes)
        found = await house.search(resource_type)
        assert len(found.resources) == count
        assert (len(await house.audit("disclosure")), len(await house.audit("access"))) == (count, 1)


async def test_nor_is_what_was_held_no_longer_than_that(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        await hold_plans(house)
        house.clock.move(hours=71, minutes=59)

        async def wait() -> None:
            house.clock.move(minutes=1)

        house.database.after_readings(2, wait)
        assert (await house.search("CarePlan")).resources == ()
