"""Puts the use cases together: from what an installation is made of to what a process runs and serves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from importlib.metadata import version
from typing import Final

import httpx
import orjson
from starlette.routing import BaseRoute

from adapter.api.consent_bundle import ConsentBundles
from adapter.api.consents import ConsentEndpoint
from adapter.api.everything import EverythingEndpoint
from adapter.api.fhir import FhirEndpoint
from adapter.api.floor import Floor
from adapter.api.inbound import InboundEndpoint
from adapter.api.metadata import Metadata, served
from adapter.api.negotiation import Forms
from adapter.api.operations import Operations
from adapter.api.page_links import PageLinks
from adapter.api.validation import ValidationEndpoint
from adapter.api.witness import Witness
from adapter.domain.instants import utc_now
from adapter.exchange.accept import Accept
from adapter.exchange.answer import AnswerQuery
from adapter.exchange.attempts import DEADLINE
from adapter.exchange.audit_query import AuditQuery
from adapter.exchange.confirm_receipt import ConfirmReceipt
from adapter.exchange.consent_profile import ConsentProfile
from adapter.exchange.consent_registry import ConsentRegistry
from adapter.exchange.deliver import Deliver
from adapter.exchange.emergency import EmergencyAccess
from adapter.exchange.filing import Filing
from adapter.exchange.follow_up import FollowUpList
from adapter.exchange.gather import Gather
from adapter.exchange.given_out import GivenOut
from adapter.exchange.inbox import Inbox, inboxes
from adapter.exchange.keep_audit import KeepAudit
from adapter.exchange.lifting import Liftings
from adapter.exchange.message_status import MessageStatus
from adapter.exchange.notices import Notices
from adapter.exchange.paging import Paging
from adapter.exchange.process import Process
from adapter.exchange.protection import Protection
from adapter.exchange.refusals import Refusals
from adapter.exchange.registry_query import RegistryQuery
from adapter.exchange.release_without_consent import ReleaseWithoutConsent
from adapter.exchange.stopping import Stopping
from adapter.exchange.upkeep import Upkeep
from adapter.exchange.validate import Validate
from adapter.fhir.capability import capability_statement
from adapter.fhir.check import RecordChecker
from adapter.fhir.profiles.packaged import profile_checker
from adapter.fhir.subset import Subsetting
from adapter.fhir.xml.reading import XmlReader
from adapter.fhir.xml.shapes import Shapes
from adapter.fhir.xml.writing import XmlWriter
from adapter.main import tokens, wires
from adapter.main.console import console
from adapter.main.core import Core, new_id
from adapter.main.rounds import rounds
from adapter.main.running import Workers, deliverers, processor, wake_all, wakeups
from connectors.hl7v2_mllp.validation import Validation

_WIDTH: Final = 8
_PUBLISHED: Final = date(2026, 11, 22)


def routes(
    core: Core,
    client: httpx.AsyncClient,
    channels: dict[str, Inbox],
    accept: Accept,
    stopping: asyncio.Event,
) -> list[BaseRoute]:
    settings = core.settings
    refused = refusals(core)
    witness = Witness(refused)
    bearers = tokens.bearers(settings, client)
    pushed = {name: inbox for name, inbox in channels.items() if inbox.channel.connector == "http_push"}
    base = f"{settings.public_url}/fhir"
    shapes = Shapes(profile_checker().definitions)
    forms = Forms(XmlReader(shapes), XmlWriter(shapes))
    fhir = FhirEndpoint(
        answer=_answer(core, client),
        confirm_receipt=ConfirmReceipt(
            core.database, settings.agreements, _emergency(core), core.trail, utc_now
        ),
        registry=RegistryQuery(
            database=core.database,
            registry=core.registry,
            agreements=settings.agreements,
            rules=core.rules,
            emergency=_emergency(core),
            audit=core.trail,
            clock=utc_now,
        ),
        release_without_consent=ReleaseWithoutConsent(
            database=core.database,
            keyring=core.keyring,
            agreements=settings.agreements,
            follow_up=_follow_up(core),
            emergency=_emergency(core),
            audit=core.trail,
            clock=utc_now,
            new_id=new_id,
        ),
        audit=AuditQuery(
            database=core.database,
            keyring=core.keyring,
            registry=core.registry,
            agreements=settings.agreements,
            given_out=GivenOut(core.keyring),
            emergency=_emergency(core),
            audit=core.trail,
            clock=utc_now,
        ),
        bearers=bearers,
        clock=utc_now,
        base=base,
        floor=Floor(settings.concealment_floor_ms / 1000),
        forms=forms,
        subsetting=Subsetting(shapes),
        links=PageLinks(Paging(core.keyring, utc_now), base),
        witness=witness,
    )
    validate = Validate(database=core.database, checker=profile_checker(), audit=core.trail, clock=utc_now)
    push = InboundEndpoint(
        accept,
        MessageStatus(database=core.database, audit=core.trail, clock=utc_now),
        bearers,
        pushed,
        wires.readers(pushed, settings.limits, core.catalog, core.keyring.digest),
        settings.limits.body_bytes,
        witness,
    )
    operations = Operations(core.database, utc_now, settings.dev_issuer)
    resources = [
        *ConsentBundles(fhir, _consents(core)).routes(),
        *ConsentEndpoint(fhir, _consents(core)).routes(),
        *ValidationEndpoint(fhir, validate).routes(),
        *EverythingEndpoint(fhir).routes(),
        *fhir.routes(),
    ]
    statement = capability_statement(
        base,
        served(resources),
        version=version("sambro"),
        published=_PUBLISHED,
        has_cors=bool(settings.cors_origins),
    )
    return [
        *tokens.token_endpoint(core, client, witness),
        *Metadata(orjson.dumps(statement), forms).routes(),
        *resources,
        *push.routes(),
        *operations.routes(),
        *console(core, client, refused, stopping),
    ]


def refusals(core: Core) -> Refusals:
    return Refusals(
        database=core.database,
        keyring=core.keyring,
        audit=core.trail,
        unaudited=core.unaudited,
        clock=utc_now,
    )


def _filing(core: Core) -> Filing:
    return Filing(
        database=core.database,
        keyring=core.keyring,
        registry=core.registry,
        translate=core.translate,
        stopping=_stopping(core),
        liftings=Liftings(core.settings.agreements, core.trail, _follow_up(core)),
    )


def _consents(core: Core) -> ConsentRegistry:
    return ConsentRegistry(
        database=core.database,
        keyring=core.keyring,
        registry=core.registry,
        filing=_filing(core),
        attempts=core.attempts,
        agreements=core.settings.agreements,
        emergency=_emergency(core),
        rules=core.rules,
        profile=ConsentProfile(profile_checker()),
        audit=core.trail,
        clock=utc_now,
    )


def accept(core: Core, wake: Callable[[], None]) -> Accept:
    return Accept(
        database=core.database,
        keyring=core.keyring,
        vault=core.vault,
        registry=core.registry,
        filing=_filing(core),
        protection=Protection(_stopping(core)),
        attempts=core.attempts,
        audit=core.trail,
        clock=utc_now,
        new_id=new_id,
        wake=wake,
    )


def _stopping(core: Core) -> Stopping:
    return Stopping(core.database, core.vault, core.agreements, core.rules, core.trail, _notices(core))


def _notices(core: Core) -> Notices:
    return Notices(core.database, core.registry, core.agreements, core.trail, new_id)


def _answer(core: Core, client: httpx.AsyncClient) -> AnswerQuery:
    return AnswerQuery(
        database=core.database,
        registry=core.registry,
        agreements=core.settings.agreements,
        gather=Gather(
            database=core.database,
            keyring=core.keyring,
            vault=core.vault,
            registry=core.registry,
            translate=core.translate,
            checker=RecordChecker(profile_checker()),
            sources=wires.sources(core.settings, client),
            rules=core.rules,
        ),
        given_out=GivenOut(core.keyring),
        emergency=_emergency(core),
        audit=core.trail,
        clock=utc_now,
        new_id=new_id,
    )


def _follow_up(core: Core) -> FollowUpList:
    return FollowUpList(core.keyring, core.trail, new_id)


def _emergency(core: Core) -> EmergencyAccess:
    return EmergencyAccess(core.settings.agreements, core.trail, _follow_up(core))


def workers(core: Core, client: httpx.AsyncClient, validation: Validation, waiting: Iterable[str]) -> Workers:
    """The workers of a process; ``waiting`` are systems that something waits for, whether an agreement still has them or not."""
    channels = inboxes(core.settings.agreements)
    process = Process(
        database=core.database,
        keyring=core.keyring,
        vault=core.vault,
        registry=core.registry,
        translate=core.translate,
        checker=RecordChecker(profile_checker()),
        inboxes=channels,
        readers=wires.readers(channels, core.settings.limits, core.catalog, core.keyring.digest),
        validators=wires.validators(channels, validation),
        rules=core.rules,
        audit=core.trail,
        clock=utc_now,
        new_id=new_id,
    )
    senders = wires.senders(core.settings, client, core.translate)
    deliver = Deliver(
        database=core.database,
        vault=core.vault,
        registry=core.registry,
        agreements=core.agreements,
        senders=senders,
        notices=_notices(core),
        rules=core.rules,
        tolerances={system: endpoint.tolerance for system, endpoint in core.settings.endpoints.items()},
        deadline=DEADLINE,
        audit=core.trail,
        clock=utc_now,
        jitter=random.random,
    )
    owner = new_id()
    delivering = deliverers(core, deliver, {*senders, *waiting}, owner, _WIDTH)
    processing = processor(core.database, process, utc_now, lambda: wake_all(delivering), owner, _WIDTH)
    years = core.settings.audit.retention_years
    keep_audit = KeepAudit(core.database, core.keyring, core.unaudited, utc_now, years=years)
    kept = core.settings.retention
    upkeep = Upkeep(
        core.database,
        core.vault,
        keep_audit,
        utc_now,
        log_time=timedelta(days=kept.log_days),
        consent_time=timedelta(days=366 * kept.consent_years),
    )
    told = wakeups(core.settings, processing, *delivering)
    return Workers(processing, delivering, rounds(core, client, upkeep), told)
