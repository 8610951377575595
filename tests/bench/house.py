"""An installation for the benchmarks: the demonstration's, in a temporary folder, opened without workers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
import structlog

from adapter.demo import records
from adapter.demo.installation import KOMMUN_CHANNEL, Installation
from adapter.domain.identity import PersonId
from adapter.domain.instants import stockholm_date, utc_now
from adapter.exchange.accept import Accept
from adapter.exchange.inbox import Inbox, inboxes
from adapter.exchange.ports import Arrival
from adapter.exchange.receipt import Receipt
from adapter.main import assembly
from adapter.main.core import Core, opened
from adapter.settings import DatabaseServer, Settings, load_settings
from adapter.store.postgres import Server
from connectors.http_push.reader import PushReader

JSON: Final = "application/json"
CATEGORIES: Final = ("osl-waiver", "sip-plan")


@dataclass(frozen=True, slots=True)
class House:
    """An opened installation and what it accepts with."""

    core: Core
    accept: Accept
    inboxes: Mapping[str, Inbox]
    reader: PushReader

    async def push(self, body: Mapping[str, Any]) -> Receipt:
        """Accept one push body of the kommun's system."""
        text = orjson.dumps(body)
        return await self.accept(self.inboxes[KOMMUN_CHANNEL], text, JSON, self.read(body))

    def read(self, body: Mapping[str, Any]) -> Arrival:
        """A push body as its wire's reader hands it over."""
        return self.reader.read(orjson.dumps(body), JSON)

    async def consent(self, people: Iterable[PersonId]) -> None:
        """Each person consents to everything that the agreement exchanges."""
        for person in people:
            for category in CATEGORIES:
                name = f"{category}-{self.core.keyring.person_key(person)}"
                await self.push(records.consent(person.value, name, name, utc_now(), category))


@asynccontextmanager
async def opened_house(installation: Installation, server: Server | None = None) -> AsyncIterator[House]:
    """The installation opened in this process, on a PostgreSQL database if one is given, logging as the service does, to nowhere."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        structlog.configure(
            processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
            wrapper_class=structlog.make_filtering_bound_logger("info"),
            logger_factory=structlog.WriteLoggerFactory(file=nowhere),
        )
        settings = settings_of(installation)
        if server is not None:
            settings = replace(settings, database=DatabaseServer(server.url, None))
        async with opened(settings) as core:
            channels = inboxes(core.settings.agreements)
            accept = assembly.accept(core, wake=lambda: None)
            yield House(core, accept, channels, PushReader(lambda: stockholm_date(utc_now())))


def settings_of(installation: Installation) -> Settings:
    """The installation's settings."""
    return load_settings(installation.config_dir, installation.data_dir, {})
