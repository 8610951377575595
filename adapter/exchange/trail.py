"""The audit trail as the use cases write it: AuditEvents appended to this process's chain, in their own transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from adapter.exchange import audit_events
from adapter.exchange.standing import Ruling
from adapter.store import audit
from adapter.store.audit import AuditRow
from adapter.store.keys import Keyring


class Trail:
    """Appends to one writer's chain. ``writer`` names the process that writes."""

    def __init__(self, keyring: Keyring, writer: str) -> None:
        self._keyring = keyring
        self.writer = writer

    def append(self, connection: Connection, rows: Iterable[AuditRow]) -> None:
        """Append rows in the transaction of what they tell of."""
        audit.append(connection, self._keyring, self.writer, tuple(rows))


def authorization(act: audit_events.Act, ruling: Ruling, *, refused: str | None = None) -> AuditRow:
    """The row of one ruling; ``refused`` is the code for which its release was refused, whatever the ruling said."""
    passage = ruling.passage
    event = audit_events.authorization(
        act,
        ruling.decision,
        passage.sender_unit.identifier,
        passage.recipient_unit.identifier,
        ruling.request.purposes,
        refused=refused,
        releases=[release.id for release in ruling.releases],
    )
    return row("authorization", act.person_key, act.at, event)


def row(kind: str, person_key: str | None, at: datetime, event: Mapping[str, Any]) -> AuditRow:
    """An AuditEvent as a row; ``kind`` is the log's word for it."""
    return AuditRow(at, person_key, kind, orjson.dumps(event))
