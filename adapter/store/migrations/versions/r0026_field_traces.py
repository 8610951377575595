"""Which mapping read a message, and which source field became which element."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "field_trace",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    for name in ("mapping", "trace"):
        op.add_column("message", sa.Column(name, sa.Text(), nullable=True))
    where = sa.text("trace IS NOT NULL")
    op.create_index("message_trace", "message", ["trace"], sqlite_where=where, postgresql_where=where)
