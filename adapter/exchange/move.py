"""Move an installation from SQLite to PostgreSQL: every row, the leases of the process that was stopped void, and a row that says so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection

from adapter.domain.instants import Clock
from adapter.exchange import audit_acts, audit_events, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.trail import Trail
from adapter.store import copying, outbound
from adapter.store.database import Database
from adapter.store.keys import Keyring, bind


async def move(
    source: Path, database: Database, keyring: Keyring, audit: Trail, by: str, clock: Clock
) -> Mapping[str, int]:
    """Copy a SQLite file that nobody uses into an empty database; how many rows each table got. ``by`` is who runs it.

    Raises ConfigurationError if the target is not empty or the counts differ, KeyFault for another installation's key, Unreachable.
    """

    def op(connection: Connection) -> Mapping[str, int]:
        copied = copying.copy_from(connection, source)
        bind(connection, keyring)
        now = clock()
        outbound.void_leases(connection, now)
        act = audit_events.Act(now, None, str(uuid4()))
        event = audit_acts.administration(act, by, "database-copy", audit_events.SUCCESS, message_id=None)
        audit.append(connection, [trail.row(AuditKind.ADMINISTRATION, None, now, event)])
        return copied

    return await database.write(op)
