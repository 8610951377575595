"""Reads one row of a CSV file, as a message of its own, into an Arrival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adapter.domain.errors import InputError, Issue
from adapter.domain.instants import Clock
from adapter.exchange.ports import Act, Arrival
from adapter.mapping.catalog import MappingCatalog
from adapter.mapping.flat_csv import CONTENT_TYPE, DEFAULT_LIMITS, Limits, Row, read_row
from adapter.mapping.source import Source

_ACTS: Final = {"consent": Act.CONSENT, "enrolment": Act.ENROLMENT}


@dataclass(frozen=True, slots=True)
class RowReader:
    """A channel's reader (the port ``Reader``): ``folder`` of ``mappings/systems`` holds the mappings whose envelopes it reads by."""

    catalog: MappingCatalog
    folder: str
    clock: Clock
    limits: Limits = DEFAULT_LIMITS

    def read(self, body: bytes, content_type: str = CONTENT_TYPE) -> Arrival:
        """Read a header and its one row.

        Raises InputError: 400, 413 and 415 as ``adapter.mapping.flat_csv.read_csv`` does; 422 with every fault of the row and its envelope.
        """
        if content_type != CONTENT_TYPE:
            raise InputError([Issue("", "content-type-not-supported")], 415)
        return self.arrival(read_row(body, self.limits))

    def arrival(self, row: Row) -> Arrival:
        """The message in a row; its ``control_id`` is empty where no column has one. Raises InputError (422) with every fault."""
        if row.issues:
            raise InputError(row.issues)
        mapping = self.catalog.with_columns(self.folder, row.values.keys())
        if mapping.envelope is None:
            raise TypeError("a mapping with columns has an envelope")
        heading = mapping.envelope.read(row.values, self.clock())
        [event] = mapping.events
        return Arrival(
            event=event,
            act=_ACTS.get(event, Act.RECORD),
            control_id=heading.message_id or "",
            source_application="",
            sender=None,
            unit=heading.unit,
            person=heading.person,
            record_types=heading.record_types,
            record=Source("csv", row.values),
            protection=heading.protection,
            record_key=heading.record_key,
            is_active_plan=heading.is_active_plan,
            ends_enrolment=heading.ends_enrolment,
        )
