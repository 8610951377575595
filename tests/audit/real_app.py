"""The application as ``adapter.main`` puts it together, over a database of its own, with the outside played by a transport."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import orjson
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import select
from starlette.routing import BaseRoute, Mount, Route

from adapter.api.app import build_app
from adapter.domain.identity import Identifier
from adapter.domain.instants import utc_now
from adapter.exchange.administration import Administration
from adapter.exchange.administrators import create_administrator
from adapter.exchange.follow_up import FollowUpList
from adapter.exchange.inbox import inboxes
from adapter.exchange.rights import USUAL, Right
from adapter.main import assembly, wires
from adapter.main.commands import Installed
from adapter.main.core import Core, make_data_dir, opened, prepare
from adapter.settings import load_settings
from adapter.store import tables
from adapter.store.follow_up import FollowUpKind
from adapter.store.keys import init_master_key
from adapter.store.signing_keys import make_signing_key
from connectors.hl7v2_mllp.listener import Listener
from connectors.hl7v2_mllp.validation import Validation
from tests.cli.command import installed
from tests.console.openid_provider import CLIENT_ID, SECRET, Provider
from tests.databases import new_file
from tests.exchange.bodies import TOLVAN, Json, consent, plan_consent, screening, sip

PASSWORD: Final = "correct horse battery"
CLIENTS: Final = """\
clients:
  region: {organization: {organisationsnummer: "2321000131"}, unit: SE2321000131-E0101, purposes: [TREAT],
    scopes: [system/Patient.rs, system/Consent.rs, system/CarePlan.rs, system/Observation.rs]}
  kommun: {organization: {organisationsnummer: "2120001553"}, unit: SE2120001553-1001, purposes: [TREAT], scopes: [inbound]}
  auditor: {organization: {organisationsnummer: "2321000131"}, unit: SE2321000131-E0101, purposes: [TREAT],
    scopes: [audit-all, system/AuditEvent.rs]}
  registers: {organization: {organisationsnummer: "2120001553"}, unit: SE2120001553-1001, purposes: [TREAT],
    scopes: [system/Consent.cruds]}
  official: {organization: {organisationsnummer: "2120001553"}, unit: SE2120001553-1001, purposes: [TREAT],
    scopes: [release-without-consent]}
  pusher: {organization: {organisationsnummer: "2321000131"}, unit: SE2321000131-E0101, purposes: [TREAT],
    scopes: [inbound]}
  system: {organization: {organisationsnummer: "2321000131"}, unit: SE2321000131-E0101, purposes: [TREAT],
    scopes: [system/Patient.rs], jwks: {keys: [KEY]}}
"""
PROVIDER: Final = f"""\
console: {{oidc: {{issuer: "https://idp.test", client_id: "{CLIENT_ID}", client_secret: "{SECRET}", rights_claim: sambro}}}}
"""
CLIENT_KEY: Final = ECKey.generate_key("P-384", {"kid": "client"})
_OTHERS_CLIENTS: Final = re.compile(r"clients:\n(?:  .*\n)+")


@dataclass
class RealApp:
    """One running application, and the rows that it has written since ``mark``."""

    core: Core
    app: FastAPI
    http: httpx.AsyncClient
    listener: Listener
    stopping: asyncio.Event
    source: list[Json] = field(default_factory=list)
    source_fails: bool = False
    provider: Provider = field(
        default_factory=lambda: Provider("https://idp.test", {"sub": "a", "sambro": ["*"]})
    )
    _seen: int = 0

    async def fhir(
        self, path: str, client: str | None = "region", method: str = "GET", **request: Any
    ) -> httpx.Response:
        """A request to the endpoint."""
        return await self.call(method, f"/fhir/{path}", client, **request)

    async def push(self, body: Json | bytes, client: str | None = "kommun", **headers: str) -> httpx.Response:
        """A message pushed to the kommun's channel."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"Content-Type": "application/json"} | headers
        return await self.call("POST", "/inbound/alingsas-kommun", client, content=content, headers=headers)

    async def call(self, method: str, path: str, client: str | None, **request: Any) -> httpx.Response:
        """Any request, with the token of a client."""
        headers = dict(request.pop("headers", {}))
        if client is not None:
            headers["Authorization"] = f"Bearer {self.bearer(client)}"
        return await self.http.request(method, path, headers=headers, **request)

    def bearer(
        self, client: str, practitioner: Identifier | None = None, purposes: tuple[str, ...] = ("TREAT",)
    ) -> str:
        """A development token of a client."""
        settings = self.core.settings
        stated = replace(settings.clients[client], purposes=purposes)
        claiming = replace(settings, clients={**settings.clients, client: stated})
        return Installed().mint(claiming, client, practitioner)

    async def consent(self) -> None:
        """The person consents to everything that the agreement exchanges, and a screening can be read live."""
        for body in (consent(), plan_consent()):
            assert (await self.push(body)).status_code == 201
        self.source.append(screening())

    async def held(self) -> httpx.Response:
        """A plan is held for the region, which has asked for it: the answer."""
        await self.consent()
        assert (await self.push(sip())).status_code == 202
        async with self._working():
            while not (answer := await self.fhir("CarePlan", params=asking())).json()["total"]:
                await asyncio.sleep(0.02)
        return answer

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        validation = Validation()
        workers = assembly.workers(self.core, self.http, validation, ())
        running = asyncio.create_task(workers.processing.run())
        try:
            yield
        finally:
            workers.processing.stop()
            await running
            validation.close()

    async def token(self, **changes: str) -> httpx.Response:
        """Our own token endpoint, asked by a registered client."""
        url = f"{self.core.settings.public_url}/oauth/token"
        now = int(utc_now().timestamp())
        claims = {"iss": "system", "sub": "system", "aud": url, "exp": now + 60, "jti": str(uuid4())}
        form = {
            "grant_type": "client_credentials",
            "scope": "system/Patient.rs",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(
                {"alg": "ES384", "kid": "client"}, claims, CLIENT_KEY, algorithms=["ES384"]
            ),
        }
        return await self.http.post("/oauth/token", data=form | changes)

    async def sign_in(self, password: str = PASSWORD, **fields: str) -> httpx.Response:
        """Fill in the console's form; the cookie stays with the client."""
        token = form_token(await self.http.get("/console/sign-in"))
        form = {"form_token": token, "name": "admin", "password": password, **fields}
        return await self.http.post("/console/sign-in", data=form)

    async def sign_in_elsewhere(self) -> httpx.Response:
        """At the provider, and back."""
        begun = await self.http.get("/console/sign-in/oidc")
        back = urlsplit(self.provider.authorize(urlsplit(begun.headers["location"]).query))
        return await self.http.get(f"{back.path}?{back.query}")

    async def account_of(
        self, party: str, rights: Collection[Right] = USUAL, *, is_first: bool = False
    ) -> None:
        """The administrator is now one of a party's."""
        administration = Administration(database=self.core.database, audit=self.core.trail, clock=utc_now)
        [agreement] = self.core.settings.agreements
        views = frozenset({(agreement.id, party)})
        await create_administrator(
            administration,
            "root",
            "admin",
            PASSWORD,
            views,
            utc_now(),
            rights=rights,
            is_first=is_first,
        )

    async def put_follow_up(self, entry_id: str) -> None:
        """An entry of the follow-up list, about nobody."""
        entries = FollowUpList(self.core.keyring, self.core.trail, lambda: entry_id)
        await self.core.database.write(
            lambda connection: entries.add(
                connection,
                FollowUpKind.EMERGENCY_ACCESS,
                utc_now(),
                agreement=None,
                party=None,
                person_key=None,
                reference="request",
                recipients=(),
                codes=("BTG",),
            )
        )

    async def send(self, message: bytes) -> str:
        """Send one HL7 v2 message; MSA-1 of its answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.listener.port)
        writer.write(b"\x0b" + message + b"\x1c\r")
        answer = await asyncio.wait_for(reader.readuntil(b"\x1c\r"), 10)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        [found] = re.findall(rb"\rMSA\|(\w\w)\|", answer)
        return bytes(found).decode()

    async def mark(self) -> None:
        """What is written from now on is what counts."""
        self._seen = len(await self._rows())

    async def rows(self) -> Sequence[tuple[str, Json]]:
        """The rows since the mark: kind and event."""
        return (await self._rows())[self._seen :]

    async def _rows(self) -> list[tuple[str, Json]]:
        rows = select(tables.audit.c.kind, tables.audit.c.event).order_by(tables.audit.c.number)
        return await self.core.database.read(
            lambda connection: [(kind, orjson.loads(event)) for kind, event in connection.execute(rows)]
        )


def asking(**more: str) -> Json:
    """A search for the test person."""
    return {"patient.identifier": TOLVAN} | more


def form_token(page: httpx.Response) -> str:
    """The token of a page's form."""
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


def route_names(routes: Sequence[BaseRoute], prefix: str = "") -> Iterator[str]:
    """Every route as docs/audit.md names it, those of mounted applications, too: ``GET /fhir/{type}``, ``MOUNT /console/static``."""
    for route in routes:
        if isinstance(route, Mount) and route.routes:
            yield from route_names(route.routes, prefix + route.path)
        elif isinstance(route, Route):
            methods = sorted((route.methods or {"*"}) - {"HEAD"})
            yield from (f"{method} {prefix}{route.path}" for method in methods)
        else:
            yield f"MOUNT {prefix}{getattr(route, 'path', '?')}"


async def _streamed(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _provided(provider: Provider, request: httpx.Request) -> httpx.Response:
    if request.method == "GET":
        return httpx.Response(200, json=provider.published(request.url.path))
    given = provider.token(request.headers["authorization"], request.content.decode())
    return httpx.Response(400 if given is None else 200, json=given)


Exercise = Callable[[RealApp], Awaitable[object]]
"""Brings about one case of a route, and asks."""


@asynccontextmanager
async def real_app(folder: Path) -> AsyncIterator[RealApp]:
    """The application, its MLLP listener, and an administrator ``admin``."""
    installation = installed(folder)
    path = installation.config / "sambro.yaml"
    public = orjson.dumps(CLIENT_KEY.as_dict(private=False)).decode()
    clients = CLIENTS.replace("KEY", public)
    text, found = _OTHERS_CLIENTS.subn(lambda _: clients, path.read_text(encoding="utf-8"))
    assert found == 1
    path.write_text(text + PROVIDER, encoding="utf-8")
    settings = load_settings(installation.config, installation.data, {})
    init_master_key(settings.master_key_file)
    make_signing_key(settings.master_key_file, utc_now())
    make_data_dir(settings)
    new_file(settings.data_dir / "sambro.db")
    prepare(settings)
    stopping = asyncio.Event()

    async def outside(request: httpx.Request) -> httpx.Response:
        if request.url.host == "idp.test":
            return _provided(real.provider, request)
        if request.url.path != "/query":
            return httpx.Response(200)
        headers = {"Content-Type": "application/json"}
        status = 500 if real.source_fails else 200
        return httpx.Response(status, content=_streamed(orjson.dumps(real.source)), headers=headers)

    async with opened(settings) as core, httpx.AsyncClient(transport=httpx.MockTransport(outside)) as client:
        channels = inboxes(settings.agreements)
        accept = assembly.accept(core, lambda: None)
        app = build_app(assembly.routes(core, client, channels, accept, stopping))
        [listener] = wires.listeners(settings, channels, accept, assembly.refusals(core))
        await listener.start()
        administration = Administration(database=core.database, audit=core.trail, clock=utc_now)
        await create_administrator(administration, "root", "admin", PASSWORD, None, utc_now())
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sambro.test") as http:
            real = RealApp(core, app, http, listener, stopping)
            await real.mark()
            yield real
        await listener.stop()
