"""A requester that asks of people in every way that the endpoint serves, and what it sees of the answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import httpx

from adapter.domain.identity import PERSONNUMMER
from adapter.exchange.given_out import GivenOut
from adapter.fhir.search_parameters import SEARCH_PARAMETERS
from tests.api.bridge import Bridge
from tests.exchange.house import House, new_id
from tests.exchange.parties import person

# The audit opens to auditors alone: a requester of records is refused it, whomever it names.
TYPES: Final = tuple(name for name in SEARCH_PARAMETERS if name != "AuditEvent")
_MASKED: Final = frozenset({b"x-request-id", b"date"})


@dataclass(frozen=True)
class Seen:
    """What a requester sees of an answer, less X-Request-Id and Date: headers in their order, body byte for byte."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Somebody:
    """Whom a requester asks of: a number, and by resource type an id under which something was given out, or was not."""

    number: str
    ids: dict[str, str]


class Asker:
    """One client of a bridge, with one token."""

    def __init__(self, bridge: Bridge, client: str = "region") -> None:
        self._bridge = bridge
        self._token = {"Authorization": f"Bearer {bridge.token(client)}"}

    async def ask(self, path: str, method: str = "GET", **request: Any) -> Seen:
        """Any request to the endpoint."""
        headers = self._token | request.pop("headers", {})
        return seen(await self._bridge.fhir(path, None, method, headers=headers, **request))

    async def search(self, resource_type: str, whom: Somebody, **more: str) -> Seen:
        """A search by GET."""
        return await self.ask(resource_type, params=_person(resource_type, whom.number) | more)

    async def post(self, resource_type: str, whom: Somebody, **more: str) -> Seen:
        """A search by POST."""
        form = _person(resource_type, whom.number) | more
        return await self.ask(f"{resource_type}/_search", "POST", data=form)

    async def read(self, resource_type: str, whom: Somebody) -> Seen:
        """A read by id."""
        return await self.ask(f"{resource_type}/{whom.ids[resource_type]}")


def seen(answer: httpx.Response) -> Seen:
    """What a requester can compare."""
    headers = [(name, value) for name, value in answer.headers.raw if name.lower() not in _MASKED]
    return Seen(answer.status_code, headers, answer.content)


def unknown(number: str) -> Somebody:
    """Somebody whom nobody has made known; the ids are of no resource."""
    return Somebody(number, {resource_type: new_id() for resource_type in TYPES})


async def given_out(house: House, number: str) -> Somebody:
    """Somebody of whom each type was given out some time ago."""
    somebody = unknown(number)
    resources = [{"resourceType": name, "id": given} for name, given in somebody.ids.items()]
    remember = partial(
        GivenOut(house.keyring).remember, resources=resources, person=person(number), now=house.clock()
    )
    await house.database.write(remember)
    return somebody


def _person(resource_type: str, number: str) -> dict[str, str]:
    name = "identifier" if resource_type == "Patient" else "patient.identifier"
    return {name: f"{PERSONNUMMER}|{number}"}
