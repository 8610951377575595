"""The Consents that were filed last are found by index."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("consent_filed", "consent", ["filed_at"])
