"""The audit kept for years: a person's rows in order, and the boundaries where a chain does not begin at its first row.

A migration is history: it does not import tables.py, which moves on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_audit_person_key", "audit")
    op.create_index("audit_person", "audit", ["person_key", "recorded_at", "writer", "number"])
    op.create_table(
        "audit_boundary",
        sa.Column("writer", sa.Text(), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("writer", "after"),
    )
