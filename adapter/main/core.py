"""What every process of an installation is made of: keys, database, vault, mappings, agreements."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

from adapter.domain.agreement import Agreement
from adapter.domain.instants import utc_now
from adapter.exchange.alert_lines import AlertLines
from adapter.exchange.attempts import Attempts
from adapter.exchange.attestation import Attestation
from adapter.exchange.standing import Registry
from adapter.exchange.trail import Trail
from adapter.exchange.translate import Translate
from adapter.exchange.unaudited import Unaudited
from adapter.fhir.profiles.packaged import packaged_shapes
from adapter.gate.rules import ReleaseRules, release_rules
from adapter.mapping.catalog import MappingCatalog, load_catalog, packaged_files
from adapter.settings import Settings
from adapter.store import persons
from adapter.store.checkpoints import CheckpointFile
from adapter.store.database import Database
from adapter.store.keys import Keyring, bind, load_keyring
from adapter.store.lock import ServiceLock
from adapter.store.pauses import Paused, end_all_but
from adapter.store.postgres import PostgresDatabase, Server
from adapter.store.schema import migrate, migrate_server, require_current
from adapter.store.spool import Spool
from adapter.store.sqlite import SqliteDatabase
from adapter.store.vault import SealedVault, Vault

VaultBeside: TypeAlias = Callable[[Path], Vault]
"""Makes the content vault that belongs to a master key file."""

_DATABASE = "sambro.db"
_LOCK = "service.lock"


@dataclass(frozen=True, slots=True)
class Core:
    """An opened installation."""

    settings: Settings
    agreements: Mapping[str, Agreement]
    keyring: Keyring
    vault: Vault
    database: Database
    catalog: MappingCatalog
    registry: Registry
    translate: Translate
    trail: Trail
    checkpoints: CheckpointFile
    attestation: Attestation
    unaudited: Unaudited
    rules: ReleaseRules
    attempts: Attempts
    alert_lines: AlertLines


def service_lock(settings: Settings) -> ServiceLock:
    """The lock of the one process that serves a data directory."""
    return ServiceLock(settings.data_dir / _LOCK)


def database_path(settings: Settings) -> Path:
    """The database file of an installation."""
    return settings.data_dir / _DATABASE


def server(settings: Settings) -> Server | None:
    """The PostgreSQL database of an installation, or None: it keeps a SQLite file."""
    stated = settings.database
    return None if stated is None else Server(stated.url, stated.password)


def prepare(settings: Settings) -> None:
    """Make or upgrade the tables; the caller holds the service lock. Raises Unreachable."""
    shared = server(settings)
    if shared is None:
        migrate(database_path(settings))
    else:
        asyncio.run(migrate_server(shared))


@asynccontextmanager
async def opened(settings: Settings, vault_beside: VaultBeside = SealedVault.beside) -> AsyncIterator[Core]:
    """An installation whose tables are ready, closed at the end.

    Raises KeyFault for a missing, exposed or wrong master key and ConfigurationError for tables of another version.
    """
    keyring = load_keyring(settings.master_key_file, data_dir=settings.data_dir)
    catalog = load_catalog(packaged_files(settings.mapping_overrides), packaged_shapes)
    shared = server(settings)
    database = SqliteDatabase(database_path(settings)) if shared is None else PostgresDatabase(shared)
    try:
        await database.read(require_current)
        await database.write(partial(bind, keyring=keyring))
        agreements = {agreement.id: agreement for agreement in settings.agreements}
        keeping = settings.audit
        trail = Trail(keyring, writer=keeping.writer)
        checkpoints = CheckpointFile(keeping.checkpoints, keyring, keeping.writer)
        yield Core(
            settings=settings,
            agreements=agreements,
            keyring=keyring,
            vault=vault_beside(settings.master_key_file),
            database=database,
            catalog=catalog,
            registry=Registry(keyring),
            translate=Translate(catalog, keyring),
            trail=trail,
            checkpoints=checkpoints,
            attestation=Attestation(database, keyring, checkpoints, trail, utc_now),
            unaudited=Unaudited(
                database=database,
                keyring=keyring,
                spool=Spool(keeping.spool, keyring),
                writer=keeping.writer,
                clock=utc_now,
            ),
            rules=release_rules(),
            attempts=Attempts(database, agreements),
            alert_lines=AlertLines(),
        )
    finally:
        await database.close()


async def announce_agreements(core: Core) -> None:
    """Raise the global epoch if other agreements are loaded than before, so that every decision is made anew.

    A system or channel that none of them has any more is not paused: nobody could let it go on.
    """
    agreements = core.settings.agreements
    fingerprint = hashlib.sha256(repr(agreements).encode()).hexdigest()
    await core.database.write(partial(persons.raise_global_epoch, fingerprint=fingerprint))
    systems = [system.id for agreement in agreements for system in agreement.systems]
    await core.database.write(partial(end_all_but, kind=Paused.SYSTEM, ids=systems))
    channels = [channel.id for agreement in agreements for channel in agreement.channels]
    await core.database.write(partial(end_all_but, kind=Paused.CHANNEL, ids=channels))


def make_data_dir(settings: Settings) -> None:
    """The data directory, for its owner only."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    os.chmod(settings.data_dir, 0o700)


def new_id() -> str:
    """A new random id."""
    return str(uuid4())
