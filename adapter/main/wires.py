"""The wires of an installation: readers of its channels, senders and live sources of its systems, its MLLP listeners."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import structlog

from adapter.domain.agreement import Agreement, Channel, System
from adapter.domain.errors import InputError, Issue, Unreachable
from adapter.domain.identity import PersonId
from adapter.domain.instants import stockholm_date, utc_now
from adapter.domain.log_codes import LogCode
from adapter.exchange.accept import Accept
from adapter.exchange.inbox import Inbox
from adapter.exchange.own_form import DocumentReader
from adapter.exchange.ports import Arrival, Reader, RecordSource, Sender, Validator
from adapter.exchange.receipt import Receipt
from adapter.exchange.refusals import Refusal, Refusals
from adapter.exchange.repeats import ControlIdConflict
from adapter.exchange.sending_unit import NotTheSender
from adapter.exchange.translate import Translate
from adapter.fhir.check import RecordChecker
from adapter.fhir.profiles.packaged import profile_checker
from adapter.fhir.xml.reading import XmlReader
from adapter.fhir.xml.shapes import Shapes
from adapter.main.core import Core
from adapter.mapping.catalog import MappingCatalog
from adapter.mapping.flat_csv import CONTENT_TYPE as ROW
from adapter.mapping.flat_csv import Limits as FileLimits
from adapter.mapping.hl7v2 import Limits as MessageLimits
from adapter.mapping.nested import CONTENT_TYPES
from adapter.mapping.source import Form
from adapter.settings import Drop, Endpoint, Limits, Settings
from adapter.settings import Listener as ListenerSettings
from adapter.store.pauses import Paused, is_paused
from connectors.fhir_rest.reader import ByMediaType, FhirReader
from connectors.fhir_rest.sender import FhirSender
from connectors.file_drop.drop import FileDrop, Pace
from connectors.file_drop.folder import DropFolder
from connectors.file_drop.reader import RowReader
from connectors.hl7v2_mllp.ack import Acknowledgement, acknowledge
from connectors.hl7v2_mllp.listener import Listener, ListenerConfig
from connectors.hl7v2_mllp.reader import CONTENT_TYPE, Hl7Reader
from connectors.hl7v2_mllp.sender import MllpSender, Recipient
from connectors.hl7v2_mllp.tls import ClientTls, Tls
from connectors.hl7v2_mllp.validation import ChannelValidator, Validation
from connectors.http_push.query import PushSource
from connectors.http_push.reader import PushReader
from connectors.http_push.sender import PushSender

DEFAULT_LIMITS: Final = Limits()
_ROWS_ALONE: Final[frozenset[Form]] = frozenset({"csv"})
Digest = Callable[[bytes], str]
FORMS: Final[Mapping[str, frozenset[Form]]] = {
    "http_push": frozenset({"push", "json", "xml"}),
    "hl7v2_mllp": frozenset({"hl7v2"}),
    "file_drop": frozenset({"csv", "json", "xml"}),
}
_log = structlog.get_logger()


def reader(connector: str, limits: Limits = DEFAULT_LIMITS) -> Reader:
    """A reader of one connector's wire, within an installation's limits."""
    if connector == "hl7v2_mllp":
        return Hl7Reader(utc_now, limits=MessageLimits(bytes=limits.mllp_message_bytes))
    return PushReader(lambda: stockholm_date(utc_now()), max_bytes=limits.body_bytes)


def readers(
    inboxes: Mapping[str, Inbox], limits: Limits, catalog: MappingCatalog, digest: Digest
) -> dict[str, Reader]:
    """The reader of each channel, by its id; ``digest`` is keyed."""
    fhir = fhir_reader(catalog, limits)
    own = {name: _channel_reader(inbox, limits, catalog, digest) for name, inbox in inboxes.items()}
    return {
        name: ByMediaType(fhir, other) if inboxes[name].channel.connector == "http_push" else other
        for name, other in own.items()
    }


def fhir_reader(catalog: MappingCatalog, limits: Limits = DEFAULT_LIMITS) -> FhirReader:
    """The reader of FHIR Bundles, which any HTTP channel takes beside its own form."""
    profiles = profile_checker()
    checks = (partial(profiles.check, path="Bundle"), RecordChecker(profiles).check)
    xml = XmlReader(Shapes(profiles.definitions))
    return FhirReader(xml, checks, catalog, utc_now, max_bytes=limits.body_bytes)


def reads(channel: Channel, catalog: MappingCatalog) -> bool:
    """Whether the mappings of a channel read what its connector takes in."""
    return not catalog.forms(channel.mapping).isdisjoint(FORMS[channel.connector])


def _channel_reader(inbox: Inbox, limits: Limits, catalog: MappingCatalog, digest: Digest) -> Reader:
    channel = inbox.channel
    forms = catalog.forms(channel.mapping)
    if channel.connector == "hl7v2_mllp" or "push" in forms:
        return reader(channel.connector, limits)
    if "csv" in forms:
        return row_reader(inbox, limits, catalog)
    return document_reader(inbox, limits, catalog, digest)


def document_reader(inbox: Inbox, limits: Limits, catalog: MappingCatalog, digest: Digest) -> DocumentReader:
    """The reader of a system's own JSON and XML, by the mappings of its channel."""
    return DocumentReader(catalog, inbox.channel.mapping, utc_now, digest, limits.body_bytes)


def row_reader(inbox: Inbox, limits: Limits, catalog: MappingCatalog) -> RowReader:
    """The reader of a file drop's rows, by the mappings of its channel."""
    bounds = FileLimits(bytes=limits.file_bytes, rows=limits.file_rows)
    return RowReader(catalog, inbox.channel.mapping, utc_now, bounds)


def validators(inboxes: Mapping[str, Inbox], validation: Validation) -> dict[str, Validator]:
    """The validator of each channel that wants one, by its id."""
    return {
        name: ChannelValidator(validation, is_strict=inbox.channel.validation == "strict")
        for name, inbox in inboxes.items()
        if inbox.channel.validation != "off"
    }


def senders(settings: Settings, client: httpx.AsyncClient, translate: Translate) -> dict[str, Sender]:
    """The sender to each system that is delivered to, by its id."""
    return {
        system.id: _sender(agreement, system, settings.endpoints[system.id], client, translate)
        for agreement in settings.agreements
        for system in agreement.systems
        if any(delivery.system == system.id for flow in agreement.flows for delivery in flow.deliver)
    }


def sources(settings: Settings, client: httpx.AsyncClient) -> dict[str, RecordSource]:
    """The live source of each system that is queried, by its id."""
    push = PushReader(lambda: stockholm_date(utc_now()))
    found: dict[str, RecordSource] = {}
    for system in {flow.query for agreement in settings.agreements for flow in agreement.flows if flow.query}:
        endpoint = settings.endpoints[system]
        found[system] = PushSource(client, endpoint.query_url or "", push, token=endpoint.token or "")
    return found


def inlets(
    core: Core, inboxes: Mapping[str, Inbox], accept: Accept, refusals: Refusals
) -> list[Listener | FileDrop]:
    """What takes messages in beside the HTTP server, not yet started."""
    return [
        *listeners(core.settings, inboxes, accept, refusals),
        *drops(core, inboxes, accept, refusals),
    ]


def listeners(
    settings: Settings, inboxes: Mapping[str, Inbox], accept: Accept, refusals: Refusals
) -> list[Listener]:
    """The MLLP listeners, not yet started."""
    return [
        Listener(
            _listener_config(settings, listener),
            partial(_acknowledge, inboxes[name], reader("hl7v2_mllp", settings.limits), accept, refusals),
            partial(_refuse, inboxes[name], refusals),
            utc_now,
            lambda: uuid4().hex[:20],
        )
        for name, listener in settings.listeners.items()
    ]


def drop_folder(drop: Drop, digest: Digest, forms: Collection[Form] = _ROWS_ALONE) -> DropFolder:
    """A file drop's folder; ``digest`` is keyed, ``forms`` are what its channel's mappings read."""
    endings = frozenset(f".{form}" for form in forms)
    return DropFolder(drop.folder, digest, float(drop.settle_seconds), drop.marker, endings=endings)


def drops(core: Core, inboxes: Mapping[str, Inbox], accept: Accept, refusals: Refusals) -> list[FileDrop]:
    """The file drops, not yet started."""
    return [
        FileDrop(
            name,
            drop_folder(drop, core.keyring.digest, core.catalog.forms(inboxes[name].channel.mapping)),
            row_reader(inboxes[name], core.settings.limits, core.catalog),
            partial(_take_file, inboxes[name], accept),
            partial(_refuse, inboxes[name], refusals, route="file"),
            Pace(keep=drop.keep_hours * 3600.0),
            document_reader(inboxes[name], core.settings.limits, core.catalog, core.keyring.digest),
            is_paused=partial(core.database.read, partial(is_paused, kind=Paused.CHANNEL, of=name)),
        )
        for name, drop in core.settings.drops.items()
    ]


async def _take_file(inbox: Inbox, accept: Accept, body: bytes, arrival: Arrival) -> str:
    """Accept one row of a file, or a file that is one document; what became of it, after the commit."""
    try:
        receipt = await accept(inbox, body, CONTENT_TYPES.get(arrival.record.form, ROW), arrival)
    except NotTheSender:
        raise InputError([Issue("envelope.unit", "sender-not-of-channel")]) from None
    except ControlIdConflict:
        raise InputError([Issue("envelope.message", "control-id-conflict")]) from None
    _accepted(receipt, inbox)
    return receipt.outcome.value


def _sender(
    agreement: Agreement, system: System, endpoint: Endpoint, client: httpx.AsyncClient, translate: Translate
) -> Sender:
    token, deadline = endpoint.token or "", float(endpoint.timeout_seconds)
    if system.connector == "fhir_rest":
        carries_patient = any(
            flow.patient and delivery.system == system.id
            for flow in agreement.flows
            for delivery in flow.deliver
        )
        return FhirSender(client, endpoint.url, token=token, patient=carries_patient, deadline=deadline)
    if system.connector == "hl7v2_mllp":
        message = partial(translate.message, system.mapping, agreement)
        return MllpSender(mllp_recipient(endpoint), message, deadline=deadline)
    back = partial(translate.back, system.mapping, agreement)
    return PushSender(client, endpoint.url, back, utc_now, token=token, form=system.format, deadline=deadline)


def mllp_recipient(endpoint: Endpoint) -> Recipient:
    """Where a system listens for HL7 v2. Raises ConfigurationError for TLS files that cannot be used."""
    parts, tls = urlsplit(endpoint.url), endpoint.tls
    own = None if tls is None else ClientTls(tls.certificate, tls.key, tls.ca).context()
    return Recipient(parts.hostname or "", parts.port or 0, own)


def _listener_config(settings: Settings, listener: ListenerSettings) -> ListenerConfig:
    tls, limits = listener.tls, settings.limits
    return ListenerConfig(
        channel=listener.channel,
        host=listener.address.host,
        port=listener.address.port,
        sources=listener.sources,
        tls=None
        if tls is None
        else Tls(tls.certificate, tls.key, tls.client_ca, frozenset(tls.client_subjects)),
        max_bytes=limits.mllp_message_bytes,
        max_connections=limits.mllp_connections,
        idle_seconds=float(limits.mllp_idle_seconds),
    )


async def _acknowledge(
    inbox: Inbox, wire: Reader, accept: Accept, refusals: Refusals, body: bytes
) -> Acknowledgement:
    """Accept one HL7 v2 message; its ACK says AA only after the commit, and anything else only after its audit row."""
    persons: list[PersonId] = []

    async def take(taken: bytes, arrival: Arrival) -> None:
        persons.append(arrival.person)
        try:
            receipt = await accept(inbox, taken, CONTENT_TYPE, arrival)
        except NotTheSender:
            raise InputError([Issue("MSH-4", "sender-not-of-channel")]) from None
        _accepted(receipt, inbox)

    try:
        answer = await acknowledge(body, wire, take)
    except Exception as error:
        code = error.code if isinstance(error, Unreachable) else "internal-fault"
        await _refuse(inbox, refusals, code, persons, is_ours=True)
        raise
    if answer.issues:
        codes = sorted({issue.code for issue in answer.issues})
        _log.warning(LogCode.MESSAGE_REFUSED, channel=inbox.channel.id, codes=codes)
        await _refuse(inbox, refusals, " ".join(codes), persons)
    return answer


async def _refuse(
    inbox: Inbox,
    refusals: Refusals,
    code: str,
    persons: Sequence[PersonId] = (),
    *,
    is_ours: bool = False,
    route: str = "MLLP",
) -> None:
    """The audit row of what is answered with AE or AR, or of a row or file that is refused; ``is_ours``: the fault is not the message's."""
    refusal = Refusal(route, "create", code, str(uuid4()), is_ours, inbox.party.identifiers[0])
    await refusals.record(refusal, persons)


def _accepted(receipt: Receipt, inbox: Inbox) -> None:
    _log.info(
        LogCode.MESSAGE_ACCEPTED,
        message=receipt.message_id,
        channel=inbox.channel.id,
        outcome=receipt.outcome,
    )
