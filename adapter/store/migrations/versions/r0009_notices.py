"""What a release was made under, and the notices that a Consent has ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("ended_consent", sa.Text(), nullable=True))
    op.create_table(
        "basis",
        sa.Column("delivery_id", sa.Text(), sa.ForeignKey("delivery.id"), nullable=False),
        sa.Column("consent_id", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", "consent_id"),
    )
    op.create_index("ix_basis_consent_id", "basis", ["consent_id"])
    op.create_index("ix_basis_notice_id", "basis", ["notice_id"])
