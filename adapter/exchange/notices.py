"""Notices that a basis ended: to each system that was given something under a Consent, once it reaches there no more.

What was delivered is not recalled; its recipient is told the Consent's id and the instant (gate.md, "Deciding" 10). Whoever only calls
finds the ended Consent by searching for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement
from adapter.domain.identity import Identifier
from adapter.domain.records import CONSENT_CATEGORY
from adapter.exchange import audit_events, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.passage import of_delivery
from adapter.exchange.standing import Registry, Standing, StandingConsent, patient_of
from adapter.exchange.trail import Trail
from adapter.gate.notice import Notice, notice_of_end
from adapter.store import basis, consents, outbound
from adapter.store.audit import AuditRow
from adapter.store.basis import Release
from adapter.store.database import Database
from adapter.store.outbound import ClaimedDelivery


@dataclass(frozen=True, slots=True)
class Notices:
    """Queues notices where a Consent ends, and makes them when their turn comes. ``agreements`` are by URI."""

    database: Database
    registry: Registry
    agreements: Mapping[str, Agreement]
    audit: Trail
    new_id: Callable[[], str]

    def queue(
        self, connection: Connection, standing: Standing, changed: Iterable[StandingConsent], now: datetime
    ) -> None:
        """Queue a notice to each system that a changed Consent reached and reaches no more, in the transaction of the change."""
        by_id = {consent.row.id: consent for consent in changed}
        reached: defaultdict[tuple[str, str], list[Release]] = defaultdict(list)
        for release in basis.untold(connection, by_id):
            reached[release.consent_id, release.recipient_system].append(release)
        for (consent_id, _), releases in reached.items():
            if not self._reaches(standing, by_id[consent_id], releases, now):
                basis.tell(connection, releases, self.new_id(), self.new_id(), now)

    async def begin(
        self, held: ClaimedDelivery, consent_id: str, recipient: Identifier, now: datetime
    ) -> Notice | None:
        """Begin the attempt of a notice, with its audit row; None, and it is withheld, if there is nothing to tell after all.

        That is so if what was under way when the Consent ended did not arrive, or if it reaches there again. Raises StaleClaim.
        """
        act = audit_events.Act(now, held.person_key, held.message_id)
        event = audit_events.notice(act, recipient, consent_id)
        begin = partial(
            self._begin,
            held=held,
            consent_id=consent_id,
            audit=trail.row(AuditKind.NOTICE, held.person_key, now, event),
            now=now,
        )
        return await self.database.write(begin)

    def _begin(
        self,
        connection: Connection,
        *,
        held: ClaimedDelivery,
        consent_id: str,
        audit: AuditRow,
        now: datetime,
    ) -> Notice | None:
        code = self._why_not(connection, held, consent_id, now)
        if code is not None:
            outbound.withhold_delivery(connection, held, code, now)
            return None
        outbound.mark_sending(connection, held, now)
        self.audit.append(connection, [audit])
        return notice_of_end(consent_id, held.received_at)

    def _why_not(
        self, connection: Connection, held: ClaimedDelivery, consent_id: str, now: datetime
    ) -> str | None:
        releases = basis.told(connection, held.id)
        if not releases:
            return "nothing-arrived"
        row = consents.consent_by_id(connection, consent_id)
        consent = None if row is None else self.registry.opened(row)
        person = None if consent is None else patient_of(consent.resource)
        if consent is None or person is None:
            return None
        standing = self.registry.standing(connection, person)
        return "in-force-again" if self._reaches(standing, consent, releases, now) else None

    def _reaches(
        self, standing: Standing, consent: StandingConsent, releases: Sequence[Release], now: datetime
    ) -> bool:
        """Whether a Consent by itself, whatever others deny, still lets something through on one of the ways of these releases."""
        if consent.row.status != "active":
            return False
        alone = replace(standing, consents=(consent,), releases=())
        category = frozenset({(CONSENT_CATEGORY, consent.row.category)})
        return any(self._permits(alone, release, category, now) for release in _ways(releases))

    def _permits(
        self, alone: Standing, release: Release, category: frozenset[tuple[str, str]], now: datetime
    ) -> bool:
        agreement = self.agreements.get(release.agreement)
        passage = None if agreement is None else of_delivery(agreement, release)
        if passage is None:
            return True  # not the Consent's doing
        # Each of the purposes may be another Consent's matter.
        return any(
            alone.ask(passage, (purpose,), now, category=category).is_permit
            for purpose in passage.flow.purposes
        )


def _ways(releases: Iterable[Release]) -> Iterable[Release]:
    """One release of each way."""
    return {
        (
            release.agreement,
            release.sender_party,
            release.sender_unit,
            release.recipient_party,
            release.recipient_unit,
            release.record_types,
        ): release
        for release in releases
    }.values()
