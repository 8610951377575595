"""The follow-up list: what somebody has to look at afterwards, who did it and why, and who has seen to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from adapter.exchange import audit_acts, audit_events, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.trail import Trail
from adapter.store import follow_up
from adapter.store.follow_up import FollowUp, FollowUpKind
from adapter.store.keys import Keyring
from adapter.store.sight import Views


@dataclass(frozen=True, slots=True)
class FollowUpList:
    """Adds to the list and sees to it. ``new_id`` makes the ids of entries."""

    keyring: Keyring
    audit: Trail
    new_id: Callable[[], str]

    def add(
        self,
        connection: Connection,
        kind: FollowUpKind,
        at: datetime,
        *,
        official: str | None = None,
        why: str | None = None,
        **columns: Any,
    ) -> None:
        """Put an entry on the list. ``official`` is who acted and ``why`` the reason in words: both are sealed.

        ``columns`` are the other fields of FollowUp.
        """
        entry_id = self.new_id()
        personal = orjson.dumps({"official": official, "why": why})
        sealed = self.keyring.seal_registry(personal, row=_row(entry_id))
        defaults = {"ends_at": None}
        follow_up.add(
            connection, FollowUp(id=entry_id, at=at, kind=kind, sealed=sealed, **defaults | columns)
        )

    def personal(self, entry: FollowUp) -> Mapping[str, str | None]:
        """Who acted (``official``) and ``why``. Raises ContentUnreadable."""
        opened: dict[str, str | None] = orjson.loads(
            self.keyring.open_registry(entry.sealed, row=_row(entry.id))
        )
        return opened

    def acknowledge(
        self, connection: Connection, entry_id: str, by: str, now: datetime, views: Views | None = None
    ) -> FollowUp:
        """Note that administrator ``by`` has seen to an entry of the parties in ``views`` (None: any); who was first stays.

        Raises NoSuchRow.
        """
        before = follow_up.entry(connection, entry_id, views)
        if before.done_at is not None:
            return before
        event = audit_acts.followed_up(audit_events.Act(now, before.person_key, entry_id), entry_id, by)
        self.audit.append(connection, [trail.row(AuditKind.FOLLOW_UP, before.person_key, now, event)])
        return follow_up.acknowledge(connection, entry_id, by, now)


def _row(entry_id: str) -> str:
    """What binds a sealed part to its entry."""
    return f"FollowUp/{entry_id}"
