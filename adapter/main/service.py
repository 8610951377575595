"""``sambro serve`` and ``sambro worker``: the long-lived processes, put together, started, and stopped in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Final

import httpx
import structlog
import uvicorn
import uvloop
from starlette.routing import BaseRoute

from adapter.api.app import build_app
from adapter.domain.instants import utc_now
from adapter.domain.log_codes import LogCode
from adapter.exchange.inbox import inboxes
from adapter.main import assembly, wires
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
from adapter.store import lanes, outbound
from connectors.hl7v2_mllp.validation import Validation

_STOP_SECONDS: Final = 10
_log = structlog.get_logger()


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
        await core.attestation.require()
        await core.attestation.mark()
        await announce_agreements(core)
        structlog.configure(processors=[core.alert_lines, *structlog.get_config()["processors"]])
        if settings.database is None:
            await core.database.write(lambda connection: outbound.void_leases(connection, utc_now()))
        try:
            await process(core)
        finally:
            await core.attestation.mark()
    _log.info(LogCode.SERVICE_STOPPED)


async def _work(core: Core) -> None:
    async with outgoing() as client, _validation() as validation:
        waiting = await core.database.read(lanes.systems_waiting)
        workers = assembly.workers(core, client, validation, waiting)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, workers.stop)
        await workers.run()


async def _serve(core: Core) -> None:
    async with outgoing() as client, _validation() as validation:
        waiting = await core.database.read(lanes.systems_waiting)
        workers = assembly.workers(core, client, validation, waiting)
        channels = inboxes(core.settings.agreements)
        accept = assembly.accept(core, workers.wake)
        inlets = wires.inlets(core, channels, accept, assembly.refusals(core))
        stopping = asyncio.Event()
        routes = assembly.routes(core, client, channels, accept, stopping)
        server = _Server(_uvicorn_config(core.settings, routes), stopping)
        async with AsyncExitStack() as stack:
            for inlet in inlets:
                await inlet.start()
                stack.push_async_callback(inlet.stop)
            working = asyncio.create_task(workers.run())
            # Without workers nothing that is accepted goes on: better stop, and be started again.
            working.add_done_callback(lambda _: server.stop())
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
            asyncio.get_running_loop().add_signal_handler(number, self.stop)
        yield

    def stop(self) -> None:
        """Take no more requests, answer those in hand."""
        self._stopping.set()
        self.should_exit = True


def outgoing() -> httpx.AsyncClient:
    """The client of all outgoing wires; their own deadlines are shorter than its limits."""
    # httpx's own bound, 100, is that of thirteen systems that hang: all others would wait for them.
    limits = httpx.Limits(max_connections=1000, max_keepalive_connections=20)
    return httpx.AsyncClient(timeout=httpx.Timeout(30, connect=5), limits=limits)


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
        build_app(routes, cors_origins=settings.cors_origins),
        host=settings.listen.host,
        port=settings.listen.port,
        http="httptools",
        lifespan="off",
        # Request lines hold query strings, which may name a person.
        access_log=False,
        log_config=None,
        server_header=False,
        # The address of a request is the peer's own: who may state a client certificate is judged by it.
        proxy_headers=False,
        timeout_graceful_shutdown=_STOP_SECONDS,
    )
