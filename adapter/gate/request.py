"""What the gate is asked: who wants which records of whom, from whom, for what, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapter.domain.identity import Identifier, PersonId
from adapter.domain.records import CONSENT_CATEGORY, ConsentCategory

Code = tuple[str, str]
"""A code as the gate compares it: system URI and code."""

OSL_WAIVER: Final[frozenset[Code]] = frozenset({(CONSENT_CATEGORY, ConsentCategory.OSL_WAIVER.value)})
SIP_PLAN: Final[frozenset[Code]] = frozenset({(CONSENT_CATEGORY, ConsentCategory.SIP_PLAN.value)})
BLOCK: Final[Code] = (CONSENT_CATEGORY, ConsentCategory.BLOCK.value)


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a release. ``organizations`` holds every identifier that the agreement joins for the one organisation."""

    organizations: frozenset[Identifier]
    unit: Identifier | None = None
    practitioner: Identifier | None = None
    roles: frozenset[Code] = frozenset()


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One question to the gate.

    ``also_known_as`` are the numbers joined to ``person`` by merge. ``agreement`` is its URI; None decides apart by each agreement that
    the Consents name. ``category``: a Consent counts if it has one of these. ``purposes`` are v3 ActReason codes, each of which must be
    permitted. ``action`` is ``access``, ``disclose`` or ``use``. ``types`` are resource types and ``record_types`` codes of
    ``B/CodeSystem/record-type``; both empty: everything. ``at`` is aware.
    """

    person: PersonId
    agreement: str | None
    sender: Side
    recipient: Side
    purposes: tuple[str, ...]
    at: datetime
    also_known_as: frozenset[PersonId] = frozenset()
    category: frozenset[Code] = OSL_WAIVER
    action: str = "disclose"
    types: frozenset[str] = frozenset()
    record_types: frozenset[str] = frozenset()

    @property
    def persons(self) -> frozenset[PersonId]:
        """Every number of the person."""
        return self.also_known_as | {self.person}
