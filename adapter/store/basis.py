"""What releases were made under: kept with each delivery, so that its recipient can be told when that has ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from adapter.domain.records import Mode
from adapter.domain.states import State
from adapter.store import deliveries, messages
from adapter.store.batches import batches
from adapter.store.deliveries import NewDelivery
from adapter.store.messages import NewMessage
from adapter.store.tables import basis, delivery
from adapter.store.upsert import Upsert

EVENT: Final = "basis-ended"
"""The event of the message that carries a notice."""
UNANSWERED: Final = frozenset(
    {"timeout", "connection-lost", "answer-unreadable", "attempt-cut-off", "attempt-abandoned"}
)
"""Codes of attempts to which no answer came: the recipient may have what they carried."""


@dataclass(frozen=True, slots=True)
class Release:
    """A delivery that left under a Consent."""

    consent_id: str
    id: str
    state: State
    codes: tuple[str, ...]
    agreement: str
    sender_party: str
    sender_unit: str | None
    recipient_party: str
    recipient_unit: str | None
    recipient_system: str
    record_types: tuple[str, ...]
    person_key: str

    @property
    def may_have_arrived(self) -> bool:
        """Whether the recipient has it, or nobody knows that it has not."""
        return self.state in (State.SENDING, State.DELIVERED) or not UNANSWERED.isdisjoint(self.codes)


_COLUMNS = [basis.c.consent_id, *(delivery.c[name] for name in Release.__slots__[1:])]
_RELEASES = (
    select(*_COLUMNS).join(delivery, delivery.c.id == basis.c.delivery_id).order_by(delivery.c.sequence)
)
# Released anew under the same Consent: whatever notice there was told of an earlier end.
_REST = Upsert(basis, ["delivery_id", "consent_id"], lambda new: {"notice_id": new.notice_id})


def rest_on(connection: Connection, delivery_id: str, consents: Iterable[str]) -> None:
    """Keep under which Consents (ids) an attempt makes its release: in the transaction that marks it.

    What earlier attempts were made under is kept only where one of them got no answer.
    """
    codes = connection.scalar(select(delivery.c.codes).where(delivery.c.id == delivery_id))
    if UNANSWERED.isdisjoint(codes or ()):
        connection.execute(delete(basis).where(basis.c.delivery_id == delivery_id))
    for consent_id in sorted(consents):
        _REST.run(connection, {"delivery_id": delivery_id, "consent_id": consent_id})


def releases_under(connection: Connection, consent_id: str) -> Mapping[str, int]:
    """How many deliveries were released under a Consent, by what state they are in."""
    counted = (
        select(delivery.c.state, func.count())
        .join(basis, basis.c.delivery_id == delivery.c.id)
        .where(basis.c.consent_id == consent_id)
        .group_by(delivery.c.state)
        .order_by(delivery.c.state)
    )
    return {state.value: count for state, count in connection.execute(counted)}


def untold(connection: Connection, consent_ids: Iterable[str]) -> Sequence[Release]:
    """What may have reached a recipient under these Consents, and no notice tells of, oldest first."""
    return _arrived(connection, basis.c.consent_id.in_(list(consent_ids)), basis.c.notice_id.is_(None))


def told(connection: Connection, notice_id: str) -> Sequence[Release]:
    """What may have reached the recipient of a notice under its Consent, oldest first."""
    return _arrived(connection, basis.c.notice_id == notice_id)


def tell(
    connection: Connection, releases: Sequence[Release], message_id: str, notice_id: str, now: datetime
) -> None:
    """Queue the notice that the Consent of these releases, all to one system, has ended: behind the last of them in its lane.

    It is a message of our own with one delivery, whose id is ``notice_id`` and its idempotency key. As a dead letter it holds
    nothing up.
    """
    last = releases[-1]
    messages.accept(connection, _message(last, message_id, now))
    deliveries.add(connection, message_id, _notice(last, notice_id), now)
    for batch in batches([release.id for release in releases]):
        mine = (basis.c.consent_id == last.consent_id, basis.c.delivery_id.in_(batch))
        connection.execute(update(basis).where(*mine).values(notice_id=notice_id))


def _arrived(connection: Connection, *where: ColumnElement[bool]) -> Sequence[Release]:
    found = (Release(*row) for row in connection.execute(_RELEASES.where(*where)))
    return [release for release in found if release.may_have_arrived]


def _message(last: Release, message_id: str, now: datetime) -> NewMessage:
    return NewMessage(
        id=message_id,
        received_at=now,
        agreement=last.agreement,
        channel="",
        source_party=last.sender_party,
        source_unit=last.sender_unit,
        event=EVENT,
        record_types=(),
        control_id=message_id,
        source_application="",
        subject_key=last.person_key,
        size=0,
        body_digest="",
        content_type="",
        idempotency_seed=message_id,
        state=State.QUEUED,
    )


def _notice(last: Release, notice_id: str) -> NewDelivery:
    return NewDelivery(
        id=notice_id,
        agreement=last.agreement,
        sender_party=last.sender_party,
        sender_unit=last.sender_unit,
        recipient_party=last.recipient_party,
        recipient_unit=last.recipient_unit,
        recipient_system=last.recipient_system,
        mode=Mode.FORWARD,
        record_types=(),
        person_key=last.person_key,
        idempotency_key=notice_id,
        holds_lane=False,
        ended_consent=last.consent_id,
    )
