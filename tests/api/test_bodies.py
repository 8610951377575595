"""Every body that the FHIR endpoint takes is read alike: JSON as it was sent, no key twice."""

from __future__ import annotations

import json
from typing import Final

import pytest

from tests.api.bridge import Bridge
from tests.api.consents import MEDIA_TYPE, consent, faults
from tests.exchange.bodies import TOLVAN
from tests.exchange.house import new_id
from tests.exchange.releases import OFFICIAL

_ENTRY: Final = '{"resourceType":"Bundle","type":"%s","entry":[{"request":{"method":"POST","url":"Consent"},"resource":CONSENT}]}'
_WAYS: Final = {
    "create": ("POST", "/Consent", "kommun-registers", "CONSENT", "Resource"),
    "update": ("PUT", f"/Consent/{new_id()}", "kommun-registers", "CONSENT", "Resource"),
    "transaction": ("POST", "", "kommun-registers", _ENTRY % "transaction", "Resource.entry[0].resource"),
    "batch": ("POST", "", "kommun-registers", _ENTRY % "batch", "Resource.entry[0].resource"),
    "validation": ("POST", "/Consent/$validate", "kommun-registers", "CONSENT", "Resource"),
    "receipt": ("POST", "/$confirm-receipt", "region", '{"held":CONSENT}', "Resource.held"),
    "release": ("POST", "/$release-without-consent", "kommun-official", '{"held":CONSENT}', "Resource.held"),
}  # fmt: skip
"""Method, path, client, body, and where the resource stands in it."""
_TWICE: Final = {
    "status": ('"status":', '"status":"inactive","status":'),
    "provision": ('"provision":', '"provision":{"type":"deny"},"provision":'),
    "patient.identifier.value": (f'"value":"{TOLVAN}"', f'"value":"189002029800","value":"{TOLVAN}"'),
}


@pytest.mark.parametrize("way", _WAYS)
async def test_no_key_may_stand_twice(bridge: Bridge, way: str) -> None:
    method, url, client, holder, place = _WAYS[way]
    practitioner = OFFICIAL if client == "kommun-official" else None
    headers = MEDIA_TYPE | {
        "Authorization": f"Bearer {bridge.token(client, practitioner)}",
        "If-Match": 'W/"1"',
    }
    sound = json.dumps(consent(), separators=(",", ":"))
    for path, (once, twice) in _TWICE.items():
        body = holder.replace("CONSENT", sound.replace(once, twice))
        answer = await bridge.http.request(method, f"/fhir{url}", content=body, headers=headers)
        assert (answer.status_code, faults(answer)) == (400, {(f"{place}.{path}", "duplicate-key")})


async def test_a_number_in_a_consent_is_refused(bridge: Bridge) -> None:
    """Whatever libraries make of one, nothing of a Consent that is kept is a number."""
    for number in ("2026", "2026.5", "2e3", "123456789012345678901234", "1e-400"):
        for name, element in {
            "dateTime": number,
            "sourceAttachment": f'{{"title":"x","size":{number}}}',
        }.items():
            sound = {part: value for part, value in consent().items() if part != name}
            body = json.dumps(sound)[:-1] + f',"{name}":{element}}}'
            answer = await bridge.fhir(
                "Consent", "kommun-registers", "POST", content=body, headers=MEDIA_TYPE
            )
            assert answer.status_code == 422
            assert any(path.startswith(f"Consent.{name}") for path, _ in faults(answer))
