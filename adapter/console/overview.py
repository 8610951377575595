"""The overview: what came in and went on the last day, by agreement and connector, and what waits or is dead now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from adapter.console.names import Names
from adapter.console.screen import Console, Visit, page
from adapter.console.sparkline import Sparkline
from adapter.domain.instants import STOCKHOLM
from adapter.store.alerts import unacknowledged
from adapter.store.breakers import standing
from adapter.store.latency import Latency, Recipient, latencies
from adapter.store.overview import HOUR, Inflow, Outflow, Waiting, inflows, outflows, start_of_hour
from adapter.store.pauses import Paused, pauses
from adapter.store.sight import Views

HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Line:
    """One connector of an agreement: a channel that brings (``is_inflow``), or a recipient. None: does not apply to it.

    ``name`` is the channel's or the system's id, None where the recipient fetches; ``held_up`` says how a system stands to which nothing
    is delivered now; ``latency`` is of what was delivered in all hours.
    """

    is_inflow: bool
    name: str | None
    party: str
    hourly: tuple[int, ...]
    withheld: int
    invalid: int | None
    dead: int | None
    waiting: Waiting
    held_up: str | None = None
    latency: Latency | None = None

    @property
    def passed(self) -> int:
        """What came in, or was delivered, in all hours."""
        return sum(self.hourly)

    @property
    def sparkline(self) -> Sparkline:
        """The hours as a drawing."""
        return Sparkline.of(self.hourly)


@dataclass(frozen=True, slots=True)
class Part:
    """One agreement with its lines, channels first."""

    agreement: str
    lines: tuple[Line, ...]


async def show(console: Console, visit: Visit) -> Response:
    """The page. The counts are of rows that the reader may see: others' change nothing in it."""
    views = visit.administrator.views
    hours = [start_of_hour(console.clock()) - number * HOUR for number in reversed(range(HOURS))]
    now = console.clock()
    come, gone, taken, alerts = await console.database.read(partial(_now, since=hours[0], views=views))
    held_up = await console.database.read(partial(_held_up, now=now))
    await console.audit.looked(visit.request, visit.administrator.name, "overview")
    lines = [
        *((flow.agreement, _in(flow, hours, console.names)) for flow in _with_silent(come, console, views)),
        *((flow.agreement, _out(flow, hours, console.names, held_up, taken)) for flow in gone),
    ]
    return page(
        console,
        visit,
        "overview.html",
        parts=list(_parts(lines)),
        totals=_totals([line for _, line in lines]) | {"alerts": alerts},
        hours=hours,
        certificates=[
            (one, one.days_left(now), one.is_due(now))
            for one in sorted(console.certificates, key=lambda one: one.expires_at)
            if views is None or (one.agreement, one.party) in views
        ],
        since=hours[0].astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M"),
    )


def _now(
    connection: Connection, since: datetime, views: Views | None
) -> tuple[Sequence[Inflow], Sequence[Outflow], Mapping[Recipient, Latency], int]:
    flows = inflows(connection, since, views), outflows(connection, since, views)
    return *flows, latencies(connection, since, views), unacknowledged(connection, views)


def _held_up(connection: Connection, now: datetime) -> Mapping[str, str]:
    """The systems to which nothing, or one delivery alone, goes at present, and why."""
    left_alone = {system: f"breaker.{position}" for system, position in standing(connection, now).items()}
    return left_alone | dict.fromkeys(pauses(connection, Paused.SYSTEM), "paused")


def _with_silent(found: Sequence[Inflow], console: Console, views: Views | None) -> Sequence[Inflow]:
    """The flows, and the reader's channels from which nothing came: silence is worth seeing."""
    heard = {(flow.agreement, flow.channel) for flow in found}
    silent = [
        Inflow(agreement.id, channel.id)
        for agreement in console.names.seen(views)
        for channel in agreement.channels
        if (views is None or (agreement.id, channel.party) in views)
        and (agreement.id, channel.id) not in heard
    ]
    return [*found, *silent]


def _in(flow: Inflow, hours: Sequence[datetime], names: Names) -> Line:
    return Line(
        is_inflow=True,
        name=flow.channel,
        party=names.sender(flow.agreement, flow.channel),
        hourly=tuple(flow.taken.get(hour, 0) for hour in hours),
        withheld=flow.withheld,
        invalid=flow.invalid,
        dead=None,
        waiting=flow.waiting,
    )


def _out(
    flow: Outflow,
    hours: Sequence[datetime],
    names: Names,
    held_up: Mapping[str, str],
    taken: Mapping[Recipient, Latency],
) -> Line:
    return Line(
        is_inflow=False,
        name=flow.system,
        party=names.party(flow.agreement, flow.party),
        hourly=tuple(flow.delivered.get(hour, 0) for hour in hours),
        withheld=flow.withheld,
        invalid=None,
        dead=flow.dead,
        waiting=flow.waiting,
        held_up=held_up.get(flow.system or ""),
        latency=taken.get((flow.agreement, flow.party, flow.system)),
    )


def _parts(lines: Iterable[tuple[str, Line]]) -> Iterator[Part]:
    grouped: dict[str, list[Line]] = {}
    for agreement, line in lines:
        grouped.setdefault(agreement, []).append(line)
    for agreement in sorted(grouped):
        yield Part(agreement, tuple(sorted(grouped[agreement], key=lambda line: not line.is_inflow)))


def _totals(lines: Sequence[Line]) -> dict[str, int]:
    return {
        "in": sum(line.passed for line in lines if line.is_inflow),
        "out": sum(line.passed for line in lines if not line.is_inflow),
        "withheld": sum(line.withheld for line in lines),
        "invalid": sum(line.invalid or 0 for line in lines),
        "dead": sum(line.dead or 0 for line in lines),
        "waiting": sum(line.waiting.count for line in lines),
    }
