"""Workers that are killed at random lose nothing, put nothing out of order, and repeat only under the same key."""

from __future__ import annotations

import asyncio
import random
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import select

from adapter.domain.instants import utc_now
from adapter.store.messages import accept
from adapter.store.tables import delivery
from tests.chaos.storm import Taken, command, judge, lines, storm, until_finished, until_taken
from tests.chaos.worker import LEASE
from tests.databases import Databases, Place, opened
from tests.store.samples import RAW, new_message


@pytest.mark.timeout(400)
async def test_random_kills_lose_nothing_and_keep_order(place: Place, tmp_path: Path) -> None:
    """The short form of ``make chaos``."""
    chance = random.Random(11)  # noqa: S311 - not a secret
    report = await storm(place, tmp_path / "taken", messages=1000, kills=5, chance=chance)
    assert (report.acknowledged, report.kills) == (1000, 5)
    assert report.is_sound, report


@pytest.mark.parametrize(
    ("arrivals", "fault"),
    [
        (["a 1", "b 2"], None),
        (["a 1", "a 1", "b 2", "a 1"], None),
        (["a 1"], "lost"),
        (["b 2", "a 1"], "out_of_order"),
        (["a 1", "a 3", "b 2"], "other_keys"),
        (["a 1", "b 1"], "other_keys"),
    ],
)
def test_the_judge_sees_what_is_lost_confused_or_repeated_wrongly(
    arrivals: Sequence[str], fault: str | None
) -> None:
    taken = [Taken("person", *arrival.split()) for arrival in arrivals]
    report = judge({"person": ["a", "b"]}, taken, kills=1, left=0)
    faults = {name for name in ("lost", "out_of_order", "other_keys") if getattr(report, name)}
    assert faults == ({fault} if fault else set())
    assert report.is_sound is (fault is None)


async def test_a_killed_replicas_work_is_taken_over_within_its_lease(
    postgres: Databases, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    with postgres.one() as server:
        async with opened(server) as database:
            await database.write(partial(accept, new=new_message(received_at=utc_now()), raw=RAW))
            with subprocess.Popen(command(server, taken, "hang")) as hanging:  # noqa: S603
                await until_taken(taken, 1)
                claimed_at = monotonic()
                with subprocess.Popen(command(server, taken)) as other:  # noqa: S603
                    await asyncio.sleep(LEASE.total_seconds() / 2)
                    hanging.kill()
                    before = lines(taken)
                    await until_taken(taken, 2)
                    took = monotonic() - claimed_at
                    await until_finished(database)
                    other.kill()
            abandoned = await database.read(lambda c: c.scalars(select(delivery.c.codes)).all())
    first, second = lines(taken)
    assert (before, second) == ([first], first)
    assert abandoned == [("attempt-abandoned",)]
    # By far less than a worker's lease of a minute, on a machine that is busy with other things, too.
    assert took < LEASE.total_seconds() + 15
