"""How often in a row work on a lane was cut off by the end of its process."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lane", sa.Column("cut_off", sa.Integer(), nullable=False, server_default="0"))
