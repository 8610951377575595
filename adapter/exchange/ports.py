"""What the use cases need of the outside: each port is a Protocol that a connector fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from adapter.domain.errors import Issue, SambroError
from adapter.domain.identity import Identifier, PersonId
from adapter.domain.records import RecordType
from adapter.gate.enforce import ReleasedBundle
from adapter.gate.notice import Notice
from adapter.mapping.source import Source


class Act(StrEnum):
    """What a message does besides carrying a record; the others take effect in the accept transaction."""

    RECORD = "record"
    CONSENT = "consent"
    ENROLMENT = "enrolment"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as every inbound wire hands it to ``accept``: its envelope read, its record still the source's.

    ``event`` is the kind or event that selects a mapping (``sip``, ``ORU^R01``). ``control_id`` is the sender's message id and
    ``source_application`` what makes it unique (MSH-3/4; empty on HTTP). ``sender`` and ``unit`` are None when the wire names none.
    ``protection`` holds protected-identity codes; None: the message says nothing of it. ``superseded`` is, for a merge, the number
    that ceases; ``person`` the one that goes on. ``record_key`` names the record across its versions (a plan's identifier);
    ``is_active_plan``: it is a SIP in force, which needs a consent of its own; ``ends_enrolment``: the person leaves the reception.
    ``warnings`` are codes for the log.
    """

    event: str
    act: Act
    control_id: str
    source_application: str
    sender: Identifier | None
    unit: Identifier | None
    person: PersonId
    record_types: frozenset[RecordType]
    record: Source
    sent_at: datetime | None = None
    protection: frozenset[str] | None = None
    superseded: PersonId | None = None
    record_key: str | None = None
    is_active_plan: bool = False
    ends_enrolment: bool = False
    warnings: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads one wire's body into an Arrival, wholly in memory."""

    def read(self, body: bytes, content_type: str) -> Arrival:
        """Raises InputError with every faulty field: 400 unreadable, 415 wrong type, 422 wrong content."""
        ...


class Validator(Protocol):
    """A second opinion on a message's structure, too slow for the moment of acceptance."""

    def validate(self, body: bytes) -> tuple[Issue, ...]:
        """The faults that it finds; blocks, so it is called in a thread."""
        ...


class DeliveryFailed(SambroError):
    """An attempt that failed. ``transient``: worth another try, not before ``retry_after`` seconds if stated."""

    def __init__(self, code: str, *, transient: bool, retry_after: float | None = None) -> None:
        self.code = code
        self.transient = transient
        self.retry_after = retry_after
        super().__init__(code)


class Sender(Protocol):
    """Carries releases, and notices about them, to one system."""

    async def send(self, release: ReleasedBundle, idempotency_key: str) -> None:
        """Returns when the recipient has taken it; raises DeliveryFailed."""
        ...

    async def notify(self, notice: Notice, idempotency_key: str) -> None:
        """The same for a notice."""
        ...


class Tester(Protocol):
    """Sees whether a recipient's system answers, by a request that carries nothing of anybody."""

    async def test(self) -> str:
        """The code of its answer (``http-200``), which is not read; raises DeliveryFailed where none comes."""
        ...


class RecordSource(Protocol):
    """A system that answers live (the query wire)."""

    async def fetch(
        self,
        person: PersonId,
        record_types: Sequence[RecordType],
        since: datetime | None,
        until: datetime | None,
        also_known_as: frozenset[PersonId] = frozenset(),
    ) -> Sequence[Arrival]:
        """The person's records as arrivals; raises Unreachable after the deadline or on any fault.

        ``also_known_as``: other numbers by which the records may name the person.
        """
        ...


@dataclass(frozen=True, slots=True)
class AlertNotice:
    """What a target is told of an alert: that it was opened or resolved (``event``). Codes and ids of systems, nothing about a person.

    ``id`` is the same at each attempt; ``about`` a channel's or system's id, or empty; ``party`` None: it concerns the operator.
    """

    id: str
    event: str
    alert_id: str
    code: str
    agreement: str | None
    party: str | None
    about: str
    count: int
    opened_at: datetime
    resolved_at: datetime | None
    made_at: datetime


class Teller(Protocol):
    """Carries notices of alerts to one target."""

    async def tell(self, notice: AlertNotice) -> None:
        """Returns when the target has taken it; raises DeliveryFailed."""
        ...
