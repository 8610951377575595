"""Which unit a message comes from: the one that it names, or its channel's own."""

from __future__ import annotations

from adapter.domain.agreement import Party, Unit
from adapter.domain.errors import InputError, Issue, SambroError
from adapter.domain.identity import HSA_ID, Identifier
from adapter.exchange.inbox import Inbox
from adapter.exchange.own_form import field_of
from adapter.exchange.ports import Arrival


class NotTheSender(SambroError):
    """The body names a sender that is not the channel's party."""


def sending_unit(inbox: Inbox, arrival: Arrival) -> Unit:
    """The unit that sends, which must be the channel's party's. Raises NotTheSender, and InputError for a unit that the party has not."""
    if arrival.sender is not None and arrival.sender not in inbox.party.identifiers:
        raise NotTheSender("sender-not-of-channel")
    if arrival.unit is None or arrival.unit.system != HSA_ID:
        return inbox.agreement.unit(inbox.party.id, inbox.channel.unit)
    found = _unit_of(inbox.party, arrival.unit)
    if found is None:
        raise InputError([Issue(field_of(arrival, "unit"), "unit-unknown")])
    return found


def _unit_of(party: Party, identifier: Identifier) -> Unit | None:
    return next((unit for unit in party.units if unit.identifier == identifier), None)
