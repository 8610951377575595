"""What the command needs of the composition root, and what the global options say."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from rich.console import Console

from adapter.domain.errors import Fault
from adapter.domain.identity import Identifier
from adapter.exchange.follow_up import FollowUpList
from adapter.exchange.ports import Reader
from adapter.exchange.trail import Trail
from adapter.settings import Settings, load_settings
from adapter.store.checkpoints import CheckpointFile
from adapter.store.database import Database
from adapter.store.keys import Keyring

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened installation, as the commands about its rows need it."""

    settings: Settings
    database: Database
    keyring: Keyring
    audit: Trail
    checkpoints: CheckpointFile
    follow_up: FollowUpList


class Root(Protocol):
    """The composition root."""

    def serve(self, settings: Settings) -> None:
        """API, console, listeners and workers, until a signal."""
        ...

    def work(self, settings: Settings) -> None:
        """Workers alone, until a signal."""
        ...

    def demonstrate(self, data_dir: Path, *, once: bool, info: Path | None, console: Console) -> int:
        """Tell the story; returns the exit code."""
        ...

    def mint(self, settings: Settings, client: str, practitioner: Identifier | None) -> str:
        """A development token for a client, of a person if one is named; raises KeyError for a client that is not configured."""
        ...

    def faults(self, settings: Settings) -> tuple[Fault, ...]:
        """What keeps an installation with sound settings from starting: mappings, keys, certificates."""
        ...

    def reader(self, connector: str) -> Reader:
        """The reader of a connector's wire."""
        ...

    def acknowledge_loss(self, settings: Settings) -> str | None:
        """Take a loss in the audit as it is; its code, None if there is none. Raises ConfigurationError while the service runs."""
        ...

    def copy_database(self, settings: Settings, by: str) -> Mapping[str, int]:
        """Copy the SQLite file into the PostgreSQL database of the settings; rows by table.

        Raises ConfigurationError: no such database or file, one that is not empty, or a service that runs.
        """
        ...

    def opened(self, settings: Settings) -> AbstractAsyncContextManager[Opened]:
        """An installation opened, its tables made where there are none. Raises KeyFault and ConfigurationError."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """The global options, and the root that runs what they point at."""

    root: Root
    config_dir: Path
    data_dir: Path
    say: Callable[[str], None]
    complain: Callable[[str], None]

    def settings(self) -> Settings:
        """The settings; raises ConfigurationError with every fault."""
        return load_settings(self.config_dir, self.data_dir, os.environ)

    def run(self, work: Callable[[Opened], Awaitable[T]]) -> T:
        """Do something with the installation that these options point at, opened for it. Raises as ``settings`` and Root.opened."""

        async def run() -> T:
            async with self.root.opened(self.settings()) as opened:
                return await work(opened)

        return asyncio.run(run())
