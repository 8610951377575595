"""A release without consent as an official of the kommun states and files it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from adapter.domain.identity import HSA_ID, Identifier
from adapter.domain.records import RecordType
from adapter.domain.requester import Requester
from adapter.domain.scopes import RELEASE_WITHOUT_CONSENT
from adapter.fhir.release_operation import StatedRelease
from adapter.store.lawful_grounds import GroundRow
from tests.exchange.bodies import REGION_UNIT, TOLVAN
from tests.exchange.fakes import NOW
from tests.exchange.house import House
from tests.exchange.parties import kommun, person

WHY: Final = "Vård som inte kan vänta"
OFFICIAL: Final = Identifier(HSA_ID, "SE2120001553-P0007")


def official(of: Requester | None = None, **changes: Any) -> Requester:
    """A named official of the kommun's unit, who may release without consent."""
    asks = replace(
        of or kommun(), practitioner=OFFICIAL, purposes=(), scopes=frozenset({RELEASE_WITHOUT_CONSENT})
    )
    return replace(asks, **changes)


def stated(
    number: str = TOLVAN, *types: RecordType, unit: str = REGION_UNIT, **changes: Any
) -> StatedRelease:
    """An AUDIT, to the region's reception, for a day."""
    release = StatedRelease(
        person=person(number),
        recipient=Identifier(HSA_ID, unit),
        record_types=frozenset(types or {RecordType.AUDIT}),
        ground="26:9-continuing-misuse",
        reason=WHY,
        ends_at=NOW + timedelta(hours=24),
        agreement=None,
    )
    return replace(release, **changes)


async def filed(house: House, release: StatedRelease | None = None, by: Requester | None = None) -> GroundRow:
    """File it, by the kommun's official unless somebody else is named."""
    use = house.release_without_consent
    return await use(await use.authorize(by or official(), "request-1"), release or stated(), "request-1")
