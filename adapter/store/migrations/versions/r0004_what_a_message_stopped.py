"""What a message stopped when it took effect: kept, so that its repeat gets the same answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("cancelled", "in_flight"):
        op.add_column("message", sa.Column(name, sa.Integer(), nullable=True))
