"""What is asked of the registry of Consents: one alone, or several in a Bundle that take effect together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapter.domain.agreement import Party
from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import Identifier
from adapter.exchange.consent_changes import Step, Turn

_HEADERS: Final = {"http.If-Match": "ifMatch", "http.If-None-Exist": "ifNoneExist"}
"""What stands in a header of a request, by its element in an entry of a Bundle."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A Consent to file: created, ``unless`` there is one of that identifier, or the next ``version`` of the one with ``consent_id``.

    ``at`` is where it stands in a Bundle, as a path; empty for one that comes alone.
    """

    body: object
    unless: Identifier | None = None
    consent_id: str | None = None
    version: int = 0
    at: str = ""

    def placed(self, error: InputError) -> InputError:
        """A fault of it, with paths from the Bundle."""
        issues = (Issue(self.path(it.path), it.code, it.severity) for it in error.issues)
        return InputError(issues, error.status)

    def path(self, path: str) -> str:
        """A path in it, or of a header of its own, as a path from the Bundle."""
        if not self.at:
            return path
        if path in _HEADERS:
            return f"{self.at}.request.{_HEADERS[path]}"
        return path.replace("Consent", f"{self.at}.resource", 1) if path.startswith("Consent") else path


@dataclass(frozen=True, slots=True)
class Prepared:
    """A wish that can be committed, by its turn, with its audit."""

    wish: Wish
    turn: Turn
    event: Mapping[str, Any]
    party: Party


def require_apart(prepared: Sequence[Prepared]) -> None:
    """Refuse what cannot take effect in one transaction with others."""
    if len(prepared) < 2:
        return
    issues: list[Issue] = []
    seen: set[str] = set()
    for one in prepared:
        own = {*one.turn.standing.keys, f"identifier {one.turn.consent.row.identifier_key}"}
        if not seen.isdisjoint(own):
            issues.append(Issue(one.wish.path("Consent.patient"), "several-of-one-person"))
        if one.turn.step is Step.AWAITS_SECOND_PERSON:
            issues.append(Issue(one.wish.path("Consent.status"), one.turn.step.value))
        seen |= own
    if issues:
        raise InputError(issues)
