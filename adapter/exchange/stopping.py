"""When what deliveries stand on ends, or a flag keeps them back: what waits is decided anew, cancelled and wiped; what has left is marked and counted."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement, Party
from adapter.domain.errors import ContentUnreadable
from adapter.domain.records import RecordType
from adapter.domain.states import State
from adapter.exchange import audit_events, trail
from adapter.exchange.alerts import raise_alerts
from adapter.exchange.notices import Notices
from adapter.exchange.passage import Passage, of_delivery
from adapter.exchange.release import release
from adapter.exchange.standing import Ruling, Standing, StandingConsent
from adapter.exchange.trail import Trail
from adapter.exchange.translation import Translation
from adapter.gate.enforce import ReleaseRefused
from adapter.gate.request import SIP_PLAN
from adapter.gate.rules import ReleaseRules
from adapter.gate.verdict import Reason
from adapter.store import cancellation, messages
from adapter.store.audit import AuditRow
from adapter.store.cancellation import PendingDelivery
from adapter.store.database import Database
from adapter.store.vault import Sealed, Vault


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a change stopped, as far as the party that made it may know: no more than the log would show it.

    ``cancelled`` of its own deliveries are not sent. ``in_flight``, from it or to it, had left when it took effect; of these ``unfinished``
    had not ended when it was answered.
    """

    cancelled: int = 0
    in_flight: int = 0
    unfinished: int = 0


@dataclass(frozen=True, slots=True)
class Stopping:
    """Prepares what changes of a person's standing stop. ``agreements`` are by URI."""

    database: Database
    vault: Vault
    agreements: Mapping[str, Agreement]
    rules: ReleaseRules
    audit: Trail
    notices: Notices

    async def prepare(self, before: Standing, after: Standing, party: Party, now: datetime) -> Stop:
        """What a change by ``party`` from one standing to another stops.

        Records that only their content can decide are opened and filtered here, so that the transaction need not.
        """
        stop = Stop(self, before, after, party, now)
        await asyncio.to_thread(stop.look_at, await self.database.read(stop.unseen))
        raise_alerts(stop.rulings, stop.protected)
        return stop


class _Unseen(NamedTuple):
    """A delivery whose content has to be looked at."""

    row: PendingDelivery
    ruling: Ruling
    sealed: Sealed | None


class _Refused(NamedTuple):
    """A delivery that may go on no longer, and why: a code of the decision or the filter."""

    row: PendingDelivery
    ruling: Ruling
    code: str


class _Way(NamedTuple):
    """What the gate says of all deliveries of one way; ``hinges_on_content``: the change touches what the filter asks of each record."""

    ruling: Ruling
    hinges_on_content: bool


class Stop:
    """What one change stops: called in the transaction of the change, whose epochs the caller has compared."""

    def __init__(
        self, tools: Stopping, before: Standing, after: Standing, party: Party, now: datetime
    ) -> None:
        self._tools = tools
        self._before = before
        self._after = after
        self._party = party
        self._now = now
        self._ways: dict[tuple[object, ...], _Way | None] = {}
        self._kept_back: dict[str, str | None] = {}
        self.protected: list[tuple[Ruling, str]] = []
        """What the filter keeps back of somebody protected, as alerts tell it."""

    @property
    def rulings(self) -> Sequence[Ruling]:
        """What the gate was asked so far and said."""
        return [way.ruling for way in self._ways.values() if way is not None]

    def unseen(self, connection: Connection) -> Sequence[_Unseen]:
        """What is pending and hinges on its content, which nobody has looked at yet."""
        return self._unseen(connection, cancellation.pending(connection, self._after.keys))

    def look_at(self, several: Sequence[_Unseen]) -> None:
        """Ask the release filter of each whether it would keep the record back."""
        for item in several:
            code = self._kept_back[item.row.id] = self._refusal(item)
            if code == Reason.PROTECTED_IDENTITY.value:
                self.protected.append((item.ruling, code))

    def __call__(self, connection: Connection) -> Stopped:
        """Cancel and wipe what is refused now, mark what has left, with an audit row for each; tell who has what a Consent let through."""
        rows = cancellation.pending(connection, self._after.keys)
        self.look_at(self._unseen(connection, rows))  # a few, queued since
        refused = tuple(self._refused(rows))
        by_code: defaultdict[str, list[str]] = defaultdict(list)
        for item in refused:
            by_code[item.code].append(item.row.id)
        for code, ids in by_code.items():
            cancellation.end_basis(connection, ids, code, self._now)
        self._tools.audit.append(connection, map(self._audited, refused))
        self._tools.notices.queue(connection, self._after, self._changed(), self._now)
        return self._told([item.row for item in refused])

    def _changed(self) -> Iterator[StandingConsent]:
        """The new versions of Consents that stood before."""
        before = {consent.row.id: consent.row.version for consent in self._before.consents}
        return (
            consent
            for consent in self._after.consents
            if before.get(consent.row.id) not in (None, consent.row.version)
        )

    def _unseen(self, connection: Connection, rows: Sequence[PendingDelivery]) -> Sequence[_Unseen]:
        found = [
            (row, way.ruling)
            for row in rows
            if row.id not in self._kept_back and (way := self._way(row)) is not None and way.hinges_on_content
        ]
        sealed = messages.translated(connection, [row.message_id for row, _ in found])
        return [_Unseen(row, ruling, sealed.get(row.message_id)) for row, ruling in found]

    def _refused(self, rows: Sequence[PendingDelivery]) -> Iterator[_Refused]:
        for row in rows:
            way = self._way(row)
            if way is None:
                continue  # decided, and refused, at its next attempt
            permitted, reason = way.ruling.is_permit, way.ruling.decision.reason.value
            code = self._kept_back.get(row.id) if permitted else reason
            if code is not None:
                yield _Refused(row, way.ruling, code)

    def _way(self, row: PendingDelivery) -> _Way | None:
        way = (
            row.agreement,
            row.sender_party,
            row.sender_unit,
            row.recipient_party,
            row.recipient_unit,
            row.record_types,
        )
        if way not in self._ways:
            self._ways[way] = self._decided(row)
        return self._ways[way]

    def _decided(self, row: PendingDelivery) -> _Way | None:
        agreement = self._tools.agreements.get(row.agreement)
        passage = None if agreement is None else of_delivery(agreement, row)
        if passage is None:
            return None
        ruling = self._after.ask(passage, passage.flow.purposes, self._now)
        return _Way(ruling, ruling.is_permit and self._touches_content(passage))

    def _touches_content(self, passage: Passage) -> bool:
        """Whether what the filter asks of each record is another than before: the person's flags, the consents to plans."""
        if self._before.protection != self._after.protection:
            return True
        return RecordType.SIP in passage.record_types and self._touches_plans(passage)

    def _touches_plans(self, passage: Passage) -> bool:
        """Whether the consents to plans, as they count for this passage, are others than before."""
        before, after = (
            standing.ask(passage, passage.flow.purposes, self._now, category=SIP_PLAN).decision
            for standing in (self._before, self._after)
        )
        return (before.verdict, before.consents) != (after.verdict, after.consents)

    def _refusal(self, item: _Unseen) -> str | None:
        try:
            translation = Translation.open(self._tools.vault, item.row.message_id, item.sealed)
            # Whichever of the person's numbers it names: it may be held since before a merge.
            resources = translation.by(self._after.person).resources
            release(self._tools.rules, item.ruling, self._after, resources)
        except ReleaseRefused as refused:
            return refused.code
        except ContentUnreadable:
            return None  # nobody can read it, and its attempt will say so
        return None

    def _audited(self, item: _Refused) -> AuditRow:
        act = audit_events.Act(self._now, item.row.person_key, item.row.message_id)
        return trail.authorization(act, item.ruling, refused=item.code)

    def _told(self, rows: Sequence[PendingDelivery]) -> Stopped:
        agreements, party = self._tools.agreements, self._party
        left = [row for row in rows if row.state is State.SENDING]
        stopped = [row for row in rows if row.state is not State.SENDING]
        return Stopped(
            cancelled=sum(_party_id(agreements, party, row) == row.sender_party for row in stopped),
            in_flight=sum(is_seen_leaving(agreements, party, row) for row in left),
        )


def is_seen_leaving(agreements: Mapping[str, Agreement], party: Party, row: PendingDelivery) -> bool:
    """Whether an organisation, a party of any agreement, sends or receives what has left."""
    return _party_id(agreements, party, row) in (row.sender_party, row.recipient_party)


def _party_id(agreements: Mapping[str, Agreement], party: Party, row: PendingDelivery) -> str | None:
    """What the delivery's own agreement calls an organisation."""
    agreement = agreements.get(row.agreement)
    own = None if agreement is None else agreement.party_of(party.identifiers[0])
    return None if own is None else own.id
