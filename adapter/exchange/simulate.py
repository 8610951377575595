"""Who could see what under a consent, and why: each recipient and record type of the agreements asked as ``sambro decide`` asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from adapter.domain.agreement import Agreement, Flow, Party, Unit
from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import Identifier
from adapter.gate.consent import CompiledConsent
from adapter.gate.decide_file import decide_on, read_consents
from adapter.gate.rules import ReleaseRules

MOST_ANSWERS: Final = 500


@dataclass(frozen=True, slots=True)
class Simulated:
    """What the gate answers to one question; ``answer`` as ``sambro decide`` gives it."""

    agreement: str
    sender: Party
    sender_unit: Unit
    recipient: Party
    recipient_unit: Unit
    record_type: str
    answer: dict[str, Any]


def simulate(
    consents: bytes, agreements: Iterable[Agreement], at: datetime, rules: ReleaseRules
) -> tuple[Simulated, ...]:
    """Ask about each way of the agreements, for each record type, for the purposes of its flow.

    ``consents``: FHIR JSON, a Consent or a Bundle of them, all of one person. Nothing of the registry is read. Raises InputError.
    """
    patient = _patient(consents)
    compiled = read_consents([consents], at)
    found: list[Simulated] = []
    for agreement in agreements:
        for flow in agreement.flows:
            found += _of_flow(compiled, patient, agreement, flow, at, rules)
            if len(found) > MOST_ANSWERS:
                raise InputError([Issue("agreements", "too-many")])
    return tuple(found)


def _of_flow(
    consents: Sequence[CompiledConsent],
    patient: object,
    agreement: Agreement,
    flow: Flow,
    at: datetime,
    rules: ReleaseRules,
) -> Iterator[Simulated]:
    sender, recipient = agreement.party(flow.sender), agreement.party(flow.recipient)
    recipients = {*flow.units, *(delivery.unit for delivery in flow.deliver)}
    for sender_unit in sender.units:
        for unit_id in sorted(recipients):
            unit = agreement.unit(recipient.id, unit_id)
            for record_type in sorted(flow.records):
                request = {
                    "patient": patient,
                    "agreement": agreement.id,
                    "sender": _side(sender, sender_unit),
                    "requester": _side(recipient, unit),
                    "purpose": list(flow.purposes),
                    "recordTypes": [record_type.value],
                }
                answer = decide_on(request, consents, None, at, rules=rules)
                yield Simulated(agreement.id, sender, sender_unit, recipient, unit, record_type.value, answer)


def _side(party: Party, unit: Unit) -> dict[str, Any]:
    return {"organization": _identifier(party.identifiers[0]), "unit": _identifier(unit.identifier)}


def _identifier(identifier: Identifier) -> dict[str, str]:
    return {"system": identifier.system, "value": identifier.value}


def _patient(consents: bytes) -> object:
    """Whom the consents are about; raises InputError unless it is one person."""
    try:
        body = orjson.loads(consents)
    except orjson.JSONDecodeError:
        raise InputError([Issue("consent", "unreadable")], status=400) from None
    named = {orjson.dumps(one) for one in _patients(body)}
    if len(named) != 1:
        raise InputError([Issue("consent.patient", "several" if named else "required")])
    return orjson.loads(named.pop())


def _patients(body: Any) -> Iterator[dict[str, str]]:
    entries = body.get("entry") if isinstance(body, dict) else None
    resources = (
        [one.get("resource") for one in entries if isinstance(one, dict)]
        if isinstance(entries, list)
        else [body]
    )
    for resource in resources:
        if not isinstance(resource, dict) or resource.get("resourceType") != "Consent":
            continue
        patient = resource.get("patient")
        identifier = patient.get("identifier") if isinstance(patient, dict) else None
        if isinstance(identifier, dict):
            yield {
                key: identifier[key] for key in ("system", "value") if isinstance(identifier.get(key), str)
            }
