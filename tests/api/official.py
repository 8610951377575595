"""An official who files a release without consent over HTTP."""

from __future__ import annotations

from typing import Any

import httpx

from adapter.domain.identity import HSA_ID, PERSONNUMMER, Identifier
from tests.api.bridge import Bridge
from tests.exchange.bodies import REGION_UNIT, TOLVAN, Json
from tests.exchange.releases import OFFICIAL, WHY


def parameters(**changes: Any) -> Json:
    """An AUDIT of the test person to the region's reception, until tomorrow noon."""
    stated: Json = {
        "patient": {"valueIdentifier": {"system": PERSONNUMMER, "value": TOLVAN}},
        "recipient": {"valueIdentifier": {"system": HSA_ID, "value": REGION_UNIT}},
        "recordType": {"valueCode": "AUDIT"},
        "ground": {"valueCode": "26:9-continuing-misuse"},
        "reason": {"valueString": WHY},
        "end": {"valueInstant": "2026-11-23T12:00:00Z"},
    }
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name} | value for name, value in (stated | changes).items()],
    }


async def file(
    bridge: Bridge,
    client: str = "kommun-official",
    practitioner: Identifier | None = OFFICIAL,
    body: Json | None = None,
    **claims: Any,
) -> httpx.Response:
    """File it; ``claims`` are what the token states beyond the client's."""
    headers = {"Authorization": f"Bearer {bridge.token(client, practitioner, **claims)}"}
    return await bridge.fhir(
        "$release-without-consent", None, "POST", headers=headers, json=body or parameters()
    )
