"""Every rerun names the message that was first; reruns and reasons are found by index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0022"
branch_labels = None
depends_on = None

_message = sa.table("message", sa.column("id"), sa.column("rerun_of"))
_earlier = _message.alias("earlier")


def upgrade() -> None:
    for name, columns in (
        ("message_rerun", ["rerun_of", "sequence"]),
        ("message_reason", ["reason", "received_at", "sequence"]),
    ):
        is_set = sa.text(f"{columns[0]} IS NOT NULL")
        op.create_index(name, "message", columns, sqlite_where=is_set, postgresql_where=is_set)
    name_the_first(op.get_bind())
    # The first may have been deleted in its time: then nothing would show that there is another.
    known = sa.select(_earlier.c.id)
    op.execute(sa.update(_message).where(_message.c.rerun_of.not_in(known)).values(rerun_of=None))


def name_the_first(connection: sa.Connection) -> None:
    """Let every rerun of a rerun name what that one names, until each names a message that is none."""
    before = sa.select(_earlier.c.rerun_of).where(_earlier.c.id == _message.c.rerun_of).scalar_subquery()
    step = sa.update(_message).where(before.is_not(None)).values(rerun_of=before)
    while connection.execute(step).rowcount:
        pass
