"""Rows for the tests of this room: one person, one channel, one recipient unless a test says otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from adapter.domain.identity import PERSONNUMMER, PersonId
from adapter.domain.records import Mode
from adapter.store.consents import ConsentRow
from adapter.store.deliveries import NewDelivery
from adapter.store.keys import Keyring
from adapter.store.messages import NewMessage
from adapter.store.vault import Sealed

NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LEASE: Final = timedelta(seconds=30)
OVER: Final = timedelta(0)
"""A lease that has ended when it begins: leases last by the database's clock, which no test can move."""
KEYRING: Final = Keyring(b"k" * 32)
PERSON: Final = KEYRING.person_key(PersonId(PERSONNUMMER, "191212121212"))
OTHER: Final = KEYRING.person_key(PersonId(PERSONNUMMER, "196101182803"))
AGREEMENT: Final = "https://example.org/agreement/alingsas"
RAW: Final = Sealed(b"sealed raw", "2026-11-22")
MAPPING: Final = "https://w3id.org/sambro/mapping/neutral_push/neutral-push-sip|3"
TRACE: Final = (("sip.planId", "CarePlan.id"), ("sip.status", "CarePlan.status"))
TRANSLATED: Final = Sealed(b"sealed bundle", "2026-11-22")

_numbers = count(1)


def after(seconds: float) -> datetime:
    """An instant that long after NOW."""
    return NOW + timedelta(seconds=seconds)


def new_message(**changes: Any) -> NewMessage:
    """A SIP pushed by the kommun."""
    number = next(_numbers)
    plain = NewMessage(
        id=f"message-{number}",
        received_at=NOW,
        agreement=AGREEMENT,
        channel="kommun-push",
        source_party="kommun",
        source_unit="ifo",
        event="sip",
        record_types=("SIP",),
        control_id=f"control-{number}",
        source_application="",
        subject_key=PERSON,
        size=100,
        body_digest="digest",
        content_type="application/json",
        idempotency_seed=f"seed-{number}",
    )
    return replace(plain, **changes)


def new_delivery(**changes: Any) -> NewDelivery:
    """A forward to the region's record system."""
    number = next(_numbers)
    plain = NewDelivery(
        id=f"delivery-{number}",
        agreement=AGREEMENT,
        sender_party="kommun",
        sender_unit="ifo",
        recipient_party="region",
        recipient_unit="psykiatri",
        recipient_system="ehr",
        mode=Mode.FORWARD,
        record_types=("SIP",),
        person_key=PERSON,
        idempotency_key=f"key-{number}",
    )
    return replace(plain, **changes)


def new_hold(**changes: Any) -> NewDelivery:
    """A delivery that waits for the region to call."""
    held: dict[str, Any] = {
        "mode": Mode.HOLD,
        "recipient_system": None,
        "hold_expires_at": after(3600),
        "confirmable": True,
    }
    return new_delivery(**(held | changes))


def new_consent(**changes: Any) -> ConsentRow:
    """A consent registered by the region."""
    number = next(_numbers)
    plain = ConsentRow(
        id=f"consent-{number}",
        version=1,
        identifier_key=f"identifier-{number}",
        person_key=PERSON,
        agreement=AGREEMENT,
        registrar_party="region",
        category="osl-waiver",
        status="active",
        filed_at=NOW,
        sealed=b"sealed consent",
    )
    return replace(plain, **changes)
