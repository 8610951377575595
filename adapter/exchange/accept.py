"""Accept a message: durable before it is acknowledged, in force before it is answered, or refused with every fault named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from adapter.domain.agreement import Party, Unit
from adapter.domain.errors import InputError, Issue, Unreachable
from adapter.domain.identity import names_person
from adapter.domain.instants import Clock, stockholm_date
from adapter.domain.states import State
from adapter.exchange import audit_events, trail
from adapter.exchange.alerts import raise_alerts
from adapter.exchange.attempts import Attempts
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.change import Change
from adapter.exchange.filing import Filing
from adapter.exchange.inbox import Inbox
from adapter.exchange.own_form import field_of
from adapter.exchange.passage import onward
from adapter.exchange.paused_channel import require_open
from adapter.exchange.ports import Act, Arrival
from adapter.exchange.protection import Protection
from adapter.exchange.receipt import Outcome, Receipt
from adapter.exchange.repeats import Repeats
from adapter.exchange.sending_unit import sending_unit
from adapter.exchange.standing import Registry, Ruling, Standing, StandingMoved
from adapter.exchange.stopping import Stopped
from adapter.exchange.trail import Trail
from adapter.gate.request import SIP_PLAN
from adapter.store import messages
from adapter.store.audit import AuditRow
from adapter.store.database import Database
from adapter.store.keys import Keyring
from adapter.store.messages import NewMessage
from adapter.store.vault import Sealed, Vault

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class _Intake:
    """What one transaction commits: the message, its sealed raw content, what takes effect, and the audit rows."""

    message: NewMessage
    raw: Sealed | None
    outcome: Outcome
    audit: tuple[AuditRow, ...]
    inbox: Inbox
    standing: Standing
    change: Change | None = None
    protect: Callable[[Connection], None] | None = None


class Accept:
    """The use case behind every inbound channel.

    ``wake`` is called after a commit that left work for a worker; ``new_id`` makes message ids.
    """

    def __init__(
        self,
        *,
        database: Database,
        keyring: Keyring,
        vault: Vault,
        registry: Registry,
        filing: Filing,
        protection: Protection,
        attempts: Attempts,
        audit: Trail,
        clock: Clock,
        new_id: Callable[[], str],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._vault = vault
        self._registry = registry
        self._filing = filing
        self._protection = protection
        self._attempts = attempts
        self._trail = audit
        self._repeats = Repeats(audit)
        self._clock = clock
        self._new_id = new_id
        self._wake = wake

    async def __call__(
        self,
        inbox: Inbox,
        body: bytes,
        content_type: str,
        arrival: Arrival,
        *,
        correlation_id: str | None = None,
    ) -> Receipt:
        """Take one message that its wire's reader has read. ``correlation_id``: of the request that brought it, where its wire has one.

        What ends the basis of deliveries is in force at its commit, and this returns when the attempts that had left have ended. Raises
        NotTheSender, InputError (422, every fault), ControlIdConflict (HTTP channels only: HL7 counters restart), and Unreachable when
        nothing was stored, ChannelPaused among them.
        """
        unit = sending_unit(inbox, arrival)
        now = self._clock()
        message = replace(
            self._message(inbox, unit, body, content_type, arrival, now),
            correlation_id=None if correlation_id is None else self._shown(correlation_id, now),
        )
        for _ in range(_TRIES):
            standing = await self._database.read(partial(self._standing, inbox=inbox, arrival=arrival))
            try:
                intake = await self._intake(inbox, unit, arrival, body, message, standing)
                receipt = await self._database.write(partial(self._commit, intake=intake))
            except InputError:
                # What it says may have become unacceptable since; a repeat gets the earlier answer all the same.
                earlier = await self._database.write(
                    partial(self._repeats.earlier, inbox=inbox, message=message)
                )
                if earlier is None:
                    raise
                receipt = earlier
            except StandingMoved:
                continue
            if receipt.outcome is Outcome.ACCEPTED and receipt.state is State.ACCEPTED:
                self._wake()
            return await self._outlasted(receipt, standing, inbox.party)
        raise Unreachable("standing-keeps-moving")

    async def _outlasted(self, receipt: Receipt, standing: Standing, party: Party) -> Receipt:
        if receipt.stopped is None:
            return receipt
        return replace(receipt, stopped=await self._attempts.outlast(receipt.stopped, standing.keys, party))

    def _message(
        self, inbox: Inbox, unit: Unit, body: bytes, content_type: str, arrival: Arrival, now: datetime
    ) -> NewMessage:
        message_id = self._new_id()
        return NewMessage(
            id=message_id,
            received_at=now,
            agreement=inbox.agreement.id,
            channel=inbox.channel.id,
            source_party=inbox.party.id,
            source_unit=unit.id,
            event=arrival.event,
            record_types=tuple(sorted(arrival.record_types)),
            control_id=self._shown(arrival.control_id, now),
            source_application=self._shown(arrival.source_application, now),
            subject_key=self._keyring.person_key(arrival.person),
            size=len(body),
            body_digest=self._keyring.digest(body),
            content_type=content_type,
            idempotency_seed=message_id,
            codes=arrival.warnings,
        )

    def _shown(self, text: str, now: datetime) -> str:
        """An id that the sender chose, as log and console may show it: one that names a person is replaced by an id of ours, always the same."""
        if not names_person(text, today=stockholm_date(now)):
            return text
        return self._keyring.record_id("id of a sender", text)

    def _standing(self, connection: Connection, *, inbox: Inbox, arrival: Arrival) -> Standing:
        require_open(connection, inbox, arrival)
        return self._registry.standing(connection, arrival.person)

    async def _intake(
        self, inbox: Inbox, unit: Unit, arrival: Arrival, body: bytes, message: NewMessage, standing: Standing
    ) -> _Intake:
        if arrival.act is Act.RECORD:
            intake = self._record(inbox, unit, arrival, body, message, standing)
        else:
            intake = await self._in_force(inbox, unit, arrival, message, standing)
        # A flag bears on what waits as it stands once the message's own consents and merge are in force.
        after = standing if intake.change is None else intake.change.after
        protect = await self._protection.prepare(arrival.protection, after, inbox.party, message.received_at)
        return replace(intake, protect=protect)

    def _record(
        self, inbox: Inbox, unit: Unit, arrival: Arrival, body: bytes, message: NewMessage, standing: Standing
    ) -> _Intake:
        """The early gate: where no consent reaches a recipient, the content is neither stored nor mapped."""
        day = stockholm_date(message.received_at)
        passages = onward(inbox.agreement, inbox.party, unit, arrival.record_types, day)
        rulings = [standing.ask(p, p.flow.purposes, message.received_at) for p in passages]
        raise_alerts(rulings)
        reached = [ruling for ruling in rulings if ruling.is_permit]
        if not reached:
            message = replace(message, state=State.WITHHELD, reason=_reason(rulings))
            raw = None
        else:
            if arrival.is_active_plan:
                _require_plan_consent(
                    standing, reached, message.received_at, field_of(arrival, "active_plan")
                )
            raw = self._vault.seal(body, context=raw_context(message.id), at=message.received_at)
        refusals = () if reached else tuple(_refusal(message, ruling) for ruling in rulings)
        return _Intake(
            message,
            raw,
            Outcome.ACCEPTED,
            (*self._filed(inbox, arrival, message, None), *refusals),
            inbox,
            standing,
        )

    async def _in_force(
        self, inbox: Inbox, unit: Unit, arrival: Arrival, message: NewMessage, standing: Standing
    ) -> _Intake:
        """Consents, closed enrolments and merges take effect in the accept transaction; the row stays translated."""
        change = await self._filing.prepare(
            inbox, unit, arrival, standing, message.received_at, message_id=message.id
        )
        message = replace(message, state=State.TRANSLATED, codes=message.codes + change.codes)
        return _Intake(
            message,
            None,
            Outcome.IN_FORCE,
            (*self._filed(inbox, arrival, message, change.reference),),
            inbox,
            standing,
            change,
        )

    def _commit(self, connection: Connection, intake: _Intake) -> Receipt:
        message = self._repeats.placed(connection, intake.inbox, intake.message)
        if isinstance(message, Receipt):
            return message
        stopped = _effect(connection, intake)
        if stopped is not None:
            message = replace(message, cancelled=stopped.cancelled, in_flight=stopped.in_flight)
        messages.accept(connection, message, intake.raw)
        self._trail.append(connection, intake.audit)
        return Receipt(message.id, intake.outcome, message.state, stopped)

    def _filed(
        self, inbox: Inbox, arrival: Arrival, message: NewMessage, reference: str | None
    ) -> Iterator[AuditRow]:
        """One row for each number that the message is about: a merge is about two."""
        superseded = [self._keyring.person_key(arrival.superseded)] if arrival.superseded else []
        for key in dict.fromkeys([message.subject_key, *superseded]):
            act = audit_events.Act(message.received_at, key, message.id)
            party = inbox.party.identifiers[0]
            event = audit_events.filing(act, party, arrival.event, reference, audit_events.SUCCESS)
            yield trail.row(AuditKind.FILED, key, message.received_at, event)


def raw_context(message_id: str) -> str:
    """What binds a sealed raw body to its message."""
    return f"{message_id}|raw"


def _require_plan_consent(standing: Standing, reached: Iterable[Ruling], at: datetime, field: str) -> None:
    """An active plan needs its own consent for a pair that the waiver reaches (gate.md, "The form of a Consent here")."""
    if not any(
        standing.ask(ruling.passage, ruling.request.purposes, at, category=SIP_PLAN).is_permit
        for ruling in reached
    ):
        raise InputError([Issue(field, "sip-consent-missing")])


def _reason(rulings: Iterable[Ruling]) -> str:
    return next((ruling.decision.reason.value for ruling in rulings), "no-recipient")


def _refusal(message: NewMessage, ruling: Ruling) -> AuditRow:
    return trail.authorization(audit_events.Act(message.received_at, message.subject_key, message.id), ruling)


def _effect(connection: Connection, intake: _Intake) -> Stopped | None:
    """What of a message takes effect at once; of most records nothing does."""
    change, protect = intake.change, intake.protect
    if (change or protect) and intake.standing.has_moved(connection):
        raise StandingMoved("standing-moved")
    stopped = change.apply(connection) if change else None
    if protect:
        protect(connection)
    return stopped if change and change.narrows else None
