"""The audit trail as the use cases write it: AuditEvents appended to this process's chain, in their own transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection

from adapter.exchange import audit_events
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.passage import Passage
from adapter.exchange.standing import Ruling
from adapter.store import audit
from adapter.store.audit import AuditRow
from adapter.store.database import Database
from adapter.store.keys import Keyring

Records = Iterable[Mapping[str, Any]]


class Trail:
    """Appends to one writer's chain. ``writer`` names the process that writes."""

    def __init__(self, keyring: Keyring, writer: str) -> None:
        self._keyring = keyring
        self.writer = writer

    def append(self, connection: Connection, rows: Iterable[AuditRow]) -> None:
        """Append rows in the transaction of what they tell of."""
        audit.append(connection, self._keyring, self.writer, tuple(rows))

    async def write(self, database: Database, rows: Iterable[AuditRow]) -> None:
        """Append rows that tell of something which changed nothing else (a refusal, a view). Raises Unreachable."""
        await database.write(partial(self.append, rows=tuple(rows)))


def authorization(
    act: audit_events.Act, ruling: Ruling, *, client: str | None = None, refused: str | None = None
) -> AuditRow:
    """The row of one ruling; ``refused`` is the code for which its release was refused, whatever the ruling said."""
    event = audit_events.authorization(
        act,
        ruling.decision,
        ends(ruling.passage),
        ruling.request.purposes,
        client=client,
        refused=refused,
        releases=[release.id for release in ruling.releases],
    )
    return row(AuditKind.AUTHORIZATION, act.person_key, act.at, event)


def disclosed(
    act: audit_events.Act, passage: Passage, records: Records, system: str | None = None
) -> AuditRow:
    """The row of released records that are handed over; ``system`` is the one that they are sent to."""
    event = audit_events.disclosure(act, ends(passage, system), _references(records))
    return row(AuditKind.DISCLOSURE, act.person_key, act.at, event)


def received(
    act: audit_events.Act, passage: Passage, records: Records, system: str | None = None
) -> AuditRow:
    """The row of released records that the recipient has."""
    event = audit_events.received(act, ends(passage, system), _references(records))
    return row(AuditKind.IMPORT, act.person_key, act.at, event)


def ends(passage: Passage, system: str | None = None) -> audit_events.Ends:
    """The two ends of a passage, and the system at the recipient that it leads to."""
    return audit_events.Ends(
        passage.sender_unit.identifier,
        passage.recipient_unit.identifier,
        passage.recipient.identifiers[0],
        system,
    )


def row(kind: str, person_key: str | None, at: datetime, event: Mapping[str, Any]) -> AuditRow:
    """An AuditEvent as a row; ``kind`` is the log's word for it (AuditKind)."""
    return AuditRow(at, person_key, kind, orjson.dumps(event))


def _references(records: Records) -> tuple[str, ...]:
    return tuple(f"{record['resourceType']}/{record['id']}" for record in records)
