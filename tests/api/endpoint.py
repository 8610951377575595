"""The FHIR endpoint as ``adapter.main`` puts it together, over a house of the exchange with fakes at its ports, and who asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
from joserfc.jwk import ECKey

from adapter.api.app import build_app
from adapter.api.development_issuer import LIFETIME, DevelopmentIssuer
from adapter.api.fhir import FhirEndpoint
from adapter.api.floor import Floor
from adapter.api.tokens import TokenVerifier
from adapter.domain.agreement import Agreement
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, PERSONNUMMER, Identifier
from adapter.exchange.given_out import GivenOut
from adapter.fhir.search_parameters import SEARCH_PARAMETERS
from adapter.settings import Client
from tests.exchange.bodies import KOMMUN_UNIT, REGION_UNIT
from tests.exchange.house import House, Outside, alingsas, new_id, opened, person

BASE: Final = "https://sambro.example.org"
TYPES: Final = tuple(SEARCH_PARAMETERS)
_KEY: Final = ECKey.generate_key("P-384")
_MASKED: Final = frozenset({b"x-request-id", b"date"})

Seen = tuple[int, list[tuple[bytes, bytes]], bytes]
"""What a requester sees of an answer: status, headers in their order, body."""


def _client(name: str, organization: str, unit: str) -> Client:
    return Client(
        id=name,
        organization=Identifier(ORGANISATIONSNUMMER, organization),
        unit=Identifier(HSA_ID, unit),
        purposes=("TREAT",),
        roles=(),
        scopes=frozenset({"system/*.rs"}),
    )


CLIENTS: Final = {
    client.id: client
    for client in (
        _client("region", "2321000131", REGION_UNIT),
        _client("kommun", "2120001553", KOMMUN_UNIT),
        # Its organisation stands in no agreement.
        _client("stranger", "2321000016", "SE2321000016-E0901"),
    )
}


@dataclass(frozen=True)
class Endpoint:
    """An endpoint in this process, its house, and the tokens of its clients."""

    house: House
    http: httpx.AsyncClient
    tokens: dict[str, str]

    async def ask(self, path: str, client: str = "region", **request: Any) -> httpx.Response:
        """Send a request as one of the clients; GET unless ``method`` says otherwise."""
        method = request.pop("method", "GET")
        headers = {"Authorization": f"Bearer {self.tokens[client]}"} | request.pop("headers", {})
        return await self.http.request(method, f"/fhir/{path}", headers=headers, **request)

    async def search(self, resource_type: str, number: str, client: str = "region", **more: str) -> Seen:
        """A search by GET."""
        query = {_spelling(resource_type): f"{PERSONNUMMER}|{number}", **more}
        return seen(await self.ask(resource_type, client, params=query))

    async def post(self, resource_type: str, number: str, client: str = "region", **more: str) -> Seen:
        """A search by POST."""
        form = {_spelling(resource_type): f"{PERSONNUMMER}|{number}", **more}
        return seen(await self.ask(f"{resource_type}/_search", client, method="POST", data=form))

    async def read(self, resource_type: str, resource_id: str, client: str = "region") -> Seen:
        """A read by id."""
        return seen(await self.ask(f"{resource_type}/{resource_id}", client))

    async def once_gave(self, resource_type: str, number: str) -> str:
        """An id under which something about that person was given out some time ago."""
        resource = {"resourceType": resource_type, "id": new_id()}
        given_out = GivenOut(self.house.keyring)
        await self.house.database.write(
            partial(
                given_out.remember, resources=[resource], person=person(number), now=self.house.clock()
            )
        )
        return resource["id"]


@asynccontextmanager
async def serving(
    folder: Path, *agreements: Agreement, floor_seconds: float = 0.0, outside: Outside | None = None
) -> AsyncIterator[Endpoint]:
    """An endpoint over the database in ``folder``."""
    async with opened(folder, *agreements, outside=outside) as house:
        issuer = DevelopmentIssuer(_KEY, BASE, BASE, CLIENTS, house.clock, new_id)
        fhir = FhirEndpoint(
            answer=house.answer,
            registry=house.registry_query,
            verifier=TokenVerifier(
                BASE, BASE, issuer.jwks(), CLIENTS, house.clock, max_lifetime=LIFETIME
            ),
            clock=house.clock,
            base=f"{BASE}/fhir",
            capability=b"{}",
            floor=Floor(floor_seconds),
        )
        transport = httpx.ASGITransport(app=build_app(fhir.routes()))
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as http:
            yield Endpoint(house, http, {name: issuer.mint(name) for name in CLIENTS})


def seen(answer: httpx.Response) -> Seen:
    """What a requester can compare: everything but X-Request-Id and Date."""
    headers = [(name, value) for name, value in answer.headers.raw if name.lower() not in _MASKED]
    return answer.status_code, headers, answer.content


def modes_swapped() -> Agreement:
    """The packaged agreement with plans read live at the source and screenings held."""
    return alingsas(_swap)


def _swap(tree: dict[str, Any]) -> None:
    plans, screenings = tree["flows"][:2]
    held = plans.pop("hold")
    plans |= {"modes": ["forward", "query"], "query": screenings.pop("query")}
    screenings |= {"modes": ["forward", "hold"], "hold": held}




def _spelling(resource_type: str) -> str:
    return "identifier" if resource_type == "Patient" else "patient.identifier"
