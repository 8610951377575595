"""Requests to mark a Consent as entered in error: what a first person asked for, until a second confirms it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from adapter.store.tables import correction
from adapter.store.upsert import Upsert

_ASK = Upsert(
    correction,
    ["consent_id"],
    lambda new: {"version": new.version, "asked_by": new.asked_by, "asked_at": new.asked_at},
)


def ask(connection: Connection, consent_id: str, version: int, asked_by: str, now: datetime) -> None:
    """Keep who asked (a keyed id) for which version of a Consent, in place of whoever asked before."""
    _ASK.run(
        connection, {"consent_id": consent_id, "version": version, "asked_by": asked_by, "asked_at": now}
    )


def asked_by(connection: Connection, consent_id: str, version: int, since: datetime) -> str | None:
    """Who asked for that version no earlier than ``since``; None if nobody did."""
    found: str | None = connection.scalar(
        select(correction.c.asked_by).where(
            correction.c.consent_id == consent_id,
            correction.c.version == version,
            correction.c.asked_at >= since,
        )
    )
    return found


def settle(connection: Connection, consent_id: str) -> None:
    """Forget the request: it was confirmed."""
    connection.execute(delete(correction).where(correction.c.consent_id == consent_id))
