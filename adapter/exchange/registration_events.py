"""AuditEvents of Consents that were filed or changed by FHIR: who asked for it, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapter.domain.requester import Requester
from adapter.exchange import audit_events, audit_requests
from adapter.exchange.audit_requests import Interaction
from adapter.exchange.consent_changes import Step, Turn
from adapter.exchange.standing import Standing, StandingConsent
from adapter.gate.consent_head import person_identifier
from adapter.store.keys import Keyring

_PLAIN: Final = frozenset({Step.CREATED, Step.UPDATED})


@dataclass(frozen=True, slots=True)
class RegistrationEvents:
    """Makes them; persons stand in them by the ``keyring``'s keys."""

    keyring: Keyring

    def of(
        self, turn: Turn, interaction: Interaction, requester: Requester, request_id: str, now: datetime
    ) -> dict[str, Any]:
        """What a turn did, or asked for."""
        row = turn.consent.row
        return audit_requests.registration(
            audit_events.Act(now, turn.standing.key, request_id),
            requester,
            interaction,
            f"Consent/{row.id}/_history/{row.version}",
            audit_events.SUCCESS,
            grantor=self._grantor(turn.consent, turn.standing),
            description=None if turn.step in _PLAIN else turn.step.value,
        )

    def _grantor(self, consent: StandingConsent, standing: Standing) -> audit_requests.Grantor:
        """Who asked for it: the performer that it names, else the person, or a guardian who is not named."""
        for performer in (consent.resource or {}).get("performer", ()):
            named = person_identifier(performer["identifier"], consent.row.filed_at)
            key = None if named is None else self.keyring.person_key(named)
            return audit_requests.Grantor(key, performer["type"] == "RelatedPerson")
        is_guardian = consent.compiled.decided_by == "guardian"
        return audit_requests.Grantor(None if is_guardian else standing.key, is_guardian)
