"""Emergency access (BTG, ETREAT): a requester can never open a record by stating it; who tries is audited, alerted and followed up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from adapter.domain.agreement import Agreement
from adapter.domain.log_codes import LogCode
from adapter.domain.purposes import EMERGENCY_PURPOSES
from adapter.domain.requester import Requester
from adapter.exchange import audit_events, audit_requests, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.follow_up import FollowUpList
from adapter.exchange.trail import Trail
from adapter.store.database import Database
from adapter.store.follow_up import FollowUpKind

REFUSED: Final = "emergency-access-refused"
_log = structlog.get_logger()


def is_emergency(requester: Requester) -> bool:
    """Whether one of the stated purposes is emergency access, whatever stands beside it."""
    return not EMERGENCY_PURPOSES.isdisjoint(requester.purposes)


@dataclass(frozen=True, slots=True)
class EmergencyAccess:
    """Sees to attempts."""

    agreements: Sequence[Agreement]
    audit: Trail
    follow_up: FollowUpList

    def alert(self, requester: Requester) -> None:
        """Let an admin see it, if this is an attempt."""
        if is_emergency(requester):
            _log.warning(LogCode.ALERT, code=REFUSED, client=requester.client_id)

    def note(self, connection: Connection, act: audit_events.Act, requester: Requester) -> None:
        """Write it down in the transaction of its answer, if this is an attempt."""
        if not is_emergency(requester):
            return
        event = audit_requests.emergency_access(act, requester)
        row = trail.row(AuditKind.EMERGENCY_ACCESS, act.person_key, act.at, event)
        self.audit.append(connection, [row])
        for agreement, party in self._responsible(requester):
            self.follow_up.add(
                connection,
                FollowUpKind.EMERGENCY_ACCESS,
                act.at,
                agreement=agreement,
                party=party,
                person_key=act.person_key,
                reference=act.request_id,
                recipients=() if requester.unit is None else (requester.unit.value,),
                codes=tuple(sorted(EMERGENCY_PURPOSES.intersection(requester.purposes))),
                official=None if requester.practitioner is None else requester.practitioner.value,
            )

    async def refuse(self, database: Database, act: audit_events.Act, requester: Requester) -> None:
        """Alert and write it down where nothing else is done for it. Raises Unreachable."""
        self.alert(requester)
        await database.write(partial(self.note, act=act, requester=requester))

    def _responsible(self, requester: Requester) -> Iterator[tuple[str | None, str | None]]:
        """The requester's party in each agreement that has it; in none: the operator."""
        parties = [(one.id, one.party_of(requester.organization)) for one in self.agreements]
        own = [(agreement, party.id) for agreement, party in parties if party is not None]
        yield from own
        if not own:
            yield None, None
