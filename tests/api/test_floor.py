"""When what found nothing leaves: the floor, and under load the slowest of the last answers."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest
from starlette.requests import Request
from starlette.responses import Response

from adapter.api.fhir import FhirEndpoint
from adapter.api.floor import Floor
from adapter.api.negotiation import Forms
from adapter.api.responses import conceal, refused

FLOOR = 0.02


async def left_after(floor: Floor, *, work: float) -> float:
    """Seconds from arrival to leaving, of an answer whose work took so long."""
    arrived = time.monotonic() - work
    await floor.wait(arrived)
    return time.monotonic() - arrived


@pytest.mark.parametrize("work", [0.0, 0.0003, 0.0107, 0.0191])
async def test_nothing_leaves_before_the_floor_whatever_the_work_took(work: float) -> None:
    assert await left_after(Floor(FLOOR), work=work) >= FLOOR


async def test_work_beyond_the_floor_is_not_held_up_further() -> None:
    began = time.monotonic()
    await Floor(10.0).wait(began - 11.0)
    assert time.monotonic() - began < 5.0


async def test_after_a_slow_answer_the_next_ones_take_as_long() -> None:
    floor = Floor(FLOOR)
    await left_after(floor, work=0.1)
    for work in (0.0, 0.05):
        assert await left_after(floor, work=work) >= 0.1


async def test_nobody_waits_longer_for_others_than_ten_floors() -> None:
    floor = Floor(FLOOR)
    await left_after(floor, work=60.0)
    assert 10 * FLOOR <= await left_after(floor, work=0.0) < 30.0


async def test_a_slow_answer_is_forgotten_after_64_others() -> None:
    floor = Floor(10.0)
    await left_after(floor, work=100.0)
    await asyncio.gather(*(left_after(floor, work=99.0) for _ in range(64)))
    began = time.monotonic()
    await floor.wait(began - 99.5)
    assert time.monotonic() - began < 0.4


async def test_without_a_floor_nothing_waits() -> None:
    floor = Floor(0.0)
    await left_after(floor, work=60.0)
    began = time.monotonic()
    await floor.wait(began)
    assert time.monotonic() - began < 5.0


async def test_a_concealed_answer_is_written_in_its_form_before_it_waits() -> None:
    steps: list[str] = []

    class Written(Forms):
        async def rendered(self, response: Response, request: Request) -> Response:
            steps.append("written")
            return response

    class Waited(Floor):
        async def wait(self, arrived: float) -> None:
            steps.append("waited")

    async def nothing_found(request: Request, *_: object) -> Response:
        conceal(request)
        return refused(404, "r")

    parts: dict[str, Any] = dict.fromkeys(FhirEndpoint.__slots__, MagicMock()) | {
        "floor": Waited(0),
        "base": "",
    }
    endpoint = FhirEndpoint(**parts | {"bearers": AsyncMock(), "forms": Written(MagicMock(), MagicMock())})
    asked = Request({"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""})
    assert (await endpoint.guarded(nothing_found)(asked)).status_code == 404
    assert steps == ["written", "waited"]
