"""The same message once more (Idempotent Receiver): what came before is answered as it was then, and written down."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from adapter.domain.errors import SambroError
from adapter.exchange import audit_events, trail
from adapter.exchange.audit_kinds import AuditKind
from adapter.exchange.inbox import Inbox
from adapter.exchange.receipt import Outcome, Receipt
from adapter.exchange.stopping import Stopped
from adapter.exchange.trail import Trail
from adapter.store import messages
from adapter.store.messages import NewMessage, PriorMessage


class ControlIdConflict(SambroError):
    """The same message id came before with another body."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """Tells messages that came before from those that are new."""

    audit: Trail

    def placed(self, connection: Connection, inbox: Inbox, message: NewMessage) -> NewMessage | Receipt:
        """The message as it is to be accepted, within its transaction; the earlier answer for one that was taken before.

        Raises ControlIdConflict.
        """
        messages.reserve(connection, message)
        if not messages.is_id_known(
            connection, message
        ):  # nearly every message is new: the cheap question first
            return message
        same = messages.same_message(connection, message)
        if same is not None and not same.may_rerun:
            return self._answered(connection, inbox, message, same)
        if same is not None:
            return replace(message, rerun_of=same.rerun_of or same.id, idempotency_seed=same.idempotency_seed)
        if inbox.channel.connector != "hl7v2_mllp":
            raise ControlIdConflict("control-id-conflict")
        return replace(message, codes=(*message.codes, "control-id-reused"))

    def earlier(self, connection: Connection, inbox: Inbox, message: NewMessage) -> Receipt | None:
        """The answer that a repeat of this message gets, or None if it is none, or one that is accepted anew."""
        same = messages.same_message(connection, message)
        if same is None or same.may_rerun:
            return None
        return self._answered(connection, inbox, message, same)

    def _answered(
        self, connection: Connection, inbox: Inbox, message: NewMessage, same: PriorMessage
    ) -> Receipt:
        act = audit_events.Act(message.received_at, message.subject_key, same.id)
        party = inbox.party.identifiers[0]
        event = audit_events.filing(act, party, message.event, None, audit_events.SUCCESS)
        row = trail.row(AuditKind.REPEATED, message.subject_key, message.received_at, event)
        self.audit.append(connection, [row])
        cancelled, in_flight = same.cancelled, same.in_flight
        stopped = None if cancelled is None or in_flight is None else Stopped(cancelled, in_flight)
        return Receipt(same.id, Outcome.REPEATED, same.state, stopped)
