"""Messages in a system's own form (CSV, JSON, XML): what they say of themselves is what their mapping declares (docs/mappings.md, "Envelope")."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, Literal

from adapter.domain.errors import InputError, Issue
from adapter.domain.instants import Clock
from adapter.exchange.ports import Act, Arrival
from adapter.mapping.catalog import MappingCatalog
from adapter.mapping.flat_csv import Limits
from adapter.mapping.mapping import CONSENT
from adapter.mapping.mapping import Mapping as RecordMapping
from adapter.mapping.nested import Document, parse_document, read_document
from adapter.mapping.repeated import Place, Repeated
from adapter.mapping.source import Source

_ACTS: Final = {CONSENT: Act.CONSENT, "enrolment": Act.ENROLMENT}
# Where the forms with an envelope of their own say what a mapping's envelope says for the others.
_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "push": {"unit": "avsandare.enhet", "active_plan": "sip.status", "record": "consent.samtyckeId"},
    "hl7v2": {"unit": "MSH-4"},
    "fhir": {"unit": "Bundle.entry", "active_plan": "CarePlan.status"},
}


@dataclass(frozen=True, slots=True)
class DocumentReader:
    """The reader (the port ``Reader``) of a channel whose mappings read JSON or XML of a system's own.

    ``folder`` of ``mappings/systems`` holds them. ``digest`` is keyed: it names a message that has no id of its own. ``max_bytes`` bounds a document.
    """

    catalog: MappingCatalog
    folder: str
    clock: Clock
    digest: Callable[[bytes], str]
    max_bytes: int

    def read(self, body: bytes, content_type: str) -> Arrival:
        """Read one document.

        Raises InputError as ``read_document`` and ``MappingCatalog.for_document`` do, and 422 with every fault of the envelope.
        """
        document, now = read_document(body, content_type, self.max_bytes), self.clock()
        mapping, record = self.catalog.for_document(self.folder, document, now)
        return arrival_of(mapping, record, now, self.digest(body)[:32])

    def records(self, body: bytes, content_type: str, limits: Limits) -> Records:
        """The records of a document that may hold several, as the folder's mappings say; each is read by ``read``.

        Raises InputError as ``parse_document`` and ``MappingCatalog.each_of`` do, 422 ``records-missing``, 413 ``too-many-records``.
        """
        document = parse_document(body, content_type, limits.bytes)
        each = self.catalog.each_of(self.folder, document, self.clock())
        if each is None:
            return Records(body, document, None, ((),))
        places = tuple(islice(each.places(document), limits.rows + 1))
        if not places:
            raise InputError([Issue(".".join(each.names), "records-missing")])
        if len(places) > limits.rows:
            raise InputError([Issue(".".join(each.names), "too-many-records")], 413)
        return Records(body, document, each, places)


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one document, by their number from 0; where nothing repeats in it (``each`` None), it is the one."""

    body: bytes
    document: Document
    each: Repeated | None
    places: tuple[Place, ...]

    def only(self, numbers: Sequence[int]) -> bytes:
        """A document of these records alone."""
        if self.each is None:
            return self.body
        return self.each.only(self.document, [self.places[number] for number in numbers])


def arrival_of(mapping: RecordMapping, record: Source, received_at: datetime, message_id: str) -> Arrival:
    """The message that a record is; ``message_id`` counts where its envelope has none. Raises InputError (422) with every fault of the envelope."""
    if mapping.envelope is None:
        raise TypeError("a mapping of a free form has an envelope")
    heading = mapping.envelope.read(record.tree, received_at)
    [event] = mapping.events
    return Arrival(
        event=event,
        act=_ACTS.get(event, Act.RECORD),
        control_id=heading.message_id or message_id,
        source_application="",
        sender=None,
        unit=heading.unit,
        person=heading.person,
        record_types=heading.record_types,
        record=record,
        protection=heading.protection,
        record_key=heading.record_key,
        is_active_plan=heading.is_active_plan,
        ends_enrolment=heading.ends_enrolment,
    )


def field_of(arrival: Arrival, key: Literal["unit", "active_plan", "record"]) -> str:
    """The field by which a message says what an envelope's ``key`` says, for faults."""
    return _FIELDS.get(arrival.record.form, {}).get(key, f"envelope.{key}")
