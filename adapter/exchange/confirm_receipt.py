"""A recipient that only calls says that it has kept an answer: what was held for it has done its work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement
from adapter.domain.instants import Clock
from adapter.domain.records import OUR_ID
from adapter.domain.requester import Requester
from adapter.exchange import audit_events, audit_requests, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.emergency import EmergencyAccess, is_emergency
from adapter.exchange.trail import Trail
from adapter.store import holds, persons
from adapter.store.database import Database


@dataclass(frozen=True, slots=True)
class ConfirmReceipt:
    """The use case behind ``$confirm-receipt``."""

    database: Database
    agreements: Sequence[Agreement]
    emergency: EmergencyAccess
    audit: Trail
    clock: Clock

    async def __call__(
        self, requester: Requester, answer_id: str, request_id: str, caller: str | None = None
    ) -> bool:
        """Wipe what is held for the answer of that id and may be wiped. False: none such was given to the requester."""
        now = self.clock()
        self.emergency.alert(requester)
        parties = {
            party.id
            for agreement in self.agreements
            if (party := agreement.party_of(requester.organization)) is not None
        }

        def confirm(connection: Connection) -> bool:
            given = [
                (party, holds.answered_about(connection, answer_id, party, now))
                for party in sorted(parties)
                if OUR_ID.fullmatch(answer_id)
            ]
            person_key = next((key for _, key in given if key is not None), None)
            # Before the chain, as everywhere (exclusion.py).
            persons.alone_with(connection, [key for _, key in given if key is not None])
            is_taken = person_key is not None and not is_emergency(requester)
            act = audit_events.Act(now, person_key, request_id, caller)
            outcome = audit_events.SUCCESS if is_taken else audit_events.MINOR_FAILURE
            event = audit_requests.receipt(act, requester, outcome)
            self.audit.append(connection, [trail.row(AuditKind.RECEIPT, person_key, now, event)])
            self.emergency.note(connection, act, requester)
            for party, key in given:
                if is_taken and key is not None:
                    holds.confirm(connection, answer_id, party, now)
            return is_taken

        return await self.database.write(confirm)
