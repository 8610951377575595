"""The HTTP application over a house of the exchange: endpoint, inbound channels and operations, and the tokens of who calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from adapter.api.access_tokens import AccessTokens
from adapter.api.app import build_app
from adapter.api.certificate import TlsTerminator
from adapter.api.client_assertion import ClientAssertions, RegisteredClient
from adapter.api.consent_bundle import ConsentBundles
from adapter.api.consents import ConsentEndpoint
from adapter.api.development_issuer import LIFETIME, DevelopmentIssuer
from adapter.api.everything import EverythingEndpoint
from adapter.api.fhir import FhirEndpoint
from adapter.api.floor import Floor
from adapter.api.inbound import InboundEndpoint
from adapter.api.keys import FixedKeys
from adapter.api.metadata import Metadata, served
from adapter.api.negotiation import Forms
from adapter.api.operations import Operations
from adapter.api.page_links import PageLinks
from adapter.api.request import Bearers
from adapter.api.token_endpoint import LIFETIME as GRANTED
from adapter.api.token_endpoint import PATH, TokenEndpoint
from adapter.api.tokens import Issuer, TokenVerifier
from adapter.api.validation import ValidationEndpoint
from adapter.api.witness import Witness
from adapter.domain.agreement import Agreement
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier
from adapter.domain.instants import stockholm_date
from adapter.exchange.issuance import Issuance
from adapter.exchange.message_status import MessageStatus
from adapter.exchange.paging import Paging
from adapter.fhir.capability import capability_statement
from adapter.fhir.profiles.packaged import profile_checker
from adapter.fhir.subset import Subsetting
from adapter.fhir.xml.reading import XmlReader
from adapter.fhir.xml.shapes import Shapes
from adapter.fhir.xml.writing import XmlWriter
from adapter.settings import Client
from tests.databases import Place
from tests.exchange.bodies import KOMMUN_UNIT, REGION_UNIT, TOLVAN, Json
from tests.exchange.fakes import Outside
from tests.exchange.house import House, new_id, opened
from tests.exchange.parties import PUSH

BASE: Final = "https://sambro.example.org"
MAX_BYTES: Final = 100_000
ORIGIN: Final = "https://app.example.org"
"""Whose scripts may call the endpoint."""
CLIENT_KEY: Final = ECKey.generate_key("P-384", {"kid": "client"})
PROXY: Final = TlsTerminator([ip_network("127.0.0.1")])
_SHAPES: Final = Shapes(profile_checker().definitions)
FORMS: Final = Forms(XmlReader(_SHAPES), XmlWriter(_SHAPES))
_KEY: Final = ECKey.generate_key("P-384", auto_kid=True)


def _client(name: str, organization: str, unit: str, *scopes: str) -> Client:
    return Client(
        id=name,
        organization=Identifier(ORGANISATIONSNUMMER, organization),
        unit=Identifier(HSA_ID, unit),
        purposes=("TREAT",),
        roles=(),
        scopes=frozenset(scopes),
    )


CLIENTS: Final = {
    client.id: client
    for client in (
        _client("region", "2321000131", REGION_UNIT, "system/*.rs"),
        _client("region-patients", "2321000131", REGION_UNIT, "system/Patient.rs"),
        _client("region-reads", "2321000131", REGION_UNIT, "system/CarePlan.r", "system/Patient.s"),
        _client("region-audit", "2321000131", REGION_UNIT, "audit", "system/AuditEvent.rs"),
        _client("auditor", "2321000131", REGION_UNIT, "audit-all", "system/AuditEvent.rs"),
        _client("kommun-audit", "2120001553", KOMMUN_UNIT, "audit", "system/AuditEvent.rs"),
        _client("region-push", "2321000131", REGION_UNIT, "inbound"),
        _client("stranger", "2321000016", "SE2321000016-E0901", "system/*.rs", "inbound"),
        _client("kommun", "2120001553", KOMMUN_UNIT, "inbound"),
        _client("kommun-reads", "2120001553", KOMMUN_UNIT, "system/*.rs"),
        _client("kommun-registers", "2120001553", KOMMUN_UNIT, "system/Consent.cruds"),
        _client("region-registers", "2321000131", REGION_UNIT, "system/Consent.cu", "system/*.rs"),
        _client("stranger-registers", "2321000016", "SE2321000016-E0901", "system/Consent.cruds"),
        _client("kommun-official", "2120001553", KOMMUN_UNIT, "release-without-consent"),
        _client("region-official", "2321000131", REGION_UNIT, "release-without-consent"),
        _client("stranger-official", "2321000016", "SE2321000016-E0901", "release-without-consent"),
    )
}
REGISTERED: Final = {
    "system": replace(CLIENTS["region"], id="system", purposes=("TREAT", "COC")),
    "system-bound": replace(CLIENTS["region"], id="system-bound", is_certificate_bound=True),
}
"""The clients of the token endpoint; their assertions are signed with CLIENT_KEY."""


@dataclass(frozen=True)
class Bridge:
    """The application in this process, and the house behind it."""

    house: House
    app: FastAPI
    http: httpx.AsyncClient

    def token(self, client: str, practitioner: Identifier | None = None, **changes: Any) -> str:
        """A development token of a client, for a practitioner if one is named; ``changes`` are what it claims beyond that client's."""
        clients = {client: replace(CLIENTS[client], **changes)}
        return _issuer(self.house, clients).mint(client, practitioner)

    def user_token(self, client: str, practitioner: str) -> str:
        """A token of a client in the name of one of its staff, by HSA-id."""
        claims = jwt.decode(self.token(client), _KEY, algorithms=["ES384"]).claims
        claims["extensions"]["ihe_iua"]["national_provider_identifier"] = f"{HSA_ID}|{practitioner}"
        return jwt.encode({"alg": "ES384", "kid": _KEY.kid}, claims, _KEY, algorithms=["ES384"])

    def residual_token(self, client: str, **members: Any) -> str:
        """A token of a client with residual rules about the test person; ``members`` are those of its ``ihe_pcf``."""
        claims = jwt.decode(self.token(client), _KEY, algorithms=["ES384"]).claims
        named = {"patient_id": f"{TOLVAN}^^^&1.2.752.129.2.1.3.1&ISO", "doc_id": ["urn:uuid:x"]}
        claims["extensions"]["ihe_pcf"] = named | members
        return jwt.encode({"alg": "ES384", "kid": _KEY.kid}, claims, _KEY, algorithms=["ES384"])

    async def fhir(
        self, path: str, client: str | None = "region", method: str = "GET", **request: Any
    ) -> httpx.Response:
        """A request to the endpoint."""
        return await self._request(method, f"/fhir/{path}", client, request)

    async def push(
        self,
        body: Json | bytes,
        client: str | None = "kommun",
        channel: str = PUSH,
        media_type: str = "application/json",
    ) -> httpx.Response:
        """A message pushed to a channel."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        request = {"content": content, "headers": {"Content-Type": media_type}}
        return await self._request("POST", f"/inbound/{channel}", client, request)

    async def status(self, pushed: httpx.Response, client: str | None = "kommun") -> httpx.Response:
        """The sender's view of what it pushed."""
        return await self._request("GET", pushed.json()["status"], client, {})

    async def _request(self, method: str, path: str, client: str | None, request: Json) -> httpx.Response:
        headers = {} if client is None else {"Authorization": f"Bearer {self.token(client)}"}
        headers |= request.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **request)


@asynccontextmanager
async def bridged(
    folder: Path,
    *agreements: Agreement,
    floor_seconds: float = 0.0,
    outside: Outside | None = None,
    place: Place | None = None,
) -> AsyncIterator[Bridge]:
    """The application over a database, by default the one in ``folder``."""
    async with opened(folder, *agreements, outside=outside, place=place) as house:
        bearers = _bearers(house)
        witness = Witness(house.refusals)
        fhir = FhirEndpoint(
            answer=house.answer,
            confirm_receipt=house.confirm_receipt,
            registry=house.registry_query,
            release_without_consent=house.release_without_consent,
            audit=house.audit_query,
            bearers=bearers,
            clock=house.clock,
            base=f"{BASE}/fhir",
            floor=Floor(floor_seconds),
            forms=FORMS,
            subsetting=Subsetting(_SHAPES),
            links=PageLinks(Paging(house.keyring, house.clock), f"{BASE}/fhir"),
            witness=witness,
        )
        channels = {
            name: inbox for name, inbox in house.inboxes.items() if inbox.channel.connector == "http_push"
        }
        status = MessageStatus(database=house.database, audit=house.trail, clock=house.clock)
        push = InboundEndpoint(house.accept, status, bearers, channels, house.readers, MAX_BYTES, witness)
        operations = Operations(house.database, house.clock, dev_issuer=True)
        resources = [
            *ConsentBundles(fhir, house.consent_registry).routes(),
            *ConsentEndpoint(fhir, house.consent_registry).routes(),
            *ValidationEndpoint(fhir, house.validate).routes(),
            *EverythingEndpoint(fhir).routes(),
            *fhir.routes(),
        ]
        statement = capability_statement(
            f"{BASE}/fhir", served(resources), version="0", published=stockholm_date(house.clock())
        )
        app = build_app(
            [
                *_token_endpoint(house).routes(),
                *Metadata(orjson.dumps(statement), FORMS).routes(),
                *resources,
                *push.routes(),
                *operations.routes(),
            ],
            cors_origins=[ORIGIN],
        )
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE) as http:
            yield Bridge(house, app, http)


def _bearers(house: House) -> Bearers:
    keys = FixedKeys([_KEY])
    issuers = [
        Issuer(BASE, BASE, keys, CLIENTS, LIFETIME),
        Issuer(f"{BASE}/oauth", BASE, keys, REGISTERED, GRANTED),
    ]
    return Bearers(TokenVerifier(issuers, house.clock), PROXY)


def _token_endpoint(house: House) -> TokenEndpoint:
    registered = {
        name: RegisteredClient(client, FixedKeys([CLIENT_KEY])) for name, client in REGISTERED.items()
    }
    return TokenEndpoint(
        base=BASE,
        assertions=ClientAssertions(registered, f"{BASE}{PATH}", house.database, house.keyring, house.clock),
        tokens=AccessTokens(_KEY, f"{BASE}/oauth", BASE, house.clock, new_id),
        jwks={"keys": [_KEY.as_dict(private=False)]},
        scopes=["inbound", "system/*.rs"],
        terminator=PROXY,
        issuance=Issuance(database=house.database, audit=house.trail, clock=house.clock),
        witness=Witness(house.refusals),
    )


def _issuer(house: House, clients: dict[str, Client]) -> DevelopmentIssuer:
    return DevelopmentIssuer(_KEY, BASE, BASE, clients, house.clock, new_id)
