"""Translate (message translator): a record in its source's form to FHIR, and FHIR to a recipient's own form."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from adapter.domain.agreement import Agreement, Party, Unit
from adapter.domain.errors import InputError, MappingError
from adapter.domain.identity import PersonId
from adapter.domain.records import RecordType
from adapter.exchange.inbox import Inbox
from adapter.exchange.ports import Arrival
from adapter.gate.enforce import ReleasedBundle
from adapter.mapping import native
from adapter.mapping.catalog import MappingCatalog
from adapter.mapping.evaluation import MappingContext
from adapter.mapping.mapping import Mapped
from adapter.mapping.source import Source
from adapter.mapping.template import Target
from adapter.store.keys import Keyring


class Translate:
    """Applies the mappings of channels and systems."""

    def __init__(self, catalog: MappingCatalog, keyring: Keyring) -> None:
        self._catalog = catalog
        self._keyring = keyring

    def to_fhir(
        self,
        folder: str,
        agreement: Agreement,
        party: Party,
        unit: Unit,
        arrival: Arrival,
        received_at: datetime,
        *,
        protected: bool,
    ) -> Mapped:
        """The FHIR collection Bundle of an arrival, traced: by the mapping of its channel's folder, or of FHIR what it is; raises MappingError."""
        context = self._context(agreement, party, unit, arrival.person, received_at, protected=protected)
        if arrival.record.form == "fhir":
            return native.apply(arrival.record, context, self._catalog)
        return self._catalog.select(folder, arrival.event).apply(arrival.record, context, trace=True)

    def mapping(self, folder: str, arrival: Arrival) -> str | None:
        """The canonical URL, with version, of the mapping that reads an arrival; None for FHIR, and where there is none."""
        if arrival.record.form == "fhir":
            return None
        try:
            return self._catalog.select(folder, arrival.event).url
        except MappingError:
            return None

    def consent(self, inbox: Inbox, unit: Unit, arrival: Arrival, received_at: datetime) -> dict[str, Any]:
        """The Consent that a filed message maps to; raises InputError with the mapping's issues."""
        try:
            mapped = self.to_fhir(
                inbox.channel.mapping,
                inbox.agreement,
                inbox.party,
                unit,
                arrival,
                received_at,
                protected=False,
            )
        except MappingError as error:
            raise InputError(error.issues) from None
        resources = (entry["resource"] for entry in mapped.body["entry"])
        consent: dict[str, Any] = next(found for found in resources if found["resourceType"] == "Consent")
        return consent

    def back(self, folder: str, agreement: Agreement, release: ReleasedBundle) -> dict[str, Any]:
        """A release in the push format, by the back mapping of its system's folder; raises MappingError."""
        return self._back(folder, agreement, release, "push").body

    def message(self, folder: str, agreement: Agreement, release: ReleasedBundle) -> bytes:
        """A release as an HL7 v2 message, in the same way."""
        return self._back(folder, agreement, release, "hl7v2").written

    def _back(self, folder: str, agreement: Agreement, release: ReleasedBundle, target: Target) -> Mapped:
        # A release carries one record type here: deliveries are made per message.
        record_type = RecordType(next(iter(sorted(release.record_types))))
        unit = None if release.sender_unit is None else agreement.unit_of(release.sender_unit)
        party = None if release.sender_unit is None else agreement.party_of(release.sender_unit)
        bundle = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": resource} for resource in release.resources],
        }
        context = self._context(agreement, party, unit, release.person, release.released_at, protected=False)
        mapping = self._catalog.select(folder, record_type.value, target)
        return mapping.apply(Source("fhir", bundle), context)

    def _context(
        self,
        agreement: Agreement,
        party: Party | None,
        unit: Unit | None,
        person: PersonId,
        received_at: datetime,
        *,
        protected: bool,
    ) -> MappingContext:
        source = party.identifiers[0].value if party is not None else agreement.id
        return MappingContext(
            record_id=partial(self._keyring.record_id, source),
            received_at=received_at,
            agreement=agreement,
            sender=party,
            unit=unit,
            person=person,
            protected=protected,
        )
