"""Alembic's environment: migrates the connection that the caller hands over, in the caller's transaction."""

from __future__ import annotations

from alembic import context

from adapter.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
