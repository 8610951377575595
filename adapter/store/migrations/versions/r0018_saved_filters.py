"""Filters of the message list that an account has saved; when a field that no rule used last came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("admin_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["admin_name"], ["admin.name"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("saved_filter_name", "saved_filter", ["admin_name", "name"], unique=True)
    op.add_column("unmapped_field", sa.Column("last_at", sa.BigInteger(), nullable=True))
