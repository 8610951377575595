"""What was turned away leaves its row before it is answered: one for each person whom it names, else one without a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adapter.domain.identity import Identifier, PersonId
from adapter.domain.instants import Clock
from adapter.domain.requester import Requester
from adapter.exchange import audit_events, audit_requests, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.trail import Trail
from adapter.exchange.unaudited import Unaudited
from adapter.store.audit import AuditRow
from adapter.store.database import Database, DatabaseUnreachable
from adapter.store.keys import Keyring


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was turned away.

    ``route`` is its name in docs/audit.md, ``interaction`` FHIR's word for what was tried, ``code`` why, never a value. ``who`` is
    None where nobody was recognised. ``is_serious``: for who asked or for a fault of ours, not for the form.
    """

    route: str
    interaction: str
    code: str
    request_id: str
    is_serious: bool
    who: Requester | Identifier | None = None
    caller: str | None = None


class Refusals:
    """The use case behind every answer that is a refusal."""

    def __init__(
        self, *, database: Database, keyring: Keyring, audit: Trail, unaudited: Unaudited, clock: Clock
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._trail = audit
        self._unaudited = unaudited
        self._clock = clock

    async def record(self, refusal: Refusal, persons: Iterable[PersonId] = ()) -> None:
        """Write it down. Raises Unreachable: then nothing can be answered, and the spool has a line, if the database is down."""
        named = tuple(dict.fromkeys(persons))
        try:
            await self._trail.write(self._database, self._rows(refusal, named))
        except DatabaseUnreachable as down:
            client = refusal.who.client_id if isinstance(refusal.who, Requester) else None
            for person in named or (None,):
                await self._unaudited.note(
                    refusal.route, refusal.request_id, down.code, client=client, person=person
                )
            raise

    def _rows(self, refusal: Refusal, named: Sequence[PersonId]) -> list[AuditRow]:
        now = self._clock()
        keys: list[str | None] = [*map(self._keyring.person_key, named)]
        outcome = audit_events.SERIOUS_FAILURE if refusal.is_serious else audit_events.MINOR_FAILURE
        rows = []
        for key in keys or [None]:
            act = audit_events.Act(now, key, refusal.request_id, refusal.caller)
            event = audit_requests.refusal(
                act, refusal.who, refusal.interaction, refusal.route, refusal.code, outcome
            )
            rows.append(trail.row(AuditKind.REFUSED, key, now, event))
        return rows
