"""Until when an account's first password may be used: null where it has chosen one itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("admin", sa.Column("first_until", sa.BigInteger(), nullable=True))
