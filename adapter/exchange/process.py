"""Process an accepted message: read, map, check, decide for each recipient, and queue what may go on, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from adapter.domain.errors import ContentUnreadable, InputError, Issue, MappingError, Unreachable
from adapter.domain.instants import Clock, stockholm_date
from adapter.domain.log_codes import LogCode
from adapter.domain.records import Mode
from adapter.domain.states import State
from adapter.exchange import audit_events, trail
from adapter.exchange.accept import raw_context
from adapter.exchange.alerts import raise_alerts
from adapter.exchange.holding import KeptBack, code_of, not_to_be_held
from adapter.exchange.inbox import Inbox
from adapter.exchange.passage import onward
from adapter.exchange.ports import Arrival, Reader, Validator
from adapter.exchange.stages import Stages
from adapter.exchange.standing import Registry, Ruling, Standing, StandingMoved
from adapter.exchange.trail import Trail
from adapter.exchange.translate import Translate
from adapter.exchange.translation import Translation
from adapter.fhir.check import ResourceChecker
from adapter.gate.decision import Decision, Obligation
from adapter.gate.rules import ReleaseRules
from adapter.store import drift
from adapter.store.audit import AuditRow
from adapter.store.database import Database, StaleClaim
from adapter.store.deliveries import NewDelivery
from adapter.store.events import Stage
from adapter.store.inbound import CUT_OFF, ClaimedMessage, Processed, finish_inbound
from adapter.store.keys import Keyring
from adapter.store.vault import Vault

MOST_CUT_OFF: Final = 3
"""Whose processing was cut off so many times in a row is not tried again: it may be what its process died of."""
_TRIES: Final = 5
_log = structlog.get_logger()


class Invalid(Exception):
    """The message cannot be translated; ``codes`` say where and why, without a value, ``read`` how it was read until then."""

    def __init__(self, codes: tuple[str, ...], read: Processed | None = None) -> None:
        self.codes = codes
        self.read = read or Processed()
        super().__init__(*codes)


class Process:
    """The use case that a worker runs for each claimed message. ``inboxes``, ``readers`` and ``validators`` are by channel id."""

    def __init__(
        self,
        *,
        database: Database,
        keyring: Keyring,
        vault: Vault,
        registry: Registry,
        translate: Translate,
        checker: ResourceChecker,
        inboxes: Mapping[str, Inbox],
        readers: Mapping[str, Reader],
        validators: Mapping[str, Validator],
        rules: ReleaseRules,
        audit: Trail,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._vault = vault
        self._registry = registry
        self._translate = translate
        self._checker = checker
        self._inboxes = inboxes
        self._readers = readers
        self._validators = validators
        self._rules = rules
        self._trail = audit
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, held: ClaimedMessage) -> None:
        """Bring one claimed message to its next state. Raises StaleClaim if its lane was taken over, Unreachable."""
        stages = Stages(held.id, self._clock)
        try:
            if held.claim.cut_off >= MOST_CUT_OFF:
                raise Invalid((CUT_OFF,))
            await self._attempt(held, stages)
        except Invalid as fault:
            await self._invalid(held, fault, stages)
        except (StaleClaim, Unreachable):
            raise
        except Exception as fault:
            # A message that breaks us must not hold its lane, nor be tried for ever.
            _log.error(LogCode.WORKER_FAULT, message=held.id, fault=type(fault).__name__)
            await self._invalid(held, Invalid(("processing-fault",)), stages)

    async def _attempt(self, held: ClaimedMessage, stages: Stages) -> None:
        arrival, inbox = await asyncio.to_thread(self._read, held)
        stages.end(Stage.PARSED)
        for _ in range(_TRIES):
            standing = await self._database.read(partial(self._registry.standing, person=arrival.person))
            try:
                await self._decide(held, inbox, arrival, standing, stages)
                return
            except StandingMoved:
                continue
        raise Unreachable("standing-keeps-moving")

    async def _decide(
        self, held: ClaimedMessage, inbox: Inbox, arrival: Arrival, standing: Standing, stages: Stages
    ) -> None:
        now = self._clock()
        unit = inbox.agreement.unit(held.source_party, held.source_unit or inbox.channel.unit)
        passages = onward(inbox.agreement, inbox.party, unit, arrival.record_types, stockholm_date(now))
        rulings = [standing.ask(passage, passage.flow.purposes, now) for passage in passages]
        permits = [ruling for ruling in rulings if ruling.is_permit]
        stages.end(Stage.DECIDED)
        act = audit_events.Act(now, held.subject_key, held.id)
        raise_alerts(rulings)
        refused: KeptBack = ()
        if not permits:
            reason = rulings[0].decision.reason.value if rulings else "no-recipient"
            done = Processed(state=State.WITHHELD, reason=reason)
        else:
            done, refused = await asyncio.to_thread(
                self._translated, held, inbox, arrival, standing, permits, stages
            )
        raise_alerts((), refused)
        audit = tuple(
            trail.authorization(act, ruling, refused=code_of(ruling, refused)) for ruling in rulings
        )
        await self._end(held, done, stages, audit, standing)

    async def _invalid(self, held: ClaimedMessage, fault: Invalid, stages: Stages) -> None:
        done = replace(fault.read, codes=fault.codes, state=State.INVALID, keep_raw=True)
        await self._end(held, done, stages, ())
        _log.warning(LogCode.ALERT, code="invalid-message", agreement=held.agreement)

    def _read(self, held: ClaimedMessage) -> tuple[Arrival, Inbox]:
        inbox, reader = self._inboxes.get(held.channel), self._readers.get(held.channel)
        if inbox is None or reader is None:
            raise Invalid(("channel-gone",))
        if held.raw is None:
            raise Invalid(("content-gone",))
        try:
            body = self._vault.open(held.raw, context=raw_context(held.id))
            arrival = reader.read(body, held.content_type)
        except ContentUnreadable:
            raise Invalid(("content-unreadable",)) from None
        except InputError as error:
            raise Invalid(_codes(error.issues)) from None
        validator = self._validators.get(held.channel)
        if validator is not None and (issues := validator.validate(body)):
            raise Invalid(_codes(issues))
        return arrival, inbox

    def _translated(
        self,
        held: ClaimedMessage,
        inbox: Inbox,
        arrival: Arrival,
        standing: Standing,
        permits: Sequence[Ruling],
        stages: Stages,
    ) -> tuple[Processed, KeptBack]:
        unit = inbox.agreement.unit(held.source_party, held.source_unit or inbox.channel.unit)
        read = Processed(mapping=self._translate.mapping(inbox.channel.mapping, arrival))
        try:
            mapped = self._translate.to_fhir(
                inbox.channel.mapping,
                inbox.agreement,
                inbox.party,
                unit,
                arrival,
                held.received_at,
                protected=bool(standing.protection),
            )
        except MappingError as error:
            raise Invalid(_codes(error.issues), read) from None
        stages.end(Stage.TRANSLATED)
        read = replace(read, unmapped=mapped.unmapped, trace=mapped.fields)
        if issues := self._checker.check(mapped.body):
            raise Invalid(_codes(issues), read)
        stages.end(Stage.VALIDATED)
        resources = tuple(entry["resource"] for entry in mapped.body["entry"])
        refused = not_to_be_held(self._rules, permits, standing, resources)
        going = [ruling for ruling in permits if code_of(ruling, refused) is None]
        if not going:
            # As where no consent reaches anybody: the timeline does not tell of a flag.
            stages.forget_after(Stage.DECIDED)
            return Processed(state=State.WITHHELD, reason=refused[0][1]), refused
        translation = Translation(arrival.person, resources, mapped.made_by)
        done = replace(
            read,
            codes=_codes(mapped.issues),
            translated=translation.seal(self._vault, held.id, self._clock()),
            deliveries=tuple(self._delivery(held, inbox, arrival, ruling) for ruling in going),
        )
        return done, refused

    def _delivery(
        self,
        held: ClaimedMessage,
        inbox: Inbox,
        arrival: Arrival,
        ruling: Ruling,
    ) -> NewDelivery:
        passage = ruling.passage
        flow, system = passage.flow, passage.delivery.system if passage.delivery else None
        is_hold = passage.mode is Mode.HOLD
        key, record_types = self._keyring.record_id, tuple(sorted(passage.record_types))
        return NewDelivery(
            id=self._new_id(),
            agreement=inbox.agreement.id,
            sender_party=passage.sender.id,
            sender_unit=passage.sender_unit.id,
            recipient_party=passage.recipient.id,
            recipient_unit=passage.recipient_unit.id,
            recipient_system=system,
            mode=passage.mode,
            record_types=record_types,
            person_key=held.subject_key,
            idempotency_key=key(
                held.idempotency_seed, passage.mode, system or "", passage.recipient_unit.id, *record_types
            ),
            record_key=key("record", inbox.party.identifiers[0].value, *record_types, arrival.record_key)
            if arrival.record_key
            else None,
            holds_lane=flow.dead_letter == "hold",
            confirmable=is_hold and flow.wipe == "confirmed",
            hold_expires_at=_hold_end(held, ruling) if is_hold else None,
            decision=_as_codes(ruling.decision),
        )

    async def _end(
        self,
        held: ClaimedMessage,
        done: Processed,
        stages: Stages,
        audit: tuple[AuditRow, ...],
        standing: Standing | None = None,
    ) -> None:
        now = self._clock()

        def finish(connection: Connection) -> tuple[str, ...]:
            if standing is not None and standing.has_moved(connection):
                raise StandingMoved("standing-moved")
            finish_inbound(connection, held, replace(done, events=stages.ended), now)
            self._trail.append(connection, audit)
            return drift.note(connection, held.channel, done.unmapped, now)

        for path in await self._database.write(finish):
            _log.warning(LogCode.ALERT, code="unmapped-field-new", channel=held.channel, field=path)
        state = State.QUEUED if done.deliveries else done.state
        _log.info(LogCode.MESSAGE_PROCESSED, message=held.id, channel=held.channel, state=state)


def _hold_end(held: ClaimedMessage, ruling: Ruling) -> datetime:
    """When a hold ends: what is held on the ground of a release without consent no later than that."""
    by_agreement = held.received_at + timedelta(hours=ruling.passage.flow.hold_hours)
    return min([by_agreement, *(release.ends_at for release in ruling.releases)])


def _as_codes(decision: Decision) -> dict[str, Any]:
    """A decision as the log keeps it: codes, ids, versions."""
    return {
        "verdict": decision.verdict.value,
        "reason": decision.reason.value,
        "consents": [{"id": consent_id, "version": version} for consent_id, version in decision.consents],
        "obligations": [_as_code(obligation) for obligation in decision.obligations],
        "policy": decision.policy,
    }


def _as_code(obligation: Obligation) -> dict[str, Any]:
    """What it is about; what it names only where that is codes: a period and single records are the consent's own."""
    told = {"kind": obligation.kind, "effect": obligation.effect}
    return told if obligation.kind in ("dataPeriod", "data") else told | {"values": list(obligation.values)}


def _codes(issues: Sequence[Issue]) -> tuple[str, ...]:
    """Issues as the log keeps them."""
    return tuple(dict.fromkeys(f"{issue.path}: {issue.code}" for issue in issues))
