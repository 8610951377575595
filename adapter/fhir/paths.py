"""The paths of issues: FHIRPath that shows elements' names and nothing that might be a value, and that cannot grow without end."""

from __future__ import annotations

import re
from typing import Final

MAX_ISSUES: Final = 200
"""Issues that one look at a resource tells of."""
ROOT: Final = "Resource"
"""Stands for a resource whose type is not known, or not looked at yet."""
_MAX_LENGTH: Final = 500
_NAME: Final = re.compile(r"[a-z][A-Za-z]{0,63}")


def path_of(holder: str, key: str) -> str:
    """The path of what the object at ``holder`` has under a JSON key.

    It is the holder's own where the key can be no element's name, or the path would be too long.
    """
    name = key.removeprefix("_")
    return f"{holder}.{name}" if len(holder) < _MAX_LENGTH and _NAME.fullmatch(name) else holder
