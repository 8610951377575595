"""When a Consent ended, so that it can be forgotten once its time has passed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consent", sa.Column("ended_at", sa.BigInteger(), nullable=True))
    # Those whose period is over are not told by their columns: they are once they are changed.
    op.execute(
        "UPDATE consent SET ended_at = filed_at WHERE is_current"
        " AND status IN ('rejected', 'inactive', 'entered-in-error')"
    )
    has_ended = sa.text("ended_at IS NOT NULL")
    op.create_index(
        "consent_ended", "consent", ["ended_at"], sqlite_where=has_ended, postgresql_where=has_ended
    )
