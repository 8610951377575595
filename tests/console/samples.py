"""Rows for the console's tests: a kommun that sends, a region that receives, and a second agreement beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement, Channel, Delivery, Flow, Party, System, Unit
from adapter.domain.identity import HSA_ID, ORGANISATIONSNUMMER, Identifier
from adapter.domain.records import Mode, RecordType
from adapter.domain.states import State
from adapter.store import inbound, messages, outbound
from adapter.store.deliveries import NewDelivery
from adapter.store.events import NewEvent, Stage
from adapter.store.inbound import Processed
from adapter.store.messages import NewMessage
from adapter.store.vault import Sealed
from tests.store import samples

NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
AGREEMENT: Final = "https://w3id.org/sambro/agreement/alingsas"
OTHER_AGREEMENT: Final = "https://w3id.org/sambro/agreement/samvux"
KOMMUN: Final = frozenset({(AGREEMENT, "kommun")})
REGION: Final = frozenset({(AGREEMENT, "region")})
"""What an administrator of either party views."""
MAPPING: Final = "https://w3id.org/sambro/mapping/neutral_push/neutral-push-sip|7"
TRACE: Final = (("sip.planId", "CarePlan.id"), ("sip.insatser.text", "CarePlan.activity.detail.description"))
_RAW: Final = Sealed(b"sealed", "2026-11-22")
_MS: Final = timedelta(milliseconds=1)
_LEASE: Final = timedelta(seconds=30)


def _party(party_id: str, name: str, kind: Any, number: str) -> Party:
    unit = Unit(f"{party_id}-unit", f"Enhet vid {name}", Identifier(HSA_ID, f"SE{number}-1001"))
    return Party(
        party_id, name, kind, (Identifier(ORGANISATIONSNUMMER, number),), (unit,), frozenset({party_id})
    )


_FLOW: Final = Flow(
    records=frozenset({RecordType.SIP, RecordType.AUDIT}),
    sender="kommun",
    recipient="region",
    units=("region-unit",),
    modes=frozenset({Mode.QUERY}),
    purposes=("TREAT",),
    deliver=(),
    query=None,
    hold_hours=72,
    wipe="expiry",
    patient=False,
    provenance=True,
    protected="withhold",
    dead_letter="skip",
)


def _agreement(agreement_id: str, name: str, system: str) -> Agreement:
    kommun = _party("kommun", "Alingsås kommun", "kommun", "2120001553")
    region = _party("region", "Västra Götalandsregionen", "region", "2321000131")
    channel = Channel(f"{name.lower()}-kommun", "kommun", "kommun-unit", "http_push", "neutral_push")
    return Agreement(
        id=agreement_id,
        name=name,
        version="1",
        valid_from=date(2026, 1, 1),
        valid_to=date(2028, 12, 31),
        max_consent_months=24,
        consent_ends_with_enrolment=True,
        parties=(kommun, region),
        systems=(System(system, "region", "fhir_rest", "", "json"),),
        channels=(channel,),
        flows=(replace(_FLOW, deliver=(Delivery(system, "region-unit"),)),),
    )


AGREEMENTS: Final = (
    _agreement(AGREEMENT, "Alingsås", "journal"),
    _agreement(OTHER_AGREEMENT, "Samvux", "journal-samvux"),
)


def new_message(**changes: Any) -> NewMessage:
    """A SIP that the kommun pushed and that was withheld, unless ``changes`` say otherwise."""
    plain = {
        "agreement": AGREEMENT,
        "channel": "alingsås-kommun",
        "source_unit": "kommun-unit",
        "subject_key": "1-person",
        "size": 4210,
        "state": State.WITHHELD,
    }
    return samples.new_message(**plain | changes)


def new_delivery(**changes: Any) -> NewDelivery:
    """A forward to the region's record system."""
    plain = {
        "agreement": AGREEMENT,
        "sender_unit": "kommun-unit",
        "recipient_unit": "region-unit",
        "recipient_system": "journal",
        "person_key": "1-person",
        "decision": {
            "verdict": "permit",
            "reason": "consent",
            "consents": [{"id": "consent-1", "version": "2"}],
        },
    }
    return samples.new_delivery(**plain | changes)


def accept(connection: Connection, **changes: Any) -> str:
    """A message that ended as it was accepted; returns its id."""
    new = new_message(**changes)
    messages.accept(connection, new)
    return new.id


def process(
    connection: Connection,
    parts: Sequence[NewDelivery],
    *,
    unmapped: tuple[str, ...] = (),
    mapping: str | None = MAPPING,
    trace: tuple[tuple[str, str], ...] | None = TRACE,
    stages: Mapping[Stage, int] = MappingProxyType({}),
    **changes: Any,
) -> str:
    """A message that a worker has turned into deliveries, ``stages`` ending so many milliseconds after it came; returns its id."""
    new = new_message(**{"state": State.ACCEPTED, **changes})
    messages.accept(connection, new, _RAW)
    (held,) = inbound.claim_inbound(connection, "worker", new.received_at, _LEASE, 1)
    events = [NewEvent(new.id, stage, new.received_at + _MS * after) for stage, after in stages.items()]
    done = Processed(
        deliveries=tuple(parts),
        translated=_RAW,
        unmapped=unmapped,
        mapping=mapping,
        trace=trace,
        events=tuple(events),
    )
    inbound.finish_inbound(connection, held, done, events[-1].at if events else new.received_at)
    return new.id


def attempt(
    connection: Connection, now: datetime, *, fails: str | None = None, system: str = "journal"
) -> None:
    """The attempt of the next delivery to a system: delivered, or dead with a code."""
    (held,) = outbound.claim_outbound(connection, system, "worker", now, _LEASE, 1)
    outbound.mark_sending(connection, held, now)
    if fails is None:
        outbound.finish_delivery(connection, held, now)
    else:
        outbound.kill_delivery(connection, held, fails, now)


def withhold(connection: Connection, now: datetime, code: str) -> None:
    """The next delivery is withheld before its attempt."""
    (held,) = outbound.claim_outbound(connection, "journal", "worker", now, _LEASE, 1)
    outbound.withhold_delivery(connection, held, code, now)
