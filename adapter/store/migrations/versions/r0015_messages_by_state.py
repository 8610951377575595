"""What a party sent, by state: a filter for a rare state walks no other rows."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = ["agreement", "source_party", "state", "received_at", "sequence"]
    op.create_index("message_source_state", "message", columns)
