"""Deliver: decide again, make the release or notice, mark it with its audit row, send it with its idempotency key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from adapter.domain.agreement import Agreement
from adapter.domain.errors import ContentUnreadable, MappingError, Unreachable
from adapter.domain.instants import Clock, stockholm_date
from adapter.domain.log_codes import LogCode
from adapter.domain.perseverance import Tolerance
from adapter.domain.states import State
from adapter.exchange import audit_events, trail
from adapter.exchange.alerts import raise_alerts
from adapter.exchange.notices import Notices
from adapter.exchange.passage import Passage, of_delivery
from adapter.exchange.ports import DeliveryFailed, Sender
from adapter.exchange.release import release
from adapter.exchange.retry import next_attempt
from adapter.exchange.standing import Registry, Standing, StandingMoved
from adapter.exchange.trail import Trail
from adapter.exchange.translation import Translation
from adapter.gate.basis import basis_of
from adapter.gate.enforce import ReleasedBundle, ReleaseRefused
from adapter.gate.origin import Origin
from adapter.gate.rules import ReleaseRules
from adapter.store import basis, breakers, outbound
from adapter.store.audit import AuditRow
from adapter.store.database import Database, StaleClaim
from adapter.store.outbound import ClaimedDelivery
from adapter.store.vault import Vault

_TRIES: Final = 5
_MOST_FAULTS: Final = 20
_log = structlog.get_logger()


class Deliver:
    """The use case that a worker runs for each claimed delivery. ``senders`` are by system id, ``agreements`` by URI.

    ``tolerances`` are by system id too. ``deadline`` bounds one attempt and must be shorter than the lane's lease; ``jitter`` returns a
    number in [0, 1).
    """

    def __init__(
        self,
        *,
        database: Database,
        vault: Vault,
        registry: Registry,
        agreements: Mapping[str, Agreement],
        senders: Mapping[str, Sender],
        notices: Notices,
        rules: ReleaseRules,
        tolerances: Mapping[str, Tolerance],
        deadline: timedelta,
        audit: Trail,
        clock: Clock,
        jitter: Callable[[], float],
    ) -> None:
        self._database = database
        self._vault = vault
        self._registry = registry
        self._agreements = agreements
        self._senders = senders
        self._notices = notices
        self._rules = rules
        self._tolerances = tolerances
        self._deadline = deadline
        self._trail = audit
        self._clock = clock
        self._jitter = jitter

    async def __call__(self, held: ClaimedDelivery) -> None:
        """Make one attempt and write down how it ended. Raises StaleClaim if the lane was taken over, Unreachable."""
        agreement, sender = self._agreements.get(held.agreement), self._senders.get(held.recipient_system)
        passage = None if agreement is None else of_delivery(agreement, held, held.recipient_system)
        if sender is None or passage is None:
            await self._withhold(held, "agreement-gone")
        elif held.ended_consent is not None:
            await self._notify(held, held.ended_consent, passage, sender)
        elif not passage.agreement.is_valid_on(stockholm_date(self._clock())):
            await self._withhold(held, "agreement-gone")
        else:
            await self._carry(held, passage, sender)

    async def _notify(self, held: ClaimedDelivery, consent_id: str, passage: Passage, sender: Sender) -> None:
        recipient = passage.recipient_unit.identifier
        notice = await self._notices.begin(held, consent_id, recipient, self._clock())
        if notice is not None:
            await self._attempt(held, partial(sender.notify, notice, held.idempotency_key))

    async def _carry(self, held: ClaimedDelivery, passage: Passage, sender: Sender) -> None:
        try:
            translation = Translation.open(self._vault, held.message_id, held.translated)
        except ContentUnreadable as fault:
            await self._kill(held, str(fault))
            return
        released = await self._release(held, passage, translation)
        if released is not None:
            arrived = partial(self._delivered, passage=passage, released=released)
            await self._attempt(held, partial(sender.send, released, held.idempotency_key), arrived)

    async def _release(
        self, held: ClaimedDelivery, passage: Passage, translation: Translation
    ) -> ReleasedBundle | None:
        """The release for this attempt, its epochs compared where it is marked; None: it was withheld instead."""
        for _ in range(_TRIES):
            standing = await self._database.read(partial(self._registry.standing, person=translation.person))
            now = self._clock()
            try:
                return await self._mark(held, passage, translation, standing, now)
            except StandingMoved:
                continue
        raise Unreachable("standing-keeps-moving")

    async def _mark(
        self,
        held: ClaimedDelivery,
        passage: Passage,
        translation: Translation,
        standing: Standing,
        now: datetime,
    ) -> ReleasedBundle | None:
        ruling = standing.ask(passage, passage.flow.purposes, now)
        act = audit_events.Act(now, held.person_key, held.message_id)
        try:
            origin = _origin(held, passage, translation)
            released = release(self._rules, ruling, standing, translation.resources, origin)
        except ReleaseRefused as refused:
            audit = [trail.authorization(act, ruling, refused=refused.code)]
            conclude = partial(outbound.withhold_delivery, held=held, code=refused.code, now=now)
            await self._database.write(partial(self._marked, standing=standing, mark=conclude, audit=audit))
            raise_alerts([ruling], [(ruling, refused.code)] if ruling.is_permit else ())
            return None
        handed_over = trail.disclosed(act, passage, released.resources, held.recipient_system)
        audit = [trail.authorization(act, ruling), handed_over]
        rests_on = basis_of(released, translation.resources, standing.protection)
        mark = partial(_begin, held=held, rests_on=rests_on, now=now)
        await self._database.write(partial(self._marked, standing=standing, mark=mark, audit=audit))
        raise_alerts([ruling], [(ruling, code) for code in released.alerts])
        return released

    def _marked(
        self,
        connection: Connection,
        *,
        standing: Standing,
        mark: Callable[[Connection], object],
        audit: Sequence[AuditRow],
    ) -> None:
        """One transaction: the epochs compared, the delivery marked, the audit written."""
        if standing.has_moved(connection):
            raise StandingMoved("standing-moved")
        mark(connection)
        self._trail.append(connection, audit)

    async def _attempt(
        self,
        held: ClaimedDelivery,
        send: Callable[[], Awaitable[None]],
        conclude: Callable[..., State] = outbound.finish_delivery,
    ) -> None:
        """One attempt; ``conclude`` writes down that the recipient has it."""
        try:
            async with asyncio.timeout(self._deadline.total_seconds()):
                await send()
        except DeliveryFailed as failure:
            await self._failed(held, failure)
        except MappingError as error:
            faults = tuple(f"{issue.path}: {issue.code}" for issue in error.issues[:_MOST_FAULTS])
            await self._failed(held, DeliveryFailed("back-mapping-failed", transient=False), faults)
        except TimeoutError:
            await self._failed(held, DeliveryFailed("timeout", transient=True))
        else:
            await self._taken(held, conclude)
            _log.info(LogCode.DELIVERY_ENDED, delivery=held.id, state="delivered")

    def _delivered(
        self,
        connection: Connection,
        held: ClaimedDelivery,
        now: datetime,
        *,
        passage: Passage,
        released: ReleasedBundle,
    ) -> State:
        """The other half of the disclosure, in the transaction that knows that the recipient has it."""
        state = outbound.finish_delivery(connection, held, now)
        act = audit_events.Act(now, held.person_key, held.message_id)
        records = released.resources
        self._trail.append(connection, [trail.received(act, passage, records, held.recipient_system)])
        return state

    async def _taken(self, held: ClaimedDelivery, conclude: Callable[..., State]) -> None:
        has_closed = False

        def end(connection: Connection, held: ClaimedDelivery, now: datetime) -> State:
            nonlocal has_closed
            has_closed = breakers.answered(connection, held.recipient_system)
            return conclude(connection, held, now=now)

        if await self._end(held, end) is not None and has_closed:
            _log.info(LogCode.BREAKER_CLOSED, system=held.recipient_system)

    async def _count(self, system: str, code: str) -> None:
        """A failure in passing more: the breaker may open."""
        tolerance = self._tolerances.get(system, Tolerance())
        count = partial(breakers.failed, system=system, now=self._clock(), tolerance=tolerance)
        if await self._database.write(count):
            _log.warning(LogCode.BREAKER_OPENED, system=system, code=code)

    async def _failed(
        self, held: ClaimedDelivery, failure: DeliveryFailed, faults: tuple[str, ...] = ()
    ) -> None:
        retry_at = None
        if failure.transient:
            retry_at = next_attempt(
                self._agreements[held.agreement].retry,
                self._clock(),
                attempts=held.attempts + 1,
                received_at=held.received_at,
                retry_after=failure.retry_after,
                jitter=self._jitter,
            )
        if retry_at is None:
            await self._kill(held, failure.code, faults)
        else:
            await self._end(held, partial(outbound.fail_delivery, retry_at=retry_at, code=failure.code))
        if failure.transient:
            await self._count(held.recipient_system, failure.code)
        _log.warning(LogCode.DELIVERY_FAILED, delivery=held.id, code=failure.code)

    async def _kill(self, held: ClaimedDelivery, code: str, faults: tuple[str, ...] = ()) -> None:
        if await self._end(held, partial(outbound.kill_delivery, code=code, faults=faults)) is State.DEAD:
            _log.warning(LogCode.ALERT, code="dead-letter", agreement=held.agreement)

    async def _withhold(self, held: ClaimedDelivery, code: str) -> None:
        if await self._end(held, partial(outbound.withhold_delivery, code=code)) is State.WITHHELD:
            _log.warning(LogCode.ALERT, code=code, agreement=held.agreement)

    async def _end(self, held: ClaimedDelivery, conclude: Callable[..., State]) -> State | None:
        """The state in which the attempt left the delivery; None if its lane had been taken over."""
        now = self._clock()
        try:
            return await self._database.write(lambda connection: conclude(connection, held, now=now))
        except StaleClaim:
            _log.warning(LogCode.DELIVERY_FAILED, delivery=held.id, code="claim-lost")
            return None


def _origin(held: ClaimedDelivery, passage: Passage, translation: Translation) -> Origin | None:
    """What the delivery's Provenance says; None where the flow wants none."""
    if not passage.flow.provenance:
        return None
    sender = passage.sender.identifiers[0]
    return Origin(sender, translation.made_by, held.message_id, held.received_at)


def _begin(connection: Connection, held: ClaimedDelivery, rests_on: frozenset[str], now: datetime) -> None:
    outbound.mark_sending(connection, held, now)
    basis.rest_on(connection, held.id, rests_on)
