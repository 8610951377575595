"""``sambro serve`` and ``sambro worker``: the long-lived processes, put together, started, and stopped in order."""

from __future__ import annotations

import asyncio
import random
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from typing import Final
from uuid import uuid4

import httpx
import orjson
import structlog
import uvicorn
import uvloop
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from adapter.api.app import build_app
from adapter.api.development_issuer import LIFETIME, DevelopmentIssuer, development_key
from adapter.api.fhir import FhirEndpoint
from adapter.api.floor import Floor
from adapter.api.inbound import InboundEndpoint
from adapter.api.operations import Operations
from adapter.api.tokens import TokenVerifier
from adapter.console.app import build_console
from adapter.domain.instants import utc_now
from adapter.domain.log_codes import LogCode
from adapter.exchange.accept import Accept
from adapter.exchange.answer import AnswerQuery
from adapter.exchange.deliver import Deliver
from adapter.exchange.filing import Filing
from adapter.exchange.gather import Gather
from adapter.exchange.given_out import GivenOut
from adapter.exchange.inbox import Inbox, inboxes
from adapter.exchange.process import Process
from adapter.exchange.registry_query import RegistryQuery
from adapter.exchange.retry import RetryPolicy
from adapter.exchange.upkeep import Upkeep
from adapter.exchange.workers import LEASE, Worker
from adapter.fhir.capability import capability_statement
from adapter.fhir.check import R4bChecker
from adapter.main import wires
from adapter.main.core import (
    Core,
    VaultBeside,
    announce_agreements,
    make_data_dir,
    opened,
    prepare,
    service_lock,
)
from adapter.settings import Settings
from adapter.store import inbound, outbound
from adapter.store.inbound import ClaimedMessage
from adapter.store.outbound import ClaimedDelivery
from connectors.hl7v2_mllp.validation import Validation

_WIDTH: Final = 8
_ATTEMPT: Final = timedelta(seconds=30)
_STOP_SECONDS: Final = 10
_PUBLISHED: Final = date(2026, 11, 22)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Workers:
    """The two kinds of worker and the upkeep, running as tasks of one process."""

    processing: Worker[ClaimedMessage]
    delivering: Worker[ClaimedDelivery]
    upkeep: Upkeep

    async def run(self) -> None:
        """Until ``stop``, then until what is in hand is done."""
        async with asyncio.TaskGroup() as tasks:
            for runner in (self.processing, self.delivering, self.upkeep):
                tasks.create_task(runner.run())

    def stop(self) -> None:
        """Take nothing more."""
        for runner in (self.processing, self.delivering, self.upkeep):
            runner.stop()


def serve(settings: Settings, vault_beside: VaultBeside) -> None:
    """API, console, listeners and workers, until SIGTERM or SIGINT."""
    _run(settings, vault_beside, _serve)


def work(settings: Settings, vault_beside: VaultBeside) -> None:
    """Workers alone, until SIGTERM or SIGINT."""
    _run(settings, vault_beside, _work)


def _run(settings: Settings, vault_beside: VaultBeside, process: Callable[[Core], Awaitable[None]]) -> None:
    make_data_dir(settings)
    with service_lock(settings):
        prepare(settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_with_core(settings, vault_beside, process))


async def _with_core(
    settings: Settings, vault_beside: VaultBeside, process: Callable[[Core], Awaitable[None]]
) -> None:
    async with opened(settings, vault_beside) as core:
        await announce_agreements(core)
        await core.database.write(lambda connection: outbound.void_leases(connection, utc_now()))
        await process(core)
    _log.info(LogCode.SERVICE_STOPPED)


async def _work(core: Core) -> None:
    async with httpx.AsyncClient() as client, _validation() as validation:
        workers = _workers(core, client, validation)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, workers.stop)
        await workers.run()


async def _serve(core: Core) -> None:
    async with httpx.AsyncClient() as client, _validation() as validation:
        workers = _workers(core, client, validation)
        channels = inboxes(core.settings.agreements)
        accept = _accept(core, workers.processing.wake)
        listeners = wires.listeners(core.settings, channels, accept)
        stopping = asyncio.Event()
        routes = _routes(core, client, channels, accept, stopping)
        server = _Server(_uvicorn_config(core.settings, routes), stopping)
        async with AsyncExitStack() as stack:
            for listener in listeners:
                await listener.start()
                stack.push_async_callback(listener.stop)
            working = asyncio.create_task(workers.run())
            _log.info(LogCode.SERVICE_STARTED, port=core.settings.listen.port)
            await server.serve()
        workers.stop()
        await working


class _Server(uvicorn.Server):
    """Stops at SIGTERM or SIGINT, and tells long answers (the live tail) so at once, or they would hold it up."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See uvicorn.Server. Its own raises the signal again at the end: that would kill workers and database in their work."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self._stopping.set()
        self.should_exit = True


@asynccontextmanager
async def _validation() -> AsyncIterator[Validation]:
    """The process that validates HL7 v2, ended at the end."""
    validation = Validation()
    try:
        yield validation
    finally:
        validation.close()


def _uvicorn_config(settings: Settings, routes: list[BaseRoute]) -> uvicorn.Config:
    return uvicorn.Config(
        build_app(routes),
        host=settings.listen.host,
        port=settings.listen.port,
        http="httptools",
        lifespan="off",
        # Request lines hold query strings, which may name a person.
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )


def _routes(
    core: Core,
    client: httpx.AsyncClient,
    channels: dict[str, Inbox],
    accept: Accept,
    stopping: asyncio.Event,
) -> list[BaseRoute]:
    settings = core.settings
    verifier = token_verifier(settings)
    pushed = {name: inbox for name, inbox in channels.items() if inbox.channel.connector == "http_push"}
    base = f"{settings.public_url}/fhir"
    statement = capability_statement(base, version=version("sambro"), published=_PUBLISHED)
    fhir = FhirEndpoint(
        answer=_answer(core, client),
        registry=RegistryQuery(
            database=core.database,
            registry=core.registry,
            agreements=settings.agreements,
            rules=core.rules,
            given_out=GivenOut(core.keyring),
            audit=core.trail,
            clock=utc_now,
        ),
        verifier=verifier,
        clock=utc_now,
        base=base,
        capability=orjson.dumps(statement),
        floor=Floor(settings.concealment_floor_ms / 1000),
    )
    push = InboundEndpoint(
        accept,
        core.database,
        verifier,
        pushed,
        wires.readers(pushed, settings.limits),
        settings.limits.body_bytes,
    )
    console = build_console(
        core.database,
        utc_now,
        secure_cookies=settings.public_url.startswith("https://"),
        agreements=settings.agreements,
        cursor_key=secrets.token_bytes(32),
        stopping=stopping,
    )
    operations = Operations(core.database, utc_now, settings.dev_issuer)
    return [
        *fhir.routes(),
        *push.routes(),
        *operations.routes(),
        Route("/console", _to_console, methods=["GET"]),
        Mount("/console", console),
    ]


async def _to_console(_request: Request) -> Response:
    # A mount answers below its path only, and this is the address that people type.
    return RedirectResponse("console/")


def _accept(core: Core, wake: Callable[[], None]) -> Accept:
    filing = Filing(
        database=core.database,
        keyring=core.keyring,
        registry=core.registry,
        translate=core.translate,
        agreements=core.agreements,
    )
    return Accept(
        database=core.database,
        keyring=core.keyring,
        vault=core.vault,
        registry=core.registry,
        filing=filing,
        audit=core.trail,
        clock=utc_now,
        new_id=new_id,
        wake=wake,
    )


def _answer(core: Core, client: httpx.AsyncClient) -> AnswerQuery:
    return AnswerQuery(
        database=core.database,
        registry=core.registry,
        agreements=core.settings.agreements,
        gather=Gather(
            database=core.database,
            keyring=core.keyring,
            vault=core.vault,
            translate=core.translate,
            checker=R4bChecker(),
            sources=wires.sources(core.settings, client),
            rules=core.rules,
        ),
        given_out=GivenOut(core.keyring),
        audit=core.trail,
        clock=utc_now,
        new_id=new_id,
    )


def _workers(core: Core, client: httpx.AsyncClient, validation: Validation) -> Workers:
    channels = inboxes(core.settings.agreements)
    process = Process(
        database=core.database,
        keyring=core.keyring,
        vault=core.vault,
        registry=core.registry,
        translate=core.translate,
        checker=R4bChecker(),
        inboxes=channels,
        readers=wires.readers(channels, core.settings.limits),
        validators=wires.validators(channels, validation),
        audit=core.trail,
        clock=utc_now,
        new_id=new_id,
    )
    deliver = Deliver(
        database=core.database,
        vault=core.vault,
        registry=core.registry,
        agreements=core.agreements,
        senders=wires.senders(core.settings, client, core.translate),
        rules=core.rules,
        policy=RetryPolicy(),
        deadline=_ATTEMPT,
        audit=core.trail,
        clock=utc_now,
        jitter=random.random,
    )
    owner = new_id()
    delivering = Worker(
        core.database,
        utc_now,
        claim=lambda connection, now, limit: outbound.claim_outbound(connection, owner, now, LEASE, limit),
        handle=deliver,
        give_back=outbound.release_outbound,
        then=lambda: None,
        width=_WIDTH,
    )
    processing = Worker(
        core.database,
        utc_now,
        claim=lambda connection, now, limit: inbound.claim_inbound(connection, owner, now, LEASE, limit),
        handle=process,
        give_back=lambda connection, held, retry_at: inbound.release_inbound(
            connection, held, retry_at, "processing-fault", utc_now()
        ),
        then=delivering.wake,
        width=_WIDTH,
    )
    return Workers(processing, delivering, Upkeep(core.database, core.vault, utc_now))


def development_issuer(settings: Settings) -> DevelopmentIssuer:
    """The issuer of development tokens; only where the settings allow one."""
    make_data_dir(settings)
    key = development_key(settings.data_dir / "development-issuer.pem")
    return DevelopmentIssuer(
        key, f"{settings.public_url}/development", settings.public_url, settings.clients, utc_now, new_id
    )


def token_verifier(settings: Settings) -> TokenVerifier:
    """The verifier of the configured issuer's tokens, or of the development issuer's."""
    if settings.tokens is None:
        issuer = development_issuer(settings)
        name, audience, lifetime = f"{settings.public_url}/development", settings.public_url, LIFETIME
        return TokenVerifier(name, audience, issuer.jwks(), settings.clients, utc_now, max_lifetime=lifetime)
    tokens = settings.tokens
    return TokenVerifier(
        tokens.issuer,
        tokens.audience,
        tokens.keys,
        settings.clients,
        utc_now,
        max_lifetime=timedelta(seconds=tokens.max_lifetime_seconds),
    )


def new_id() -> str:
    """A new random id."""
    return str(uuid4())
