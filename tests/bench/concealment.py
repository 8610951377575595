"""Whether the time of a refused answer tells a person without consent from one whom nobody knows (gate.md, "Concealment").

``sambro serve`` as shipped, over loopback. Each person is asked for once, so that whatever is read of one is read for the first time; the
order is random, and the requester is the one who would gain most: the unit that a consent names or named.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from itertools import cycle
from pathlib import Path
from random import Random
from statistics import quantiles
from time import perf_counter
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import Connection

from adapter.demo import records
from adapter.demo.installation import install
from adapter.demo.processes import adapter
from adapter.domain.identity import PersonId
from adapter.domain.instants import utc_now
from adapter.exchange.given_out import GivenOut
from tests.bench.auc import auc
from tests.bench.house import House, opened_house
from tests.bench.measure import Budget, Row, Sample
from tests.bench.persons import persons

_PAIRS: Final = 5_000
_CONNECTIONS: Final = 4
_PREPARED_AT_ONCE: Final = 64
_WARM_UP: Final = 200
_HOST: Final = "127.0.0.1"
_TYPES: Final = ("CarePlan", "Observation", "Patient", "Goal")
_RANDOM: Final = Random(20261122)  # noqa: S311  an order, not a secret
_WITHIN: Final = Budget("figure", 1.96, is_ceiling=True)

Request = tuple[bytes, bool]
"""A request as it is sent, and whether it is about somebody known."""


async def rows(folder: Path, *, full: bool) -> AsyncIterator[Row]:
    """Searches by POST, and reads of ids that were once given out, half and half."""
    installation = install(folder / "data")
    known = list(persons(_PAIRS + _WARM_UP))
    async with opened_house(installation) as house:
        ids = await _make_known(house, known)
    head = f"Host: {_HOST}\r\nAuthorization: Bearer {installation.run('token', '--client', 'region')}\r\n"
    half = len(known) // 2
    requests = [*_searches(known[:half], head), *_reads(ids[half:], head)]
    with adapter(installation):
        of_known, of_unknown = await _times(installation.ports.adapter, requests)
    yield Row(
        "refused answer, known without consent",
        Sample(_spread(of_known), "ms"),
        "unknown person",
        Sample(_spread(of_unknown), "ms"),
    )
    area = auc(of_known, of_unknown)
    low, high = area.interval
    yield Row(
        f"told apart by time, {len(of_known):,} pairs, 95 %",
        Sample((low, area.value, high), "AUC"),
        "chance",
        Sample((0.5, 0.5, 0.5), "AUC"),
    )
    distance = abs(area.value - 0.5) / area.error
    yield Row("the same, its distance from chance", Sample((distance,), "errors"), budget=_WITHIN)


def _spread(times: Sequence[float]) -> tuple[float, ...]:
    """The fifth, fiftieth and ninety-fifth percentile, in milliseconds."""
    twentieths = quantiles((time * 1e3 for time in times), n=20)
    return twentieths[0], twentieths[9], twentieths[18]


async def _times(port: int, requests: list[Request]) -> tuple[list[float], list[float]]:
    """What each request took in seconds: of those about somebody known, and of the others. The first are not counted."""
    _RANDOM.shuffle(requests)
    waiting = iter(requests)
    taken: list[tuple[float, bool]] = []
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_Client(port)) for _ in range(_CONNECTIONS)]
        await asyncio.gather(*(_ask(client, waiting, taken) for client in clients))
    counted = taken[2 * _WARM_UP :]
    return [time for time, is_known in counted if is_known], [
        time for time, is_known in counted if not is_known
    ]


async def _ask(client: _Client, waiting: Iterator[Request], taken: list[tuple[float, bool]]) -> None:
    for request, is_known in waiting:
        taken.append((await client.send(request), is_known))


class _Client:
    """Asks on one connection that it keeps; no more of HTTP than that takes."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> _Client:
        self._reader, self._writer = await asyncio.open_connection(_HOST, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def send(self, request: bytes) -> float:
        """Seconds from the request to the last byte of its answer, which must be a refusal."""
        # Without this pause a client keeps the beat of its own answers.
        await asyncio.sleep(_RANDOM.uniform(0.001, 0.004))
        started = perf_counter()
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        body = await self._reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r")[0]))
        taken = perf_counter() - started
        if b'"total":0' not in body and not head.startswith(b"http/1.1 404"):
            raise RuntimeError("an answer is no refusal")
        return taken


def _searches(known: Sequence[PersonId], head: str) -> Iterator[Request]:
    others = persons(len(known), start=len(known))
    for resource_type, one, other in zip(cycle(_TYPES), known, others, strict=False):
        for person, is_known in ((one, True), (other, False)):
            spelling = "identifier" if resource_type == "Patient" else "patient.identifier"
            form = urlencode({spelling: f"{person.system}|{person.value}"})
            yield (
                (
                    f"POST /fhir/{resource_type}/_search HTTP/1.1\r\n{head}"
                    f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n{form}"
                ).encode(),
                is_known,
            )


def _reads(ids: Sequence[str], head: str) -> Iterator[Request]:
    for given in ids:
        for reference, is_known in ((given, True), (_reference(given.partition("/")[0]), False)):
            yield f"GET /fhir/{reference} HTTP/1.1\r\n{head}\r\n".encode(), is_known


async def _make_known(house: House, people: Sequence[PersonId]) -> list[str]:
    """Make people known by turns in each way; gives for each a reference under which something was once given out."""
    ids: list[str] = []
    ways = cycle((_withheld, _revoked, _other_purpose))
    for start in range(0, len(people), _PREPARED_AT_ONCE):
        some = people[start : start + _PREPARED_AT_ONCE]
        await asyncio.gather(*(next(ways)(house, person) for person in some))
        ids += await house.core.database.write(partial(_give_out, house=house, people=some))
    return ids


def _give_out(connection: Connection, house: House, people: Sequence[PersonId]) -> list[str]:
    given_out, given = GivenOut(house.core.keyring), []
    for resource_type, person in zip(cycle(_TYPES), people, strict=False):
        given.append(_reference(resource_type))
        resource = {"resourceType": resource_type, "id": given[-1].partition("/")[2]}
        given_out.remember(connection, [resource], person, utc_now())
    return given


def _reference(resource_type: str) -> str:
    return f"{resource_type}/{UUID(int=_RANDOM.getrandbits(128))}"


async def _withheld(house: House, person: PersonId) -> None:
    name = house.core.keyring.person_key(person)[:20]
    await house.push(records.sip(person.value, name, name, utc_now()))


async def _revoked(house: House, person: PersonId) -> None:
    name = house.core.keyring.person_key(person)[:20]
    await house.push(records.consent(person.value, name, name, utc_now(), "osl-waiver"))
    await house.push(records.revocation(person.value, name, f"{name}-end", utc_now(), "osl-waiver"))


async def _other_purpose(house: House, person: PersonId) -> None:
    name = house.core.keyring.person_key(person)[:20]
    body = records.consent(person.value, name, name, utc_now(), "osl-waiver")
    body["consent"]["andamal"] = ["HQUALIMP"]
    await house.push(body)
