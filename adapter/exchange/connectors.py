"""Connectors as their parties see them: what carries, what waits; a recipient's system is tested, paused and let go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from adapter.domain.agreement import Agreement, Channel, System
from adapter.domain.errors import IllegalTransition
from adapter.domain.instants import Clock
from adapter.exchange.administration import Administration
from adapter.exchange.administrators import Administrator
from adapter.exchange.ports import DeliveryFailed, Tester
from adapter.exchange.reasons import stated_reason
from adapter.store import pauses
from adapter.store.breakers import Position, next_probes, standing
from adapter.store.contacts import last_delivered, last_taken
from adapter.store.database import Database, NoSuchRow
from adapter.store.keys import Keyring
from adapter.store.overview import Outflow, Waiting, inflows, outflows
from adapter.store.pauses import Pause, Paused

TEST_SECONDS: Final = 5.0
TEST_EVERY: Final = timedelta(seconds=10)
"""A system is tested no more often, by whomever."""
_NOTHING: Final = Outflow("", "", None)


@dataclass(frozen=True, slots=True)
class Inlet:
    """A channel: when it last brought a message, what of that waits for a worker, and whether records are taken."""

    agreement: str
    channel: Channel
    last_at: datetime | None
    waiting: Waiting
    pause: Pause | None


@dataclass(frozen=True, slots=True)
class Outlet:
    """A recipient's system: when it last took a delivery, what waits for it and is dead, as far as the reader may see these.

    ``position`` None: its breaker is closed; ``probe_at`` of an open one. ``is_own``: the reader may act on it.
    """

    agreement: str
    system: System
    last_at: datetime | None
    waiting: Waiting
    dead: int
    position: Position | None
    probe_at: datetime | None
    pause: Pause | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class Connectors:
    """The use case behind the console's screen. ``testers`` are by system id."""

    database: Database
    administration: Administration
    keyring: Keyring
    clock: Clock
    agreements: Sequence[Agreement]
    testers: Mapping[str, Tester]
    _tested_at: dict[str, datetime] = field(default_factory=dict)

    async def seen(self, by: Administrator) -> tuple[Sequence[Inlet], Sequence[Outlet]]:
        """The channels of the reader's parties, and the systems that are theirs or that they send to."""
        return await self.database.read(partial(self._seen, by=by, now=self.clock()))

    async def test(self, by: Administrator, system_id: str, reason: str) -> str:
        """Ask a system for an answer, once its row is written; the code of that answer, or of why none came.

        Raises as ``pause``; IllegalTransition where it was tested a moment ago.
        """
        system, reason = self._own(by, system_id)[1], stated_reason(reason)
        is_soon = self._was_tested(system.id)

        def begin(_: Connection) -> None:
            if is_soon:
                raise IllegalTransition("test")

        await self.administration.done(by.name, "connectors-test", begin, system=system.id, reason=reason)
        try:
            async with asyncio.timeout(TEST_SECONDS):
                return await self.testers[system.id].test()
        except DeliveryFailed as failure:
            return failure.code
        except TimeoutError:
            return "timeout"

    async def pause(self, by: Administrator, system_id: str, reason: str) -> None:
        """Deliver nothing to a system of the administrator's own.

        Raises InputError without a usable reason, NoSuchRow for another's, IllegalTransition if it is paused already.
        """
        agreement, system = self._own(by, system_id)
        new, reason = self._new(by, Paused.SYSTEM, agreement, system, reason)
        begin = partial(pauses.begin, new=new)
        await self.administration.done(by.name, "connectors-pause", begin, system=system.id, reason=reason)

    async def resume(self, by: Administrator, system_id: str, reason: str) -> None:
        """Let its deliveries go on. Raises as ``pause``; IllegalTransition if it is not paused."""
        system, reason = self._own(by, system_id)[1], stated_reason(reason)
        end = partial(pauses.resume_deliveries, system=system.id, now=self.clock())
        await self.administration.done(by.name, "connectors-resume", end, system=system.id, reason=reason)

    async def pause_channel(self, by: Administrator, channel_id: str, reason: str) -> None:
        """Take no records by a channel of the administrator's own. Raises as ``pause``."""
        agreement, channel = self._own_channel(by, channel_id)
        new, reason = self._new(by, Paused.CHANNEL, agreement, channel, reason)
        begin = partial(pauses.begin, new=new)
        await self.administration.done(by.name, "channels-pause", begin, system=channel.id, reason=reason)

    async def resume_channel(self, by: Administrator, channel_id: str, reason: str) -> None:
        """Take them again. Raises as ``resume``."""
        channel, reason = self._own_channel(by, channel_id)[1], stated_reason(reason)
        end = partial(pauses.end, kind=Paused.CHANNEL, of=channel.id)
        await self.administration.done(by.name, "channels-resume", end, system=channel.id, reason=reason)

    def reason(self, pause: Pause) -> str:
        """Why it was paused, in words. Raises ContentUnreadable."""
        return self.keyring.open_registry(pause.sealed, row=_row(pause.kind, pause.id)).decode()

    def _new(
        self, by: Administrator, kind: Paused, agreement: Agreement, paused: System | Channel, reason: str
    ) -> tuple[Pause, str]:
        """A pause from now on, and its reason as stated. Raises InputError."""
        reason = stated_reason(reason)
        sealed = self.keyring.seal_registry(reason.encode(), row=_row(kind, paused.id))
        return Pause(kind, paused.id, agreement.id, paused.party, self.clock(), by.name, sealed), reason

    def _own_channel(self, by: Administrator, channel_id: str) -> tuple[Agreement, Channel]:
        for agreement in self.agreements:
            for channel in agreement.channels:
                if channel.id == channel_id and _is_theirs(by, agreement, channel.party):
                    return agreement, channel
        raise NoSuchRow("channel")

    def _own(self, by: Administrator, system_id: str) -> tuple[Agreement, System]:
        for agreement, system in self._systems():
            if system.id == system_id and _is_theirs(by, agreement, system.party):
                return agreement, system
        raise NoSuchRow("system")

    def _systems(self) -> Iterator[tuple[Agreement, System]]:
        """Every system that something is delivered to."""
        for agreement in self.agreements:
            reached = {delivery.system for flow in agreement.flows for delivery in flow.deliver}
            yield from ((agreement, system) for system in agreement.systems if system.id in reached)

    def _was_tested(self, system: str) -> bool:
        now = self.clock()
        before = self._tested_at.get(system)
        if before is not None and before <= now < before + TEST_EVERY:
            return True
        self._tested_at[system] = now
        return False

    def _seen(
        self, connection: Connection, by: Administrator, now: datetime
    ) -> tuple[Sequence[Inlet], Sequence[Outlet]]:
        return list(self._inlets(connection, by, now)), list(self._outlets(connection, by, now))

    def _inlets(self, connection: Connection, by: Administrator, now: datetime) -> Iterator[Inlet]:
        flows = {(flow.agreement, flow.channel): flow.waiting for flow in inflows(connection, now, by.views)}
        paused = pauses.pauses(connection, Paused.CHANNEL)
        for agreement in self.agreements:
            for channel in agreement.channels:
                if _is_theirs(by, agreement, channel.party):
                    last_at = last_taken(connection, agreement.id, channel.party, channel.id, now)
                    waiting = flows.get((agreement.id, channel.id), Waiting())
                    yield Inlet(agreement.id, channel, last_at, waiting, paused.get(channel.id))

    def _outlets(self, connection: Connection, by: Administrator, now: datetime) -> Iterator[Outlet]:
        flows = {(flow.agreement, flow.system): flow for flow in outflows(connection, now, by.views)}
        positions, probes = standing(connection, now), next_probes(connection, now)
        paused = pauses.pauses(connection, Paused.SYSTEM)
        for agreement, system in self._systems():
            is_own = _is_theirs(by, agreement, system.party)
            if is_own or _sends_to(by, agreement, system):
                flow = flows.get((agreement.id, system.id), _NOTHING)
                yield Outlet(
                    agreement.id,
                    system,
                    last_delivered(connection, agreement.id, system.id, now, by.views),
                    flow.waiting,
                    flow.dead,
                    positions.get(system.id),
                    probes.get(system.id),
                    paused.get(system.id),
                    is_own,
                )


def _is_theirs(by: Administrator, agreement: Agreement, party: str) -> bool:
    return by.views is None or (agreement.id, party) in by.views


def _sends_to(by: Administrator, agreement: Agreement, system: System) -> bool:
    return any(
        _is_theirs(by, agreement, flow.sender)
        for flow in agreement.flows
        if any(delivery.system == system.id for delivery in flow.deliver)
    )


def _row(kind: Paused, of: str) -> str:
    """What binds a sealed reason to its pause."""
    return f"{kind}/{of}"
