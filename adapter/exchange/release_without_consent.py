"""Release without consent: an act of the sender, filed by a named official for one person, one unit and a day at most.

A requester can never open it (gate.md, "Deciding" 8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from adapter.domain.agreement import Agreement, Flow, Party, Unit
from adapter.domain.errors import InputError, Issue, SambroError
from adapter.domain.identity import HSA_ID, Identifier
from adapter.domain.instants import Clock, stockholm_date
from adapter.domain.log_codes import LogCode
from adapter.domain.requester import Requester
from adapter.domain.scopes import RELEASE_WITHOUT_CONSENT
from adapter.exchange import audit_events, audit_requests, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.emergency import REFUSED, EmergencyAccess, is_emergency
from adapter.exchange.follow_up import FollowUpList
from adapter.exchange.trail import Trail
from adapter.fhir.release_operation import StatedRelease, parameter_path
from adapter.gate.evaluation import age_of
from adapter.gate.lawful_ground import LONGEST, holds, lawful_grounds
from adapter.store import lawful_grounds as rows
from adapter.store.database import Database
from adapter.store.follow_up import FollowUpKind
from adapter.store.keys import Keyring
from adapter.store.lawful_grounds import GroundRow

_CODE: Final = "release-without-consent"
"""The kind of its audit row, and the code of its alert."""
_log = structlog.get_logger()


class NotAnOfficial(SambroError):
    """The token is not that of a named official, at a unit of a party, who may release."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose records an official may release, under which agreement."""

    agreement: Agreement
    party: Party
    unit: Unit


@dataclass(frozen=True, slots=True)
class Official:
    """A named official who may file: ``senders`` is the unit in each agreement in force that has it, one at least."""

    requester: Requester
    practitioner: Identifier
    senders: tuple[Sender, ...]


class ReleaseWithoutConsent:
    """The use case behind ``$release-without-consent``. ``new_id`` makes the ids of releases."""

    def __init__(
        self,
        *,
        database: Database,
        keyring: Keyring,
        agreements: Sequence[Agreement],
        follow_up: FollowUpList,
        emergency: EmergencyAccess,
        audit: Trail,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._agreements = agreements
        self._follow_up = follow_up
        self._emergency = emergency
        self._trail = audit
        self._clock = clock
        self._new_id = new_id

    async def authorize(self, requester: Requester, request_id: str) -> Official:
        """Who may file, asked before anything else is read. Raises NotAnOfficial, also for emergency access, which is written down."""
        if is_emergency(requester):
            act = audit_events.Act(self._clock(), None, request_id)
            await self._emergency.refuse(self._database, act, requester)
            raise NotAnOfficial(REFUSED)
        if RELEASE_WITHOUT_CONSENT not in requester.scopes or requester.practitioner is None:
            raise NotAnOfficial("not-an-official")
        senders = tuple(_senders(self._agreements, requester, stockholm_date(self._clock())))
        if not senders:
            raise NotAnOfficial("not-of-a-party")
        return Official(requester, requester.practitioner, senders)

    async def __call__(self, official: Official, stated: StatedRelease, request_id: str) -> GroundRow:
        """File a release: in force when this returns. Raises InputError (422, every fault) and Unreachable."""
        now = self._clock()
        sender = _chosen(official, stated)
        if faults := list(_faults(sender, stated, now)):
            raise InputError(faults)
        row = self._row(sender, stated, now)
        await self._database.write(
            partial(self._commit, row, sender.party, official, stated.reason, request_id)
        )
        _log.warning(LogCode.ALERT, code=_CODE, agreement=row.agreement)
        return row

    def _row(self, sender: Sender, stated: StatedRelease, now: datetime) -> GroundRow:
        return GroundRow(
            id=self._new_id(),
            person_key=self._keyring.person_key(stated.person),
            agreement=sender.agreement.id,
            sender_unit=sender.unit.identifier.value,
            recipient_unit=stated.recipient.value,
            record_types=tuple(sorted(stated.record_types)),
            ground=stated.ground,
            filed_at=now,
            ends_at=stated.ends_at,
        )

    def _commit(
        self,
        row: GroundRow,
        party: Party,
        official: Official,
        reason: str,
        request_id: str,
        connection: Connection,
    ) -> None:
        """One transaction: the release, the person's epoch, the audit, the entry on the follow-up list."""
        rows.file_ground(connection, row)
        act = audit_events.Act(row.filed_at, row.person_key, request_id)
        recipient = Identifier(HSA_ID, row.recipient_unit)
        event = audit_requests.release_without_consent(act, official.requester, row.ground, row.id, recipient)
        self._trail.append(
            connection, [trail.row(AuditKind.RELEASE_WITHOUT_CONSENT, row.person_key, row.filed_at, event)]
        )
        self._follow_up.add(
            connection,
            FollowUpKind.LAWFUL_GROUND,
            row.filed_at,
            agreement=row.agreement,
            party=party.id,
            person_key=row.person_key,
            reference=row.id,
            recipients=(row.recipient_unit,),
            codes=(row.ground, *row.record_types),
            ends_at=row.ends_at,
            official=official.practitioner.value,
            why=reason,
        )


def _senders(agreements: Sequence[Agreement], requester: Requester, day: date) -> Iterator[Sender]:
    for agreement in agreements:
        party = agreement.party_of(requester.organization)
        if party is None or not agreement.is_valid_on(day):
            continue
        unit = next((unit for unit in party.units if unit.identifier == requester.unit), None)
        if unit is not None:
            yield Sender(agreement, party, unit)


def _chosen(official: Official, stated: StatedRelease) -> Sender:
    """The agreement that is stated, or the one that has the way. Raises InputError where several have, or none is the one stated."""
    path = parameter_path("agreement")
    if stated.agreement is not None:
        named = [sender for sender in official.senders if sender.agreement.id == stated.agreement]
        if not named:
            raise InputError([Issue(path, "value")])
        return named[0]
    fitting = [sender for sender in official.senders if _has_way(sender, stated)]
    if len(fitting) > 1:
        raise InputError([Issue(path, "required")])
    return (fitting or official.senders)[0]


def _faults(sender: Sender, stated: StatedRelease, now: datetime) -> Iterator[Issue]:
    if stated.ends_at <= now:
        yield Issue(parameter_path("end"), "period-ended")
    if stated.ends_at > now + LONGEST:
        yield Issue(parameter_path("end"), "period-too-long")
    ground = lawful_grounds().by_code.get(stated.ground)
    if ground is None:
        yield Issue(parameter_path("ground"), "ground-unknown")
    elif sender.party.kind not in ground.senders:
        yield Issue(parameter_path("ground"), "ground-not-of-sender")
    elif not holds(ground, sender.party.kind, age_of(stated.person, now)):
        yield Issue(parameter_path("ground"), "ground-not-of-person")
    if not _has_way(sender, stated):
        yield Issue(parameter_path("recordType"), "no-flow")


def _has_way(sender: Sender, stated: StatedRelease) -> bool:
    """Whether the agreement has a flow to that unit for each of the record types."""
    reaching = [flow for flow in sender.agreement.flows if _reaches(flow, sender, stated)]
    return all(any(record in flow.records for flow in reaching) for record in stated.record_types)


def _reaches(flow: Flow, sender: Sender, stated: StatedRelease) -> bool:
    units = {*flow.units, *(delivery.unit for delivery in flow.deliver)}
    recipient = sender.agreement.party(flow.recipient)
    return flow.sender == sender.party.id and any(
        unit.id in units and unit.identifier == stated.recipient for unit in recipient.units
    )
