"""Query wire: asks a record system live for one person's records (docs/query-wire.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import httpx
import orjson

from adapter.domain.errors import InputError, Unreachable
from adapter.domain.identity import PERSONNUMMER, SAMORDNINGSNUMMER, PersonId
from adapter.domain.instants import as_instant
from adapter.domain.records import RecordType
from adapter.exchange.ports import Arrival
from adapter.mapping.strict_json import read_json
from connectors.http_push.reader import PushReader

_SELF_EVIDENT: Final = frozenset({PERSONNUMMER, SAMORDNINGSNUMMER})


class PushSource:
    """A system that answers on the query wire; implements ``exchange.ports.RecordSource``.

    ``token`` is the bearer token that the system gave us, empty for none; ``deadline`` is in seconds, from the first byte out to the last byte in.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        reader: PushReader,
        *,
        token: str,
        deadline: float = 3.0,
        max_bytes: int = 4_000_000,
        max_records: int = 200,
    ) -> None:
        self._client = client
        self._url = url
        self._token = token
        self._reader = reader
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._max_records = max_records

    async def fetch(
        self,
        person: PersonId,
        record_types: Sequence[RecordType],
        since: datetime | None,
        until: datetime | None,
        also_known_as: frozenset[PersonId] = frozenset(),
    ) -> Sequence[Arrival]:
        """The person's records of those types, each of which names the person by the number asked or one of ``also_known_as``.

        Raises Unreachable: ``source-timeout``, ``source-unreachable``, ``source-http-nnn``, ``source-answer-too-large``,
        ``source-answer-unreadable``, ``source-answer-invalid`` or ``source-answered-other``. One bad record spoils the answer: part
        of a person's records would pass for all of them.
        """
        question = orjson.dumps(_question(person, record_types, since, until))
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._ask(question)
        except (TimeoutError, httpx.TimeoutException):
            raise Unreachable("source-timeout") from None
        except httpx.RequestError:
            raise Unreachable("source-unreachable") from None
        arrivals = self._arrivals(answer)
        wanted, numbers = frozenset(record_types), also_known_as | {person}
        if not all(arrival.person in numbers and _is_of(arrival, wanted) for arrival in arrivals):
            raise Unreachable("source-answered-other")
        return arrivals

    async def _ask(self, question: bytes) -> bytes:
        # Not compressed: a bound on the bytes read is then a bound on the answer.
        headers = {
            **({"Authorization": f"Bearer {self._token}"} if self._token else {}),
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        request = self._client.stream(
            "POST", self._url, content=question, headers=headers, follow_redirects=False
        )
        async with request as response:
            if response.status_code != httpx.codes.OK:
                raise Unreachable(f"source-http-{response.status_code}")
            answer = bytearray()
            async for chunk in response.aiter_raw():
                answer += chunk
                if len(answer) > self._max_bytes:
                    raise Unreachable("source-answer-too-large")
            return bytes(answer)

    def _arrivals(self, answer: bytes) -> list[Arrival]:
        try:
            records = read_json(answer)
        except InputError:
            raise Unreachable("source-answer-unreadable") from None
        if not isinstance(records, list):
            raise Unreachable("source-answer-unreadable")
        if len(records) > self._max_records:
            raise Unreachable("source-answer-too-large")
        try:
            return [self._reader.arrival(record) for record in records]
        except InputError:
            raise Unreachable("source-answer-invalid") from None


def _question(
    person: PersonId, record_types: Sequence[RecordType], since: datetime | None, until: datetime | None
) -> dict[str, Any]:
    question: dict[str, Any] = {
        "personId": person.value,
        "recordTypes": sorted(record_types),
        "from": None if since is None else as_instant(since),
        "to": None if until is None else as_instant(until),
    }
    return question if person.system in _SELF_EVIDENT else question | {"idSystem": person.system}


def _is_of(arrival: Arrival, wanted: frozenset[RecordType]) -> bool:
    return bool(arrival.record_types) and arrival.record_types <= wanted
