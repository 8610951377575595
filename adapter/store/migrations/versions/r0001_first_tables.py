"""The first tables: message log, queue, registry, persons, audit, administrators.

A migration is history: it does not import tables.py, which moves on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _message_log()
    _registry()
    _house()


def _message_log() -> None:
    op.create_table(
        "message",
        sa.Column("sequence", _SEQUENCE, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("source_party", sa.Text(), nullable=False),
        sa.Column("source_unit", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("record_types", sa.Text(), nullable=False),
        sa.Column("control_id", sa.Text(), nullable=False),
        sa.Column("source_application", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("subject_key", sa.Text(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body_digest", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("unmapped", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("rerun_of", sa.Text(), nullable=True),
        sa.Column("idempotency_seed", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(
        "message_coded",
        "message",
        ["received_at", "sequence"],
        sqlite_where=sa.text("codes != '[]'"),
        postgresql_where=sa.text("codes != '[]'"),
    )
    op.create_index("message_control", "message", ["control_id", "channel", "source_application"])
    op.create_index("message_lane", "message", ["lane", "position"], unique=True)
    op.create_index("message_received", "message", ["received_at", "sequence"])
    op.create_index("message_source", "message", ["agreement", "source_party", "received_at", "sequence"])
    op.create_index("message_state", "message", ["state", "received_at", "sequence"])
    op.create_index("message_subject", "message", ["subject_key", "received_at"])
    op.create_table(
        "content",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("key_day", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"]),
        sa.PrimaryKeyConstraint("message_id", "kind"),
    )
    op.create_table(
        "delivery",
        sa.Column("sequence", _SEQUENCE, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("sender_party", sa.Text(), nullable=False),
        sa.Column("sender_unit", sa.Text(), nullable=True),
        sa.Column("recipient_party", sa.Text(), nullable=False),
        sa.Column("recipient_unit", sa.Text(), nullable=True),
        sa.Column("recipient_system", sa.Text(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("record_types", sa.Text(), nullable=False),
        sa.Column("person_key", sa.Text(), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("holds_lane", sa.Boolean(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("hold_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmable", sa.Boolean(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"]),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(
        "delivery_coded",
        "delivery",
        ["message_id"],
        sqlite_where=sa.text("codes != '[]'"),
        postgresql_where=sa.text("codes != '[]'"),
    )
    op.create_index(
        "delivery_hold",
        "delivery",
        ["hold_expires_at"],
        sqlite_where=sa.text("hold_expires_at IS NOT NULL"),
        postgresql_where=sa.text("hold_expires_at IS NOT NULL"),
    )
    op.create_index("delivery_lane", "delivery", ["lane", "position"], unique=True)
    op.create_index(
        "delivery_message", "delivery", ["message_id", "agreement", "recipient_party", "released_at"]
    )
    op.create_index("delivery_person", "delivery", ["person_key", "state"])
    op.create_index("delivery_record", "delivery", ["record_key", "state"])
    op.create_index("delivery_state", "delivery", ["state", "ended_at"])
    op.create_table(
        "lane",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tail", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(
        "lane_due",
        "lane",
        ["kind", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "event",
        sa.Column("sequence", _SEQUENCE, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"]),
        sa.PrimaryKeyConstraint("sequence"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_message_id", "event", ["message_id"])
    op.create_table(
        "answer",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("recipient_party", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("whole", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger()),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"]),
        sa.PrimaryKeyConstraint("id", "delivery_id"),
    )
    op.create_index("ix_answer_delivery_id", "answer", ["delivery_id"])
    op.create_index("ix_answer_expires_at", "answer", ["expires_at"])


def _registry() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("identifier_key", sa.Text(), nullable=False),
        sa.Column("person_key", sa.Text(), nullable=False),
        sa.Column("agreement", sa.Text(), nullable=True),
        sa.Column("registrar_party", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version"),
    )
    op.create_index("consent_person", "consent", ["person_key", "is_current"])
    op.create_index("ix_consent_identifier_key", "consent", ["identifier_key"])
    op.create_table(
        "tombstone",
        sa.Column("identifier_key", sa.Text(), nullable=False),
        sa.Column("buried_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identifier_key"),
    )
    op.create_table(
        "person",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("protection", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "merge",
        sa.Column("old_key", sa.Text(), nullable=False),
        sa.Column("new_key", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("old_key", "new_key"),
    )
    op.create_index("ix_merge_new_key", "merge", ["new_key"])
    op.create_table(
        "reference",
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resource_type", "resource_id"),
    )
    op.create_index("ix_reference_expires_at", "reference", ["expires_at"])


def _house() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "audit",
        sa.Column("writer", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("person_key", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("event", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("writer", "number"),
    )
    op.create_index("ix_audit_person_key", "audit", ["person_key"])
    op.create_index("ix_audit_recorded_at", "audit", ["recorded_at"])
    op.create_table(
        "admin",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("admin_name", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["admin_name"], ["admin.name"]),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("ix_session_expires_at", "session", ["expires_at"])
