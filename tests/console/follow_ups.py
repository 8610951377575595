"""Entries of the follow-up list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from adapter.exchange.follow_up import FollowUpList
from adapter.store.follow_up import FollowUpKind
from tests.console.conftest import KEYRING, TRAIL
from tests.console.samples import AGREEMENT, NOW


def put(connection: Connection, entry_id: str, **changes: Any) -> None:
    """A release without consent that the kommun has to see to."""
    plain = {
        "agreement": AGREEMENT,
        "party": "kommun",
        "person_key": "1-person",
        "reference": "release-1",
        "recipients": ("SE2321000131-E0101",),
        "codes": ("26:9-pregnancy", "AUDIT"),
    }
    FollowUpList(KEYRING, TRAIL, lambda: entry_id).add(
        connection,
        FollowUpKind.LAWFUL_GROUND,
        NOW,
        official="SE2120001553-0007",
        why="Fara för barnet",
        **plain | changes,
    )
