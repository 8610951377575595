"""The ways a record could take: which flows of which agreements lead from a sending unit to a recipient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from adapter.domain.agreement import Agreement, Delivery, Flow, Party, Unit
from adapter.domain.records import Mode, RecordType
from adapter.domain.requester import Requester


@dataclass(frozen=True, slots=True)
class Passage:
    """One way: from a unit of the sender to a unit of the recipient, under one flow of one agreement.

    ``delivery`` names the system of a forward; None for a recipient that calls (hold, query).
    """

    agreement: Agreement
    flow: Flow
    mode: Mode
    sender: Party
    sender_unit: Unit
    recipient: Party
    recipient_unit: Unit
    record_types: frozenset[RecordType]
    delivery: Delivery | None = None


def onward(
    agreement: Agreement, party: Party, unit: Unit, record_types: Iterable[RecordType], day: date
) -> tuple[Passage, ...]:
    """The passages by which a pushed message could go on: forwards to systems, and holds for units that may call.

    Each carries one record type, so that each is decided, sent and wiped for itself.
    """
    if not agreement.is_valid_on(day):
        return ()
    types = frozenset(record_types)
    return tuple(
        passage
        for flow in agreement.flows
        if flow.sender == party.id
        for record_type in sorted(flow.records & types)
        for passage in _onward(agreement, flow, party, unit, record_type)
    )


def _onward(
    agreement: Agreement, flow: Flow, party: Party, unit: Unit, record_type: RecordType
) -> Iterator[Passage]:
    recipient, types = agreement.party(flow.recipient), frozenset({record_type})
    if Mode.FORWARD in flow.modes:
        for delivery in flow.deliver:
            to = agreement.unit(recipient.id, delivery.unit)
            yield Passage(agreement, flow, Mode.FORWARD, party, unit, recipient, to, types, delivery)
    if Mode.HOLD in flow.modes:
        for unit_id in flow.units:
            to = agreement.unit(recipient.id, unit_id)
            yield Passage(agreement, flow, Mode.HOLD, party, unit, recipient, to, types)


def inward(
    agreements: Iterable[Agreement], requester: Requester, record_types: frozenset[RecordType], day: date
) -> tuple[Passage, ...]:
    """The passages by which a requester could be answered: live queries and holds, from every unit of every sender.

    Each carries one record type, so that a source is asked for no type that nothing permits. A requester whose organisation or unit no
    agreement names, or whose purposes a flow does not list, has none.
    """
    return tuple(
        Passage(agreement, flow, mode, sender, unit, recipient, own_unit, frozenset({record_type}))
        for agreement in agreements
        if agreement.is_valid_on(day)
        for recipient, own_unit in _own(agreement, requester)
        for flow in agreement.flows
        if flow.recipient == recipient.id
        and own_unit.id in flow.units
        and set(requester.purposes) <= set(flow.purposes)
        for record_type in sorted(flow.records & record_types)
        for mode in sorted(flow.modes & {Mode.QUERY, Mode.HOLD})
        for sender in [agreement.party(flow.sender)]
        for unit in sender.units
    )


def _own(agreement: Agreement, requester: Requester) -> Iterator[tuple[Party, Unit]]:
    party = agreement.party_of(requester.organization)
    if party is None or requester.unit is None:
        return
    unit = next((unit for unit in party.units if unit.identifier == requester.unit), None)
    if unit is not None:
        yield party, unit


class Waiting(Protocol):
    """What a row of the log says of a delivery's way."""

    @property
    def sender_party(self) -> str: ...
    @property
    def sender_unit(self) -> str | None: ...
    @property
    def recipient_party(self) -> str: ...
    @property
    def recipient_unit(self) -> str | None: ...
    @property
    def record_types(self) -> tuple[str, ...]: ...


def of_delivery(agreement: Agreement, row: Waiting, system: str | None = None) -> Passage | None:
    """The passage that a delivery took, or None if the agreement has it no longer.

    ``system`` is the one that a forward goes to: the flow must still forward there.
    """
    types = frozenset(RecordType(code) for code in row.record_types)
    for flow in agreement.flows:
        if (
            flow.sender == row.sender_party
            and flow.recipient == row.recipient_party
            and types <= flow.records
            and (system is None or _forwards_to(flow, system))
        ):
            sender, recipient = agreement.party(flow.sender), agreement.party(flow.recipient)
            sender_unit = next((unit for unit in sender.units if unit.id == row.sender_unit), None)
            unit = next((unit for unit in recipient.units if unit.id == row.recipient_unit), None)
            if sender_unit is not None and unit is not None:
                return Passage(agreement, flow, Mode.FORWARD, sender, sender_unit, recipient, unit, types)
    return None


def _forwards_to(flow: Flow, system: str) -> bool:
    return Mode.FORWARD in flow.modes and any(delivery.system == system for delivery in flow.deliver)
