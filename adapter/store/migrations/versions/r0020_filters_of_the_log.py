"""What was attempted more than once, what lasted long, what a correlation id names: filters for these walk no other rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, table, columns, condition in (
        ("message_correlation", "message", ["correlation_id"], "correlation_id IS NOT NULL"),
        (
            "message_long",
            "message",
            ["received_at", "sequence"],
            "ended_at IS NULL OR 60000000 <= ended_at - received_at",
        ),
        ("delivery_retried", "delivery", ["message_id"], "attempts > 1"),
    ):
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
