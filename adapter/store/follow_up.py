"""The follow-up list: liftings of blocks, releases without consent and attempts at emergency access, until somebody has seen to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, delete, insert, select, tuple_, update

from adapter.store.database import NoSuchRow
from adapter.store.sight import Views
from adapter.store.tables import follow_up


class FollowUpKind(StrEnum):
    """Why something is on the list."""

    LIFTING = "lifting"
    """A party lifted its block for a time."""
    LAWFUL_GROUND = "lawful-ground"
    """A sender's official filed a release without consent."""
    EMERGENCY_ACCESS = "emergency-access"
    """A requester stated BTG or ETREAT, and was refused."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One entry. ``kind`` is a FollowUpKind; ``party`` sees to it (with ``agreement``; None: the operator does).

    ``reference`` is the Consent's version, the release's id, or the id of the request. ``recipients`` are HSA-ids of units, ``codes`` the
    ground, record types or purposes. ``sealed`` (Keyring.seal_registry, row = ``FollowUp/id``) holds who and why.
    """

    id: str
    at: datetime
    kind: str
    agreement: str | None
    party: str | None
    person_key: str | None
    reference: str
    recipients: tuple[str, ...]
    codes: tuple[str, ...]
    ends_at: datetime | None
    sealed: bytes
    done_at: datetime | None = None
    done_by: str | None = None


_COLUMNS = [follow_up.c[name] for name in FollowUp.__slots__]


def add(connection: Connection, entry: FollowUp) -> None:
    """Put an entry on the list, in the transaction of what it tells of."""
    connection.execute(insert(follow_up), {name: getattr(entry, name) for name in FollowUp.__slots__})


def entries(
    connection: Connection, views: Views | None = None, *, done: bool = False, limit: int = 200
) -> Sequence[FollowUp]:
    """What the reader's parties have to see to, oldest first; with ``done`` what was seen to as well.

    ``views`` None: everything (the operator's command line).
    """
    statement = select(*_COLUMNS).where(*_seen(views)).order_by(follow_up.c.sequence).limit(limit)
    if not done:
        statement = statement.where(follow_up.c.done_at.is_(None))
    return [FollowUp(*row) for row in connection.execute(statement)]


def entry(connection: Connection, entry_id: str, views: Views | None = None) -> FollowUp:
    """One entry; raises NoSuchRow if there is none that the reader may see."""
    statement = select(*_COLUMNS).where(follow_up.c.id == entry_id, *_seen(views))
    row = connection.execute(statement).first()
    if row is None:
        raise NoSuchRow("follow-up")
    return FollowUp(*row)


def acknowledge(
    connection: Connection, entry_id: str, by: str, now: datetime, views: Views | None = None
) -> FollowUp:
    """Note who has seen to an entry, and when; who did so first stays. Raises NoSuchRow."""
    connection.execute(
        update(follow_up)
        .where(follow_up.c.id == entry_id, follow_up.c.done_at.is_(None), *_seen(views))
        .values(done_at=now, done_by=by)
    )
    return entry(connection, entry_id, views)


def forget(connection: Connection, before: datetime, *, limit: int = 200) -> None:
    """Delete what was seen to before an instant; what nobody has seen to stays."""
    old = (
        select(follow_up.c.id).where(follow_up.c.done_at < before).order_by(follow_up.c.sequence).limit(limit)
    )
    connection.execute(delete(follow_up).where(follow_up.c.id.in_(old)))


def _seen(views: Views | None) -> tuple[ColumnElement[bool], ...]:
    if views is None:
        return ()
    return (tuple_(follow_up.c.agreement, follow_up.c.party).in_(sorted(views)),)
