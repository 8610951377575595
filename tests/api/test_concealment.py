"""Whom nothing may be told of is answered as whom nobody knows: same bytes, same headers, same audit, no source asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from adapter.domain.agreement import Agreement
from tests.api import known
from tests.api.asker import TYPES, Asker, Seen, Somebody, given_out, unknown
from tests.api.bridge import Bridge, bridged
from tests.api.known import WAYS, Way
from tests.bench.persons import persons
from tests.exchange.bodies import TOLVAN, Json
from tests.exchange.house import House

SEED: Final = 20261122
PAIRS: Final = 100
"""For each of two agreements."""
Agreements = Callable[[], tuple[Agreement, ...]]
AGREEMENTS: Final = (known.packaged, known.modes_swapped)
MORE: Final[tuple[dict[str, str], ...]] = (
    {},
    {"_count": "0"},
    {"_pretty": "true"},
    {"_id": "1"},
    {"_format": "json"},
    {"_format": "xml"},
)


@pytest.mark.parametrize("agreements", AGREEMENTS, ids=["plans-held", "plans-live"])
async def test_of_200_pairs_neither_can_be_told_from_the_other(
    tmp_path: Path, agreements: Agreements
) -> None:
    async with bridged(tmp_path, *agreements()) as bridge:
        pairs = [await _pair(bridge.house, way, *people) for way, people in _people(agreements.__name__)]
        everybody, nobody = Asker(bridge), Asker(bridge, "stranger")
        for place, (one, other) in enumerate(pairs):
            more = MORE[place % len(MORE)]
            for turn, resource_type in enumerate(TYPES):
                # A consent that names the requester's organisation is the requester's to read.
                asker = nobody if resource_type == "Consent" else everybody
                ask = (_by_get, _by_post, _by_id)[(place // len(WAYS) + turn) % 3]
                first, second = await asyncio.gather(
                    ask(asker, resource_type, one, more), ask(asker, resource_type, other, more)
                )
                assert first == second, (place, resource_type)
                assert first.status == 404 or _is_empty(first.body)
                assert one.number.encode() not in first.body
        assert bridge.house.source.asked == []


@pytest.mark.parametrize("agreements", AGREEMENTS, ids=["plans-held", "plans-live"])
async def test_one_number_looks_the_same_unknown_known_and_revoked(
    tmp_path: Path, agreements: Agreements
) -> None:
    found: dict[str, list[Seen]] = {}
    for way in (None, known.withheld, known.revoked):
        folder = tmp_path / (way.__name__ if way else "unknown")
        folder.mkdir()
        async with bridged(folder, *agreements()) as bridge:
            somebody = unknown(TOLVAN)
            if way is not None:
                await way(bridge.house, TOLVAN, "")
                somebody = await given_out(bridge.house, TOLVAN)
            region, stranger = Asker(bridge), Asker(bridge, "stranger")
            found[folder.name] = [
                await ask(stranger if resource_type == "Consent" else region, resource_type, somebody, {})
                for resource_type, ask in product(TYPES, (_by_get, _by_post, _by_id))
            ]
            assert bridge.house.source.asked == []
    assert found["unknown"] == found["withheld"] == found["revoked"]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_the_audit_of_both_has_the_same_rows_of_the_same_shape(tmp_path: Path, way: Way) -> None:
    async with bridged(tmp_path, *known.packaged()) as bridge:
        people = [person.value for person in persons(3, start=SEED)]
        one, other = await _pair(bridge.house, way, *people)
        asker = Asker(bridge)
        rows = []
        for somebody in (one, other):
            before = len(await bridge.house.audit())
            await asker.search("Patient", somebody)
            await asker.read("CarePlan", somebody)
            rows.append([_shape(event) for event in (await bridge.house.audit())[before:]])
        assert rows[0] == rows[1]
        # Two units send plans and two kinds of screening; the search of a Patient asks for all, the read of a plan for plans.
        assert len(rows[0]) == 2 * 3 + 1 + 2 + 1


async def test_a_consent_between_others_is_the_requesters_to_know_nothing_of(bridge: Bridge) -> None:
    await known.between_others(bridge.house, TOLVAN, "")
    somebody, asker = await given_out(bridge.house, TOLVAN), Asker(bridge)
    [nobody] = [unknown(person.value) for person in persons(1, start=SEED)]
    for ask in (_by_get, _by_post, _by_id):
        assert await ask(asker, "Consent", somebody, {}) == await ask(asker, "Consent", nobody, {})


@pytest.mark.parametrize("floor_seconds", [0.025, 0.2])
async def test_nothing_found_leaves_no_earlier_than_the_floor(tmp_path: Path, floor_seconds: float) -> None:
    async with bridged(tmp_path, floor_seconds=floor_seconds) as bridge:
        await known.withheld(bridge.house, TOLVAN, "")
        somebody, asker = await given_out(bridge.house, TOLVAN), Asker(bridge)
        for resource_type, ask in product(TYPES, (_by_get, _by_post, _by_id)):
            assert await _taken(ask(asker, resource_type, somebody, {})) >= floor_seconds
        parameters = {"parameter": [{"name": "answer", "valueIdentifier": {"value": "1"}}]}
        assert await _taken(asker.ask("$confirm-receipt", "POST", json=parameters)) >= floor_seconds


async def _by_get(asker: Asker, resource_type: str, whom: Somebody, more: dict[str, str]) -> Seen:
    return await asker.search(resource_type, whom, **more)


async def _by_post(asker: Asker, resource_type: str, whom: Somebody, more: dict[str, str]) -> Seen:
    return await asker.post(resource_type, whom, **more)


async def _by_id(asker: Asker, resource_type: str, whom: Somebody, _: dict[str, str]) -> Seen:
    return await asker.read(resource_type, whom)


def _is_empty(searchset: bytes) -> bool:
    return b'<total value="0"/>' in searchset or b'"total":0' in searchset.replace(b" ", b"")


async def _taken(asking: Any) -> float:
    began = time.monotonic()
    await asking
    return time.monotonic() - began


def _people(seed: str) -> Iterator[tuple[Way, tuple[str, str, str]]]:
    """For each pair a way to be known, who is, who is not, and a number that nobody asks for."""
    start = Random(f"{SEED} {seed}").randrange(1_000_000)  # noqa: S311  cases, not secrets
    numbers = iter(persons(3 * PAIRS, start=start))
    for place in range(PAIRS):
        yield WAYS[place % len(WAYS)], (next(numbers).value, next(numbers).value, next(numbers).value)


async def _pair(house: House, way: Way, one: str, other: str, spare: str) -> tuple[Somebody, Somebody]:
    await way(house, one, spare)
    return await given_out(house, one), unknown(other)


def _shape(event: Json) -> Json:
    """An AuditEvent without what says of whom it is and why: ids, person key, reason, the Consents that it rests on (which BALP's profile
    of decisions asks for, so that it goes with them).
    """
    told = {"outcomeDesc", "recorded", "extension"} | (
        {"meta"} if event["type"]["code"] == "110113" else set()
    )
    kept = {name: element for name, element in event.items() if name not in told}
    entities = [entity for entity in event["entity"] if entity.get("type", {}).get("code") != "Consent"]
    extensions = [extension["url"] for extension in event.get("extension", ())]
    return kept | {"entity": [sorted(entity) for entity in entities], "extension": extensions}
