"""What is asked of records, consents or the audit, what may be answered, and how it stands in the audit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapter.domain.identity import PersonId
from adapter.domain.requester import Requester
from adapter.exchange import audit_events, audit_requests

Matches = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, for the audit too. ``statement`` is the query with the person's identifier left out.

    ``resource_id`` is set for a read by id; ``caller`` is the network address of the client.
    """

    requester: Requester
    resource_type: str
    person: PersonId
    statement: str
    request_id: str
    resource_id: str | None = None
    caller: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What may be answered. ``receipt`` is the id under which the recipient may confirm it, if it carries something held.

    ``included`` is shown beside the matching ``resources`` that are shown.
    """

    resources: tuple[Mapping[str, Any], ...]
    receipt: str | None
    included: tuple[Mapping[str, Any], ...] = ()


def access_event(question: Question, person_key: str, now: datetime, *, is_found: bool) -> dict[str, Any]:
    """The AuditEvent of a read or search, whether or not anything was found."""
    act = audit_events.Act(now, person_key, question.request_id, question.caller)
    outcome = audit_events.SUCCESS if is_found else audit_events.MINOR_FAILURE
    if question.resource_id is not None:
        return audit_requests.read(
            act, question.requester, question.resource_type, question.resource_id, outcome
        )
    return audit_requests.query(act, question.requester, question.resource_type, question.statement, outcome)
