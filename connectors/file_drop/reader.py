"""Reads one row of a CSV file, as a message of its own, into an Arrival."""

from __future__ import annotations

from dataclasses import dataclass

from adapter.domain.errors import InputError, Issue
from adapter.domain.instants import Clock
from adapter.exchange.own_form import arrival_of
from adapter.exchange.ports import Arrival
from adapter.mapping.catalog import MappingCatalog
from adapter.mapping.flat_csv import CONTENT_TYPE, DEFAULT_LIMITS, Limits, Row, read_row
from adapter.mapping.source import Source


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
        return self.arrival(read_row(body, self.limits), "")

    def arrival(self, row: Row, message_id: str) -> Arrival:
        """The message in a row; ``message_id`` counts where no column has one. Raises InputError (422) with every fault."""
        if row.issues:
            raise InputError(row.issues)
        mapping = self.catalog.with_columns(self.folder, row.values.keys())
        return arrival_of(mapping, Source("csv", row.values), self.clock(), message_id)
