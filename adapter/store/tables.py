"""The tables: the message log that is the queue, the registry, persons, audit and administrators.

No column holds record content, a name or a personal identity in clear.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    literal_column,
    or_,
    type_coerce,
)

from adapter.domain.states import State
from adapter.store.columns import FieldPairs, Instant, Structure, Words

# SQLite numbers rows by itself only in a column that it calls INTEGER.
_Sequence: Final = BigInteger().with_variant(Integer, "sqlite")
_State: Final = Enum(
    State, native_enum=False, length=16, values_callable=lambda states: [state.value for state in states]
)

metadata: Final = MetaData()

meta: Final = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

lane: Final = Table(
    "lane",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("system", Text),
    Column("tail", BigInteger, nullable=False),
    Column("head", BigInteger, nullable=False),
    Column("due_at", Instant),
    Column("owner", Text),
    Column("leased_until", Instant),
    Column("token", BigInteger, nullable=False),
    Column("cut_off", Integer, nullable=False),
)
Index(
    "lane_due",
    lane.c.kind,
    lane.c.system,
    lane.c.due_at,
    sqlite_where=lane.c.due_at.is_not(None),
    postgresql_where=lane.c.due_at.is_not(None),
)

breaker: Final = Table(
    "breaker",
    metadata,
    Column("system", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("opened_at", Instant),
    Column("retry_at", Instant),
)


def _pauses(name: str, of: str) -> Table:
    return Table(
        name,
        metadata,
        Column(of, Text, primary_key=True),
        Column("agreement", Text, nullable=False),
        Column("party", Text, nullable=False),
        Column("paused_at", Instant, nullable=False),
        Column("by", Text, nullable=False),
        Column("sealed", LargeBinary, nullable=False),
    )


pause: Final = _pauses("pause", of="system")
channel_pause: Final = _pauses("channel_pause", of="channel")

message: Final = Table(
    "message",
    metadata,
    Column("sequence", _Sequence, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("received_at", Instant, nullable=False),
    Column("agreement", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("source_party", Text, nullable=False),
    Column("source_unit", Text),
    Column("event", Text, nullable=False),
    Column("record_types", Words, nullable=False),
    Column("control_id", Text, nullable=False),
    Column("source_application", Text, nullable=False),
    Column("correlation_id", Text),
    Column("subject_key", Text),
    Column("state", _State, nullable=False),
    Column("size", Integer, nullable=False),
    Column("body_digest", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("codes", Words, nullable=False),
    Column("unmapped", Words, nullable=False),
    # The canonical URL, with version, of the mapping that read it; null for FHIR, and where none did.
    Column("mapping", Text),
    # The digest of its field trace.
    Column("trace", Text),
    Column("reason", Text),
    Column("rerun_of", Text),
    Column("cancelled", Integer),
    Column("in_flight", Integer),
    Column("idempotency_seed", Text, nullable=False),
    Column("lane", Text),
    Column("position", BigInteger),
    Column("ended_at", Instant),
    Index("message_received", "received_at", "sequence"),
    Index("message_state", "state", "received_at", "sequence"),
    Index("message_source", "agreement", "source_party", "received_at", "sequence"),
    Index("message_source_state", "agreement", "source_party", "state", "received_at", "sequence"),
    Index("message_subject", "subject_key", "received_at"),
    Index("message_control", "control_id", "channel", "source_application"),
    Index("message_lane", "lane", "position", unique=True),
)
Index(
    "message_rerun",
    message.c.rerun_of,
    message.c.sequence,
    sqlite_where=message.c.rerun_of.is_not(None),
    postgresql_where=message.c.rerun_of.is_not(None),
)
Index(
    "message_reason",
    message.c.reason,
    message.c.received_at,
    message.c.sequence,
    sqlite_where=message.c.reason.is_not(None),
    postgresql_where=message.c.reason.is_not(None),
)
Index(
    "message_correlation",
    message.c.correlation_id,
    sqlite_where=message.c.correlation_id.is_not(None),
    postgresql_where=message.c.correlation_id.is_not(None),
)
Index(
    "message_trace",
    message.c.trace,
    sqlite_where=message.c.trace.is_not(None),
    postgresql_where=message.c.trace.is_not(None),
)
# Written out, not bound: only so does the planner see that a query and a partial index say the same.
CODED_MESSAGE: Final = message.c.codes != literal_column("'[]'")
Index(
    "message_coded",
    message.c.received_at,
    message.c.sequence,
    sqlite_where=CODED_MESSAGE,
    postgresql_where=CODED_MESSAGE,
)
LONG: Final = timedelta(minutes=1)
_TOOK: Final = type_coerce(message.c.ended_at, BigInteger) - type_coerce(message.c.received_at, BigInteger)
# One that goes on is among them: a delivery of it may have ended by then, for whoever sees that alone.
LONG_MESSAGE: Final = or_(
    message.c.ended_at.is_(None), literal_column(str(LONG // timedelta(microseconds=1))) <= _TOOK
)
Index(
    "message_long",
    message.c.received_at,
    message.c.sequence,
    sqlite_where=LONG_MESSAGE,
    postgresql_where=LONG_MESSAGE,
)

field_trace: Final = Table(
    "field_trace",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("rows", FieldPairs, nullable=False),
)

content: Final = Table(
    "content",
    metadata,
    Column("message_id", Text, ForeignKey("message.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("key_day", Text, nullable=False),
)

delivery: Final = Table(
    "delivery",
    metadata,
    Column("sequence", _Sequence, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("message_id", Text, ForeignKey("message.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("agreement", Text, nullable=False),
    Column("sender_party", Text, nullable=False),
    Column("sender_unit", Text),
    Column("recipient_party", Text, nullable=False),
    Column("recipient_unit", Text),
    Column("recipient_system", Text),
    Column("mode", Text, nullable=False),
    Column("record_types", Words, nullable=False),
    Column("person_key", Text, nullable=False),
    Column("record_key", Text),
    Column("state", _State, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lane", Text),
    Column("position", BigInteger),
    Column("next_attempt_at", Instant),
    Column("holds_lane", Boolean, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("decision", Structure, nullable=False),
    Column("codes", Words, nullable=False),
    Column("hold_expires_at", Instant),
    Column("confirmable", Boolean, nullable=False),
    Column("released_at", Instant),
    Column("ended_at", Instant),
    Column("ended_consent", Text),
    Index("delivery_lane", "lane", "position", unique=True),
    Index("delivery_person", "person_key", "state"),
    Index("delivery_record", "record_key", "state"),
    Index("delivery_state", "state", "ended_at"),
    # Whether a party may see a message is asked for each row of a list: answered from this index alone.
    Index("delivery_message", "message_id", "agreement", "recipient_party", "released_at"),
)
Index(
    "delivery_hold",
    delivery.c.hold_expires_at,
    sqlite_where=delivery.c.hold_expires_at.is_not(None),
    postgresql_where=delivery.c.hold_expires_at.is_not(None),
)

CODED_DELIVERY: Final = delivery.c.codes != literal_column("'[]'")
Index(
    "delivery_coded",
    delivery.c.message_id,
    sqlite_where=CODED_DELIVERY,
    postgresql_where=CODED_DELIVERY,
)
RETRIED_DELIVERY: Final = delivery.c.attempts > literal_column("1")
Index(
    "delivery_retried",
    delivery.c.message_id,
    sqlite_where=RETRIED_DELIVERY,
    postgresql_where=RETRIED_DELIVERY,
)

basis: Final = Table(
    "basis",
    metadata,
    Column("delivery_id", Text, ForeignKey("delivery.id"), primary_key=True),
    Column("consent_id", Text, primary_key=True, index=True),
    Column("notice_id", Text, index=True),
)

event: Final = Table(
    "event",
    metadata,
    Column("sequence", _Sequence, primary_key=True),
    Column("message_id", Text, ForeignKey("message.id"), nullable=False, index=True),
    Column("delivery_id", Text),
    Column("at", Instant, nullable=False),
    Column("stage", Text, nullable=False),
    Column("codes", Words, nullable=False),
    sqlite_autoincrement=True,
)

answer: Final = Table(
    "answer",
    metadata,
    Column("id", Text, primary_key=True),
    Column("delivery_id", Text, ForeignKey("delivery.id"), primary_key=True, index=True),
    Column("recipient_party", Text, nullable=False),
    Column("shown", Words, nullable=False),
    Column("whole", Words, nullable=False),
    Column("confirmed_at", Instant),
    Column("expires_at", Instant, nullable=False, index=True),
)

reference: Final = Table(
    "reference",
    metadata,
    Column("resource_type", Text, primary_key=True),
    Column("resource_id", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)

person: Final = Table(
    "person",
    metadata,
    Column("key", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("protection", Words, nullable=False),
)

merge: Final = Table(
    "merge",
    metadata,
    Column("old_key", Text, primary_key=True),
    Column("new_key", Text, primary_key=True, index=True),
    Column("merged_at", Instant, nullable=False),
)

consent: Final = Table(
    "consent",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("is_current", Boolean, nullable=False),
    Column("identifier_key", Text, nullable=False, index=True),
    Column("person_key", Text, nullable=False),
    Column("agreement", Text),
    Column("registrar_party", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("filed_at", Instant, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("ended_at", Instant),
    Index("consent_person", "person_key", "is_current"),
    Index("consent_filed", "filed_at"),
)
Index(
    "consent_ended",
    consent.c.ended_at,
    sqlite_where=consent.c.ended_at.is_not(None),
    postgresql_where=consent.c.ended_at.is_not(None),
)

tombstone: Final = Table(
    "tombstone",
    metadata,
    Column("identifier_key", Text, primary_key=True),
    Column("buried_at", Instant, nullable=False),
)

correction: Final = Table(
    "correction",
    metadata,
    Column("consent_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
)

lawful_ground: Final = Table(
    "lawful_ground",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person_key", Text, nullable=False, index=True),
    Column("agreement", Text, nullable=False),
    Column("sender_unit", Text, nullable=False),
    Column("recipient_unit", Text, nullable=False),
    Column("record_types", Words, nullable=False),
    Column("ground", Text, nullable=False),
    Column("filed_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)

follow_up: Final = Table(
    "follow_up",
    metadata,
    Column("sequence", _Sequence, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("agreement", Text),
    Column("party", Text),
    Column("person_key", Text),
    Column("reference", Text, nullable=False),
    Column("recipients", Words, nullable=False),
    Column("codes", Words, nullable=False),
    Column("ends_at", Instant),
    Column("sealed", LargeBinary, nullable=False),
    Column("done_at", Instant),
    Column("done_by", Text),
    Index("follow_up_party", "agreement", "party", "sequence"),
)
Index(
    "follow_up_open",
    follow_up.c.sequence,
    sqlite_where=follow_up.c.done_at.is_(None),
    postgresql_where=follow_up.c.done_at.is_(None),
)

intervention: Final = Table(
    "intervention",
    metadata,
    Column("sequence", _Sequence, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("message_id", Text, ForeignKey("message.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

unmapped_field: Final = Table(
    "unmapped_field",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    # Null where none came since it is kept.
    Column("last_at", Instant),
)

alert: Final = Table(
    "alert",
    metadata,
    Column("sequence", _Sequence, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("code", Text, nullable=False),
    Column("agreement", Text),
    Column("party", Text),
    Column("about", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", Text),
    Column("sealed", LargeBinary),
    Column("resolved_at", Instant),
    # What it is about while it lasts: no two that last are about the same.
    Column("lasting", Text, unique=True),
)

alert_notice: Final = Table(
    "alert_notice",
    metadata,
    Column("sequence", _Sequence, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("alert_id", Text, ForeignKey("alert.id"), nullable=False, index=True),
    Column("target", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, index=True),
    Column("code", Text),
)

replay: Final = Table(
    "replay",
    metadata,
    Column("sequence", _Sequence, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("made_at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("rights", Structure, nullable=False),
    Column("filters", Structure, nullable=False),
    Column("total", Integer, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("batch", Integer, nullable=False),
    Column("sealed", LargeBinary),
)

replay_item: Final = Table(
    "replay_item",
    metadata,
    Column("replay_id", Text, ForeignKey("replay.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("message_id", Text, ForeignKey("message.id"), nullable=False),
    Column("outcome", Text),
)

audit: Final = Table(
    "audit",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("recorded_at", Instant, nullable=False, index=True),
    Column("person_key", Text),
    Column("kind", Text, nullable=False),
    Column("event", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)
# A person's rows come in this order without being sorted.
Index("audit_person", audit.c.person_key, audit.c.recorded_at, audit.c.writer, audit.c.number)

audit_boundary: Final = Table(
    "audit_boundary",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("after", BigInteger, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)

admin: Final = Table(
    "admin",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("rights", Structure, nullable=False),
    Column("created_at", Instant, nullable=False),
    # Null where the password is one that its holder has chosen.
    Column("first_until", Instant),
)

session: Final = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("admin_name", Text, ForeignKey("admin.name"), nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)

saved_filter: Final = Table(
    "saved_filter",
    metadata,
    Column("id", Text, primary_key=True),
    Column("admin_name", Text, ForeignKey("admin.name", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("fields", Structure, nullable=False),
    Index("saved_filter_name", "admin_name", "name", unique=True),
)

assertion: Final = Table(
    "assertion",
    metadata,
    Column("key", Text, primary_key=True),
    Column("expires_at", Instant, nullable=False, index=True),
)
