"""Outbound lanes by the recipient's system, and the circuit breaker of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_SYSTEM = {
    "sqlite": "substr(substr(key, 10), 1, instr(substr(key, 10), '|') - 1)",
    "postgresql": "split_part(key, '|', 2)",
}


def upgrade() -> None:
    op.add_column("lane", sa.Column("system", sa.Text(), nullable=True))
    system = _SYSTEM[op.get_bind().dialect.name]
    op.execute(f"UPDATE lane SET system = {system} WHERE kind = 'outbound'")  # noqa: S608  no value of anybody's
    op.drop_index("lane_due", "lane")
    is_due = sa.text("due_at IS NOT NULL")
    op.create_index(
        "lane_due", "lane", ["kind", "system", "due_at"], sqlite_where=is_due, postgresql_where=is_due
    )
    op.create_table(
        "breaker",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("system"),
    )
