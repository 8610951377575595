"""What a code of ours says in FHIR's words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says: FHIR IssueType, the HTTP status of an answer that rests on it alone, and its text."""

    type: str
    status: int
    swedish: str
    english: str
