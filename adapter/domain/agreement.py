"""Agreement (samverkansavtal): who exchanges which record types with whom, how, for what, and on whose consents.

Pure words; ``agreement_file`` reads them from YAML.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from adapter.domain.identity import Identifier
from adapter.domain.perseverance import Retry
from adapter.domain.records import Mode, RecordType


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit (verksamhet) of a party: the smallest sender or recipient."""

    id: str
    name: str
    identifier: Identifier


@dataclass(frozen=True, slots=True)
class Party:
    """A party (huvudman): an organisation with its units.

    ``identifiers`` are joined here and nowhere else (organisationsnummer, HSA-id). ``consent_from`` lists the parties (ids) whose
    registered permits open this party's records.
    """

    id: str
    name: str
    kind: Literal["kommun", "region", "other"]
    identifiers: tuple[Identifier, ...]
    units: tuple[Unit, ...]
    consent_from: frozenset[str]


@dataclass(frozen=True, slots=True)
class System:
    """One installation at a party that we call: a connector with a mapping; where it lives is in the settings.

    ``mapping`` names a folder of ``mappings/systems``; ``format`` is the body's form for connectors that have several.
    """

    id: str
    party: str
    connector: Literal["fhir_rest", "http_push", "hl7v2_mllp"]
    mapping: str
    format: Literal["json", "xml"]


@dataclass(frozen=True, slots=True)
class Channel:
    """An inbound channel: where one party's system hands over its messages.

    ``unit`` is the sending unit when the message names none. ``mapping`` names a folder of ``mappings/systems``. ``validation`` is how
    strictly an HL7 v2 message's structure is checked after it was accepted.
    """

    id: str
    party: str
    unit: str
    connector: Literal["http_push", "hl7v2_mllp", "file_drop"]
    mapping: str
    validation: Literal["off", "tolerant", "strict"] = "off"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where forwarded records go: a system, and the unit there that is the recipient in law."""

    system: str
    unit: str


@dataclass(frozen=True, slots=True)
class Flow:
    """Record types that may pass from one party to another, and how.

    ``units`` are the recipient's units that may ask (query, hold). ``deliver`` names the systems for ``forward``, ``query`` the
    sender's system that answers live. ``hold_hours`` is at most 72. ``patient``: a Patient travels with a forward (by conditional
    create only). ``provenance``: with what it delivers goes where it comes from. ``protected``: what happens to a person with protected identity.
    """

    records: frozenset[RecordType]
    sender: str
    recipient: str
    units: tuple[str, ...]
    modes: frozenset[Mode]
    purposes: tuple[str, ...]
    deliver: tuple[Delivery, ...]
    query: str | None
    hold_hours: int
    wipe: Literal["expiry", "confirmed"]
    patient: bool
    provenance: bool
    protected: Literal["withhold", "release"]
    dead_letter: Literal["hold", "skip"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One reception's agreement. ``id`` is the URI that Consents name in the agreement extension."""

    id: str
    name: str
    version: str
    valid_from: date
    valid_to: date
    max_consent_months: int
    consent_ends_with_enrolment: bool
    parties: tuple[Party, ...]
    systems: tuple[System, ...]
    channels: tuple[Channel, ...]
    flows: tuple[Flow, ...]
    retry: Retry = field(default_factory=Retry)

    def party(self, party_id: str) -> Party:
        """The party with that id; a checked agreement always has it."""
        return next(party for party in self.parties if party.id == party_id)

    def system(self, system_id: str) -> System:
        """The system with that id; a checked agreement always has it."""
        return next(system for system in self.systems if system.id == system_id)

    def unit(self, party_id: str, unit_id: str) -> Unit:
        """The unit with that id at that party; a checked agreement always has it."""
        return next(unit for unit in self.party(party_id).units if unit.id == unit_id)

    def party_of(self, identifier: Identifier) -> Party | None:
        """The party that an organisation's or a unit's identifier belongs to, or None."""
        for party in self.parties:
            if identifier in party.identifiers or any(unit.identifier == identifier for unit in party.units):
                return party
        return None

    def unit_of(self, identifier: Identifier) -> Unit | None:
        """The unit with that identifier, or None."""
        return next(
            (unit for party in self.parties for unit in party.units if unit.identifier == identifier), None
        )

    def is_valid_on(self, day: date) -> bool:
        """Whether the agreement is in force on a Stockholm day."""
        return self.valid_from <= day <= self.valid_to
