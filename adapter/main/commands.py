"""The composition root as the ``sambro`` command sees it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from rich.console import Console

from adapter.cli.root import Opened
from adapter.domain.errors import ConfigurationError, Fault, KeyFault
from adapter.domain.identity import Identifier
from adapter.domain.instants import utc_now
from adapter.exchange.follow_up import FollowUpList
from adapter.exchange.move import move
from adapter.exchange.ports import Reader
from adapter.exchange.trail import Trail
from adapter.fhir.profiles.packaged import packaged_shapes
from adapter.main import tokens, wires
from adapter.main.core import (
    VaultBeside,
    database_path,
    make_data_dir,
    new_id,
    opened,
    prepare,
    server,
    service_lock,
)
from adapter.mapping.catalog import MappingCatalog, load_catalog, packaged_files
from adapter.settings import Settings
from adapter.store.keys import load_keyring
from adapter.store.postgres import PostgresDatabase, Server, fault
from adapter.store.schema import migrate, migrate_server
from adapter.store.signing_keys import load_signing_keys
from adapter.store.vault import SealedVault
from connectors.hl7v2_mllp.tls import ClientTls, Tls


@dataclass(frozen=True, slots=True)
class Installed:
    """Fills ``adapter.cli.root.Root``. ``vault_beside`` makes the vault of the serving processes."""

    vault_beside: VaultBeside = SealedVault.beside

    # What serves and what tells the story are loaded by their own commands: the others start in half the time.

    def serve(self, settings: Settings) -> None:
        """See Root."""
        from adapter.main import service

        _log_to_stderr(settings)
        service.serve(settings, self.vault_beside)

    def work(self, settings: Settings) -> None:
        """See Root."""
        from adapter.main import service

        _log_to_stderr(settings)
        service.work(settings, self.vault_beside)

    def demonstrate(self, data_dir: Path, *, once: bool, info: Path | None, console: Console) -> int:
        """See Root."""
        from adapter.demo import demonstration

        return demonstration.run(data_dir, once=once, info=info, console=console, clock=utc_now)

    def mint(self, settings: Settings, client: str, practitioner: Identifier | None) -> str:
        """See Root."""
        return tokens.development_issuer(settings).mint(client, practitioner)

    def faults(self, settings: Settings) -> tuple[Fault, ...]:
        """See Root."""
        return tuple(_faults(settings))

    def reader(self, connector: str) -> Reader:
        """See Root."""
        return wires.reader(connector)

    def acknowledge_loss(self, settings: Settings) -> str | None:
        """See Root."""
        _log_to_stderr(settings)
        make_data_dir(settings)
        with service_lock(settings):
            prepare(settings)
            return asyncio.run(_acknowledge(settings))

    def copy_database(self, settings: Settings, by: str) -> Mapping[str, int]:
        """See Root."""
        source, target = database_path(settings), server(settings)
        if target is None:
            raise ConfigurationError(
                [Fault("sambro.yaml", 0, "names no database to copy into; add `database:`")]
            )
        if not source.exists():
            raise ConfigurationError([Fault(str(source), 0, "no such file; nothing to copy")])
        with service_lock(settings):
            migrate(source)
            return asyncio.run(_copy(settings, source, target, by))

    @asynccontextmanager
    async def opened(self, settings: Settings) -> AsyncIterator[Opened]:
        """See Root."""
        if settings.database is None and not database_path(settings).exists():
            make_data_dir(settings)
            with service_lock(settings):
                prepare(settings)
        async with opened(settings) as core:
            follow_up = FollowUpList(core.keyring, core.trail, new_id)
            yield Opened(settings, core.database, core.keyring, core.trail, core.checkpoints, follow_up)


async def _copy(settings: Settings, source: Path, target: Server, by: str) -> Mapping[str, int]:
    keyring = load_keyring(settings.master_key_file, data_dir=settings.data_dir)
    await migrate_server(target)
    database = PostgresDatabase(target)
    try:
        audit = Trail(keyring, writer=settings.audit.writer)
        return await move(source, database, keyring, audit, by, utc_now)
    finally:
        await database.close()


async def _acknowledge(settings: Settings) -> str | None:
    async with opened(settings) as core:
        return await core.attestation.acknowledge()


def _faults(settings: Settings) -> Iterator[Fault]:
    yield from _mapping_faults(settings)
    try:
        load_keyring(settings.master_key_file, data_dir=settings.data_dir)
    except KeyFault as error:
        yield Fault("master_key_file", 0, str(error))
    if tokens.needs_signing_key(settings):
        try:
            load_signing_keys(settings.master_key_file)
        except KeyFault as error:
            yield Fault("master_key_file", 0, str(error))
    if (shared := server(settings)) is not None and (message := asyncio.run(fault(shared))):
        yield Fault("database", 0, f"the server {message}")
    yield from _drop_faults(settings)
    yield from _tls_faults(settings)


def _tls_faults(settings: Settings) -> Iterator[Fault]:
    listeners = [listener.tls for listener in settings.listeners.values() if listener.tls is not None]
    endpoints = [endpoint.tls for endpoint in settings.endpoints.values() if endpoint.tls is not None]
    ends: list[Tls | ClientTls] = [Tls(tls.certificate, tls.key, tls.client_ca) for tls in listeners]
    ends += [ClientTls(tls.certificate, tls.key, tls.ca) for tls in endpoints]
    for end in ends:
        try:
            end.context()
        except ConfigurationError as error:
            yield from error.faults


def _mapping_faults(settings: Settings) -> Iterator[Fault]:
    try:
        catalog = load_catalog(packaged_files(settings.mapping_overrides), packaged_shapes)
    except ConfigurationError as error:
        yield from error.faults
        return
    for channel in (channel for agreement in settings.agreements for channel in agreement.channels):
        if not wires.reads(channel, catalog):
            forms = " or ".join(sorted(wires.FORMS[channel.connector]))
            message = f"channel {channel.id}: no mapping of {channel.mapping} reads {forms}, which {channel.connector} takes in"
            yield Fault("agreements", 0, message)
    yield from _unwritten(settings, catalog)


def _unwritten(settings: Settings, catalog: MappingCatalog) -> Iterator[Fault]:
    """What flows deliver to systems as HL7 v2 and no mapping of theirs writes."""
    for agreement, flow in ((one, flow) for one in settings.agreements for flow in one.flows):
        for system in {agreement.system(delivery.system) for delivery in flow.deliver}:
            known = {(system.mapping, record.value, "hl7v2") for record in flow.records}
            missing = sorted(kind for _, kind, _ in known - catalog.by_event.keys())
            if missing and system.connector == "hl7v2_mllp":
                message = f"system {system.id}: no mapping of {system.mapping} writes HL7 v2 of {', '.join(missing)}, which a flow delivers"
                yield Fault("agreements", 0, message)


def _drop_faults(settings: Settings) -> Iterator[Fault]:
    for name, drop in settings.drops.items():
        try:
            wires.drop_folder(drop, lambda content: "").check(name)
        except ConfigurationError as error:
            yield from error.faults


def _log_to_stderr(settings: Settings) -> None:
    """JSON lines: an enum's code, an instant, and fields that are codes or ids (LogCode)."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
