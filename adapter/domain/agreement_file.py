"""Agreements read from YAML files, checked whole: every fault of every file at once. See docs/agreements.md for the layout."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from adapter.domain.agreement import Agreement, Channel, Delivery, Flow, Party, System, Unit
from adapter.domain.errors import ConfigurationError, Fault
from adapter.domain.fields import Fields
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier
from adapter.domain.located import Node, locate
from adapter.domain.perseverance import read_retry
from adapter.domain.purposes import PURPOSES
from adapter.domain.records import Mode, RecordType

_KINDS: Final[tuple[Literal["kommun", "region", "other"], ...]] = ("kommun", "region", "other")
_SYSTEM_CONNECTORS: Final[tuple[Literal["fhir_rest", "http_push", "hl7v2_mllp"], ...]] = (
    "fhir_rest",
    "http_push",
    "hl7v2_mllp",
)
_VALIDATIONS: Final[tuple[Literal["off", "tolerant", "strict"], ...]] = ("off", "tolerant", "strict")
_CHANNEL_CONNECTORS: Final[tuple[Literal["http_push", "hl7v2_mllp", "file_drop"], ...]] = (
    "http_push",
    "hl7v2_mllp",
    "file_drop",
)
_FORMATS: Final[tuple[Literal["json", "xml"], ...]] = ("json", "xml")
_WIPES: Final[tuple[Literal["expiry", "confirmed"], ...]] = ("expiry", "confirmed")
_PROTECTED: Final[tuple[Literal["withhold", "release"], ...]] = ("withhold", "release")
_DEAD_LETTERS: Final[tuple[Literal["hold", "skip"], ...]] = ("hold", "skip")
_IDENTIFIERS: Final = {"organisationsnummer": ORGANISATIONSNUMMER, "hsa_id": HSA_ID}
_MAX_HOLD_HOURS: Final = 72
_MAX_CONSENT_MONTHS: Final = 24

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_ID_WORDS: Final = "a-z, 0-9 and hyphens, at most 63"
_URI: Final = re.compile(r"(?:https?://|urn:)[!-~]+", re.ASCII)


def read_agreements(
    files: Mapping[str, str], *, mapping_folders: frozenset[str] | None = None
) -> tuple[Agreement, ...]:
    """Read agreement files and check them, each by itself and against each other.

    ``files`` maps the names that faults carry to YAML texts. ``mapping_folders`` are the folders of ``mappings/systems``; None
    leaves the names of mappings unchecked. Raises ConfigurationError with all faults of all files.
    """
    register = _Register(mapping_folders)
    agreements = [_read_file(name, text, register) for name, text in sorted(files.items())]
    if register.faults:
        raise ConfigurationError(register.faults)
    return tuple(agreement for agreement in agreements if agreement is not None)


@dataclass(slots=True)
class _Register:
    """What the files share: their faults, and the ids that must be unique over all of them."""

    mapping_folders: frozenset[str] | None
    faults: list[Fault] = field(default_factory=list)
    taken: dict[str, Node] = field(default_factory=dict)

    def take(self, name: str, node: Node, *, within: str = "") -> None:
        """Report a name that is taken already; ``within`` is the file if another file may have it too."""
        first = self.taken.setdefault(f"{within} {name}", node)
        if first is not node:
            self.faults.append(
                node.fault(f"{name} stands already at {first.file}:{first.line}; change one of them")
            )


def _read_file(name: str, text: str, register: _Register) -> Agreement | None:
    try:
        root = locate(text, name)
    except ConfigurationError as error:
        register.faults += error.faults
        return None
    with Fields(root, register.faults) as fields:
        return _agreement(fields, register)


def _agreement(fields: Fields, register: _Register) -> Agreement:
    agreement_id = fields.matching("agreement", _URI, "a URI: https://… or urn:…")
    if agreement_id:
        register.take(f"agreement {agreement_id}", fields.node)
    valid_from, valid_to = _validity(fields)
    max_months, ends_with_enrolment = _consent(fields)
    parties = _parties(fields, register)
    systems = _systems(fields, parties, register)
    return Agreement(
        id=agreement_id,
        name=fields.text("name"),
        version=fields.text("version"),
        valid_from=valid_from,
        valid_to=valid_to,
        max_consent_months=max_months,
        consent_ends_with_enrolment=ends_with_enrolment,
        parties=tuple(parties.values()),
        systems=tuple(systems.values()),
        channels=_channels(fields, parties, register),
        flows=_flows(fields, parties, systems),
        retry=read_retry(fields),
    )


def _validity(fields: Fields) -> tuple[date, date]:
    with fields.section("valid", required=True) as valid:
        start, end = valid.day("from"), valid.day("to")
        if start and end and end < start:
            valid.fault("to", "must not be before from")
        return start or date.min, end or date.max


def _consent(fields: Fields) -> tuple[int, bool]:
    with fields.section("consent") as consent:
        return (
            consent.whole("max_months", 1, _MAX_CONSENT_MONTHS, default=_MAX_CONSENT_MONTHS),
            consent.flag("ends_with_enrolment", default=True),
        )


def _parties(fields: Fields, register: _Register) -> dict[str, Party]:
    sections = fields.named("parties", _ID, _ID_WORDS)
    if len(sections) < 2:
        fields.fault("parties", "an agreement has at least two; add them")
    return {
        party_id: _party(party_id, section, tuple(sections), register)
        for party_id, section in sections.items()
    }


def _party(party_id: str, section: Fields, party_ids: tuple[str, ...], register: _Register) -> Party:
    with section as party:
        units = party.named("units", _ID, _ID_WORDS)
        if not units:
            party.fault("units", "a party has at least one; add it")
        return Party(
            id=party_id,
            name=party.text("name"),
            kind=party.choice("kind", _KINDS),
            identifiers=_identifiers(party, register),
            units=tuple(_unit(unit_id, unit, register) for unit_id, unit in units.items()),
            consent_from=frozenset(party.choices("consent_from", party_ids)),
        )


def _identifiers(party: Fields, register: _Register) -> tuple[Identifier, ...]:
    with party.section("identifiers") as identifiers:
        found = [_identifier(identifiers, key, register) for key in _IDENTIFIERS if key in identifiers]
    if not found:
        party.fault("identifiers", f"state at least one of {', '.join(_IDENTIFIERS)}")
    return tuple(identifier for identifier in found if identifier is not None)


def _unit(unit_id: str, section: Fields, register: _Register) -> Unit:
    with section as unit:
        identifier = _identifier(unit, "hsa_id", register)
        return Unit(unit_id, unit.text("name"), identifier or Identifier(HSA_ID, ""))


def _identifier(fields: Fields, key: str, register: _Register) -> Identifier | None:
    identifier = fields.organization_id(key, _IDENTIFIERS[key])
    # Within one agreement an identifier has one owner; another agreement may name the same party.
    if identifier and (node := fields.at(key)):
        register.take(f"{key} {identifier.value}", node, within=node.file)
    return identifier


def _systems(fields: Fields, parties: Mapping[str, Party], register: _Register) -> dict[str, System]:
    sections = fields.named("systems", _ID, _ID_WORDS)
    return {
        system_id: _system(system_id, section, parties, register) for system_id, section in sections.items()
    }


def _system(system_id: str, section: Fields, parties: Mapping[str, Party], register: _Register) -> System:
    register.take(f"system {system_id}", section.node)
    with section as system:
        connector = system.choice("connector", _SYSTEM_CONNECTORS)
        # fhir_rest carries FHIR as it is, so it needs no mapping.
        is_mapped = connector != "fhir_rest" or "mapping" in system
        return System(
            id=system_id,
            party=system.reference("party", parties),
            connector=connector,
            mapping=system.reference("mapping", register.mapping_folders) if is_mapped else "",
            format=system.choice("format", _FORMATS, default="json"),
        )


def _channels(fields: Fields, parties: Mapping[str, Party], register: _Register) -> tuple[Channel, ...]:
    sections = fields.named("channels", _ID, _ID_WORDS)
    return tuple(_channel(channel_id, section, parties, register) for channel_id, section in sections.items())


def _channel(channel_id: str, section: Fields, parties: Mapping[str, Party], register: _Register) -> Channel:
    register.take(f"channel {channel_id}", section.node)
    with section as channel:
        party = channel.reference("party", parties)
        connector = channel.choice("connector", _CHANNEL_CONNECTORS)
        return Channel(
            id=channel_id,
            party=party,
            unit=channel.reference("unit", _units_of(parties, party)),
            connector=connector,
            mapping=channel.reference("mapping", register.mapping_folders),
            validation=channel.choice("validation", _VALIDATIONS, default="tolerant")
            if connector == "hl7v2_mllp"
            else "off",
        )


def _flows(fields: Fields, parties: Mapping[str, Party], systems: Mapping[str, System]) -> tuple[Flow, ...]:
    flows = tuple(_flow(section, parties, systems) for section in fields.sections("flows"))
    passing = Counter((record, flow.sender, flow.recipient) for flow in flows for record in flow.records)
    for (record, sender, recipient), count in passing.items():
        if count > 1 and sender and recipient:
            fields.fault("flows", f"{record} from {sender} to {recipient} stands {count} times; keep one")
    return flows


def _flow(section: Fields, parties: Mapping[str, Party], systems: Mapping[str, System]) -> Flow:
    with section as flow:
        sender, recipient = flow.reference("from", parties), flow.reference("to", parties)
        if sender and sender == recipient:
            flow.fault("to", "must be another party than from")
        units = _units_of(parties, recipient)
        modes = frozenset(flow.choices("modes", tuple(Mode)))
        hold_hours, wipe = _hold(flow, modes)
        return Flow(
            records=frozenset(flow.choices("records", tuple(RecordType))),
            sender=sender,
            recipient=recipient,
            units=flow.choices("units", units) if "units" in flow else units or (),
            modes=modes,
            purposes=flow.choices("purposes", PURPOSES),
            deliver=_deliveries(flow, modes, _systems_of(systems, recipient), units),
            query=_query(flow, modes, _systems_of(systems, sender)),
            hold_hours=hold_hours,
            wipe=wipe,
            patient=flow.flag("patient", default=False),
            provenance=flow.flag("provenance", default=True),
            protected=flow.choice("protected", _PROTECTED, default="withhold"),
            dead_letter=flow.choice("dead_letter", _DEAD_LETTERS, default="hold"),
        )


def _deliveries(
    flow: Fields, modes: Iterable[Mode], systems: tuple[str, ...] | None, units: tuple[str, ...] | None
) -> tuple[Delivery, ...]:
    if not _belongs(flow, "deliver", Mode.FORWARD, modes):
        return ()
    deliveries = tuple(_delivery(section, systems, units) for section in flow.sections("deliver"))
    if len(set(deliveries)) < len(deliveries):
        flow.fault("deliver", "a system and unit stand twice; keep one")
    return deliveries


def _delivery(section: Fields, systems: tuple[str, ...] | None, units: tuple[str, ...] | None) -> Delivery:
    with section as delivery:
        return Delivery(delivery.reference("system", systems), delivery.reference("unit", units))


def _query(flow: Fields, modes: Iterable[Mode], systems: tuple[str, ...] | None) -> str | None:
    return flow.reference("query", systems) if _belongs(flow, "query", Mode.QUERY, modes) else None


def _hold(flow: Fields, modes: Iterable[Mode]) -> tuple[int, Literal["expiry", "confirmed"]]:
    if not _belongs(flow, "hold", Mode.HOLD, modes):
        return _MAX_HOLD_HOURS, "expiry"
    with flow.section("hold") as hold:
        return (
            hold.whole("hours", 1, _MAX_HOLD_HOURS, default=_MAX_HOLD_HOURS),
            hold.choice("wipe", _WIPES, default="expiry"),
        )


def _belongs(flow: Fields, key: str, mode: Mode, modes: Iterable[Mode]) -> bool:
    """Whether a key is to be read: it goes with its mode, and neither stands alone."""
    if mode in modes:
        return True
    if key in flow:
        flow.fault(key, f"needs the mode {mode}; add the mode or remove this")
    return False


def _units_of(parties: Mapping[str, Party], party_id: str) -> tuple[str, ...] | None:
    """The ids of a party's units; None, so that nothing more is reported, where the party is not known."""
    return tuple(unit.id for unit in parties[party_id].units) if party_id in parties else None


def _systems_of(systems: Mapping[str, System], party_id: str) -> tuple[str, ...] | None:
    """The ids of a party's systems; None, so that nothing more is reported, where the party is not known."""
    return tuple(system.id for system in systems.values() if system.party == party_id) if party_id else None
