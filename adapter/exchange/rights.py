"""What an account may do beside seeing its parties' rows: each right apart from the others, and as it is stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, Final

from adapter.store.sight import Views

_EVERY_PARTY: Final = "*"
_VIEWS: Final = "views"
_MAY: Final = "may"
_CONTENT: Final = "content"


class Right(StrEnum):
    """A right of its own."""

    LOOK_UP = "look-up"
    """Messages about persons, by their numbers."""
    ACT = "act"
    """Retry, cancel, replay; test, pause and resume; acknowledge; see to what is to be followed up."""
    CONTENT = "content"
    """Open what one's own party sent, while it is held. Of a party alone."""
    PURGE = "purge"
    """Wipe the content of what was invalid or given up."""


USUAL: Final = frozenset({Right.LOOK_UP, Right.ACT})
"""What an account may unless it was made otherwise."""


def written_rights(views: Views | None, rights: Collection[Right] = USUAL) -> dict[str, Any]:
    """As they are stored; ``views`` None: every party."""
    stated: dict[str, Any] = {
        _VIEWS: _EVERY_PARTY if views is None else [list(pair) for pair in sorted(views)]
    }
    return stated if set(rights) == USUAL else stated | {_MAY: sorted(rights)}


def views_of(stored: Mapping[str, Any]) -> Views | None:
    """The parties as stored; what cannot be read gives no right."""
    match stored.get(_VIEWS):
        case "*":
            return None
        case list(pairs):
            return frozenset((pair[0], pair[1]) for pair in pairs if _is_pair(pair))
        case _:
            return frozenset()


def rights_of(stored: Mapping[str, Any]) -> frozenset[Right]:
    """The rights as stored; what cannot be read gives none."""
    match stored.get(_MAY):
        case None:
            # So an account that opens content was written before the rights were apart.
            return USUAL | {Right.CONTENT} if stored.get(_CONTENT) is True else USUAL
        case list(words):
            return frozenset(right for right in Right if right in words)
        case _:
            return frozenset()


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(word, str) for word in pair)
