"""Lanes: strict order for one person towards one end, through failures and take-over.

A lane is a counter (``tail``: last position given; ``head``: the position whose turn it is), a time when the head is due, and a
lease. Its ``token`` grows with each claim and each outside change: work done under an older token is refused (fencing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    type_coerce,
    union_all,
    update,
)

from adapter.domain.states import State
from adapter.store.columns import Instant
from adapter.store.database import StaleClaim
from adapter.store.database_clock import DatabaseClock
from adapter.store.persons import alone_with
from adapter.store.prepared import Prepared
from adapter.store.tables import delivery, lane
from adapter.store.upsert import Upsert

Kind = Literal["inbound", "outbound"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A lane that a worker holds until its lease ends; ``token`` proves it.

    ``cut_off``: so many in a row who held it before, with the same head, came to no end of their own: they died, or hung.
    """

    lane: str
    token: int
    cut_off: int


LONGEST_LEASE: Final = timedelta(minutes=10)
_CLOCK: Final = type_coerce(DatabaseClock(), Instant)
# Whoever comes to an end takes its name away, whatever the end is.
_CUT_OFF: Final = lane.c.cut_off + case((lane.c.owner.is_not(None), 1), else_=0)
_TAKE = Upsert(
    lane,
    ["key"],
    lambda new: {
        "tail": lane.c.tail + 1,
        # Only an empty lane becomes due by an arrival; elsewhere the head decides.
        "due_at": case((lane.c.head > lane.c.tail, new.due_at), else_=lane.c.due_at),
    },
    returning="tail",
)


_HEAD: Final = func.coalesce(bindparam("to", type_=BigInteger), lane.c.tail + 1)
_TOKEN = Prepared(select(lane.c.token).where(lane.c.key == bindparam("of")).with_for_update(), ["of"])
_MOVE = Prepared(
    update(lane)
    .where(lane.c.key == bindparam("of"))
    .values(
        head=_HEAD,
        cut_off=case((lane.c.head == _HEAD, lane.c.cut_off), else_=0),
        due_at=bindparam("due", type_=Instant),
        owner=None,
        leased_until=None,
        token=lane.c.token + 1,
    ),
    ["of", "to", "due"],
)


def lane_key(kind: Kind, end: str, person_key: str) -> str:
    """The lane of one person at one end: a channel (inbound) or a recipient's system (outbound)."""
    return f"{kind}|{end}|{person_key}"


def person_of(key: str) -> str:
    """The person key of a lane's key."""
    return key.rpartition("|")[2]


def take_position(
    connection: Connection, kind: Kind, key: str, due_at: datetime, system: str | None = None
) -> int:
    """The next position of a lane, made if it is new. The row's lock makes the order of positions that of commits.

    ``system`` is the recipient's, of an outbound lane.
    """
    row = {"key": key, "kind": kind, "system": system, "tail": 1, "head": 1, "due_at": due_at}
    row |= {"token": 0, "cut_off": 0}
    position: int = _TAKE.run(connection, row)
    return position


def claim(
    connection: Connection,
    kind: Kind,
    system: str | None,
    owner: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    idle: bool | None = None,
) -> Sequence[Claim]:
    """Lease up to ``limit`` lanes (outbound: of one system) that are due ``now``, those due longest first.

    A lease lasts by the database's clock; one that ends later than any could says that the clock was set back, and counts no more.
    ``idle``, if it matters, says whether the claimer has nothing else in work: only then is a lane taken whose work was cut off, and
    alone, the least often cut off first; as long as there is one, no other is.
    """
    due = (
        select(lane.c.key, lane.c.due_at, _CUT_OFF.label("cut_off"))
        .where(lane.c.kind == kind, lane.c.system == system, lane.c.due_at <= now)
        .where(
            or_(
                lane.c.leased_until.is_(None),
                lane.c.leased_until <= _CLOCK,
                lane.c.leased_until > _until(LONGEST_LEASE),
            )
        )
        .order_by(lane.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = (
        update(lane)
        .where(lane.c.key.in_(_chosen(due, idle)))
        .values(owner=owner, leased_until=_until(lease), token=lane.c.token + 1, cut_off=_CUT_OFF)
        .returning(lane.c.key, lane.c.token, lane.c.cut_off)
    )
    return [Claim(*row) for row in connection.execute(taken)]


def _chosen(due: CTE, idle: bool | None) -> Select[str] | CompoundSelect[str]:
    if idle is None:
        return select(due.c.key)
    met = due.alias("met")
    cut_off = select(met.c.key).where(met.c.cut_off > 0).order_by(met.c.cut_off, met.c.due_at).limit(1)
    undisturbed = select(due.c.key).where(~exists(cut_off))
    # One list of keys: of two the planner would look every lane up in each.
    return union_all(select(cut_off.subquery()), undisturbed) if idle else undisturbed


def extend(connection: Connection, held: Claim, lease: timedelta) -> None:
    """Let the lease last so long from now; raises StaleClaim if the lane was taken over or has gone on."""
    mine = update(lane).where(lane.c.key == held.lane, lane.c.token == held.token, lane.c.owner.is_not(None))
    if connection.execute(mine.values(leased_until=_until(lease))).rowcount == 0:
        raise StaleClaim(held.lane.partition("|")[0])


def fence(connection: Connection, held: Claim) -> None:
    """Be alone with the lane and its person; raises StaleClaim unless it is still held under the claim's token."""
    alone_with(connection, [person_of(held.lane)])
    if _TOKEN.run(connection, {"of": held.lane}) != (held.token,):
        raise StaleClaim(held.lane.partition("|")[0])


def release(connection: Connection, held: Claim, due_at: datetime) -> None:
    """Give a lane back with the same head, due again at ``due_at``; raises StaleClaim."""
    fence(connection, held)
    connection.execute(
        update(lane)
        .where(lane.c.key == held.lane)
        .values(due_at=due_at, owner=None, leased_until=None, cut_off=0)
    )


def move(connection: Connection, key: str, head: int | None, due_at: datetime | None) -> None:
    """Set whose turn it is (None: nobody's) and when, and end any lease. ``due_at`` None: it waits for a person to act."""
    _MOVE.run(connection, {"of": key, "to": head, "due": None if head is None else due_at})


def free_all(connection: Connection) -> int:
    """End every lease: the process that held them is dead, and what it did was cut off. Returns how many there were."""
    freed = connection.execute(
        update(lane)
        .where(lane.c.owner.is_not(None))
        .values(owner=None, leased_until=None, token=lane.c.token + 1, cut_off=_CUT_OFF)
    )
    return freed.rowcount


def _until(lease: timedelta) -> ColumnElement[datetime]:
    return type_coerce(DatabaseClock() + lease // timedelta(microseconds=1), Instant)


def systems_waiting(connection: Connection) -> set[str]:
    """The systems of every outbound lane with work, due or not."""
    due = select(lane.c.system).where(lane.c.kind == "outbound", lane.c.due_at.is_not(None)).distinct()
    return set(connection.scalars(due))


def hasten(connection: Connection, system: str, now: datetime) -> None:
    """Make due now what would be tried later towards a system."""
    ahead = update(lane).where(lane.c.kind == "outbound", lane.c.system == system, lane.c.due_at > now)
    connection.execute(ahead.values(due_at=now))
    waits = update(delivery).where(delivery.c.state.in_((State.QUEUED, State.RETRYING)))
    connection.execute(
        waits.where(delivery.c.recipient_system == system, delivery.c.next_attempt_at > now).values(
            next_attempt_at=now
        )
    )


def mend(connection: Connection, now: datetime, horizon: timedelta) -> int:
    """Make due what is due later than any pause lasts: the clock was set back. Returns how many lanes that were."""
    ahead = update(lane).where(lane.c.due_at > now + horizon)
    mended = connection.execute(ahead.values(due_at=now)).rowcount
    if mended:
        waits = update(delivery).where(delivery.c.state.in_((State.QUEUED, State.RETRYING)))
        connection.execute(
            waits.where(delivery.c.next_attempt_at > now + horizon).values(next_attempt_at=now)
        )
    return mended


def waiting(connection: Connection, kind: Kind, now: datetime) -> tuple[int, datetime | None]:
    """How many lanes are due, and since when the oldest is: what operations watch."""
    row = connection.execute(
        select(func.count(), func.min(lane.c.due_at)).where(lane.c.kind == kind, lane.c.due_at <= now)
    ).one()
    return row[0], row[1]
