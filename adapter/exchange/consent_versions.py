"""The next version of a Consent: stamped, sealed and compiled, with its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson

from adapter.domain.identity import PersonId
from adapter.domain.instants import as_instant
from adapter.exchange.standing import Standing, StandingConsent, consent_row
from adapter.gate.consent import ENDED, CompiledConsent, compile_consent
from adapter.store.consents import ConsentRow
from adapter.store.keys import Keyring

INACTIVE: Final = "inactive"
ENTERED_IN_ERROR: Final = "entered-in-error"


@dataclass(frozen=True, slots=True)
class ConsentVersions:
    """Makes versions of Consents; filed they are by whoever asks for them."""

    keyring: Keyring

    def ended(self, consent: StandingConsent, now: datetime, status: str = INACTIVE) -> StandingConsent:
        """The version that ends it; ``status`` says why."""
        resource = dict(consent.resource or {}) | {"status": status}
        return self._next(consent, resource, now, status=status)

    def moved(
        self, consent: StandingConsent, standing: Standing, person: PersonId, now: datetime
    ) -> StandingConsent:
        """The version that is about the number that goes on."""
        patient = dict((consent.resource or {}).get("patient", {})) | {"identifier": person.as_fhir()}
        resource = dict(consent.resource or {}) | {"patient": patient}
        return self._next(consent, resource, now, person_key=standing.key)

    def _next(
        self, consent: StandingConsent, resource: Mapping[str, Any], now: datetime, **columns: Any
    ) -> StandingConsent:
        row = consent.row
        values = {name: getattr(row, name) for name in ConsentRow.__slots__}
        return self.sealed(
            ConsentRow(**values | {"version": row.version + 1, "filed_at": now} | columns), resource
        )

    def sealed(self, row: ConsentRow, resource: Mapping[str, Any]) -> StandingConsent:
        """A version of a Consent by its row and its resource, which is stamped, sealed and compiled."""
        meta = {"versionId": str(row.version), "lastUpdated": as_instant(row.filed_at)}
        stamped = dict(resource) | {"meta": dict(resource.get("meta", {})) | meta}
        sealed = self.keyring.seal_registry(orjson.dumps(stamped), row=consent_row(row.id, row.version))
        compiled = compile_consent(stamped, at=row.filed_at)
        made = replace(row, sealed=sealed, ended_at=_end(row, compiled))
        return StandingConsent(made, stamped, compiled)


def _end(row: ConsentRow, compiled: CompiledConsent) -> datetime | None:
    """From when on a Consent opens nothing: its status says so, or its period, if it is a permit; what narrows is kept until it is ended."""
    if row.status in ENDED:
        return row.filed_at
    root = compiled.root
    if root is None or compiled.faults or root.effect != "permit" or root.period is None:
        return None
    return root.period.end
