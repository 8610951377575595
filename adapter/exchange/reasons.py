"""Why an administrator does something, in their own words: bounded, and never empty."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from adapter.domain.errors import InputError, Issue
from adapter.domain.identity import names_person

REASON_LONGEST: Final = 500
# In its usual form, sound or not: reasons are read by others than who wrote them.
_NUMBER: Final = re.compile(r"(?<!\d)(?:\d{2})?\d{6}[-+ ]?\d{4}(?!\d)", re.ASCII)


def could_hold_number(text: str) -> bool:
    """Whether something in it could be a personal number, by its form or, in any other form, by its date and check digit."""
    return _NUMBER.search(text) is not None or names_person(text, today=date.max)


def stated_reason(text: str) -> str:
    """The words without what surrounds them; raises InputError for none, too many, and what could be a personal number."""
    reason = text.strip()
    if not reason or len(reason) > REASON_LONGEST:
        raise InputError([Issue("reason", "reason-long" if reason else "reason-required")])
    if could_hold_number(reason):
        raise InputError([Issue("reason", "reason-number")])
    return reason
