"""The timeline of a message: each stage that it got through, in the order and at the instant in which it ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from adapter.domain.errors import Issue
from adapter.exchange.receipt import Receipt
from adapter.store.log import LogEvent, timeline
from tests.databases import Place
from tests.exchange.bodies import consent, oru_r01, revocation, screening
from tests.exchange.fakes import Outside, Time
from tests.exchange.house import House, opened

UNKNOWN_CODE = oru_r01().replace(b"AUDIT-TOTAL", b"OTHER-TOTAL")


class Ticking(Time):
    """A clock that moves by a millisecond whenever it is looked at."""

    def __call__(self) -> datetime:
        self.move(milliseconds=1)
        return self.now


@pytest.fixture
async def house(tmp_path: Path, place: Place) -> AsyncIterator[House]:
    async with opened(tmp_path, place=place, outside=Outside(clock=Ticking())) as house:
        yield house


async def steps(house: House, receipt: Receipt) -> Sequence[LogEvent]:
    """The timeline of a message once it is processed."""
    await house.process()
    message = await house.message(receipt)
    return await house.database.read(partial(timeline, shown=message))


async def test_each_stage_stands_in_its_order_with_the_instant_at_which_it_ended(house: House) -> None:
    await house.push(consent())
    seen = await steps(house, await house.send(oru_r01()))
    stages = [step.stage for step in seen if step.delivery_id is None]
    assert stages == ["received", "parsed", "decided", "translated", "validated"]
    assert seen[len(stages)].stage == "queued"
    spans = [after.at - before.at for before, after in pairwise(seen[: len(stages) + 1])]
    assert min(spans) >= timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("body", "issues", "stages"),
    [
        (oru_r01(), (Issue("OBX[1]-2", "table-value"),), ["received", "invalid"]),
        (UNKNOWN_CODE, (), ["received", "parsed", "decided", "invalid"]),
    ],
    ids=["refused in reading", "refused in mapping"],
)
async def test_an_invalid_message_shows_how_far_it_came(
    house: House, body: bytes, issues: tuple[Issue, ...], stages: list[str]
) -> None:
    await house.push(consent())
    house.outside.validator.issues = issues
    seen = await steps(house, await house.send(body))
    assert [step.stage for step in seen] == stages
    assert len({step.at for step in seen}) == len(stages)


async def test_what_was_done_under_a_decision_that_moved_is_not_shown(house: House) -> None:
    await house.push(consent())
    receipt = await house.push(screening())
    house.database.meanwhile = lambda: house.push(revocation())
    assert [step.stage for step in await steps(house, receipt)] == [
        "received",
        "parsed",
        "decided",
        "withheld",
    ]
