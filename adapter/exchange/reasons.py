"""Why an administrator does something, in their own words: bounded, and never empty."""

from __future__ import annotations

from typing import Final

from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import could_name_person

REASON_LONGEST: Final = 500


def stated_reason(text: str) -> str:
    """The words without what surrounds them; raises InputError for none, too many, and what could be a personal number."""
    reason = text.strip()
    if not reason or len(reason) > REASON_LONGEST:
        raise InputError([Issue("reason", "reason-long" if reason else "reason-required")])
    if could_name_person(reason):
        raise InputError([Issue("reason", "reason-number")])
    return reason
