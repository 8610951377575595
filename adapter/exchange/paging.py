"""Links to further pages: sealed, so that they tell neither persons nor numbers, and no one else can follow them (gate.md, "Releasing")."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import orjson

from adapter.domain.errors import ContentUnreadable, InputError, Issue
from adapter.domain.instants import Clock
from adapter.domain.requester import Requester
from adapter.fhir.pages import Cursor
from adapter.store.keys import Keyring

LIFETIME: Final = timedelta(minutes=10)
"""How long a link is good for."""
_BLOCK: Final = 256
_MAX_TOKEN: Final = 60_000

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Continuation:
    """The search that a link goes on with, and from where."""

    pairs: Pairs
    cursor: Cursor


class Paging:
    """Makes the tokens of links to pages, and reads them. Nothing is kept: each page is a search of its own, decided anew."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock

    def token(self, requester: Requester, resource_type: str, going_on: Continuation) -> str:
        """The token of a page of a search, for this requester alone."""
        plain = orjson.dumps(
            {
                "pairs": going_on.pairs,
                "relation": going_on.cursor.relation,
                "place": going_on.cursor.place,
                "until": (self._clock() + LIFETIME).timestamp(),
            }
        )
        # The length of what is searched for says nothing either.
        padded = plain + b" " * (-len(plain) % _BLOCK)
        sealed = self._keyring.seal_cursor(padded, holder=_holder(requester, resource_type))
        return base64.urlsafe_b64encode(sealed).decode()

    def opened(self, token: str, requester: Requester, resource_type: str) -> Continuation:
        """What a token says. Raises InputError (410) for one that is no longer good, is not this requester's, or is none: all alike."""
        try:
            sealed = base64.b64decode(token[:_MAX_TOKEN], altchars=b"-_", validate=True)
            plain = self._keyring.open_cursor(sealed, holder=_holder(requester, resource_type))
        except (ContentUnreadable, binascii.Error, ValueError):
            raise _gone() from None
        found = orjson.loads(plain)
        if found["until"] <= self._clock().timestamp():
            raise _gone()
        pairs = [(name, value) for name, value in found["pairs"]]
        return Continuation(pairs, Cursor(found["relation"], tuple(found["place"])))


def _gone() -> InputError:
    return InputError([Issue("http._page", "page-expired")], status=410)


def _holder(requester: Requester, resource_type: str) -> str:
    asks_as = [requester.organization, requester.unit, requester.practitioner]
    named = [None if it is None else (it.system, it.value) for it in asks_as]
    return orjson.dumps([requester.client_id, named, resource_type]).decode()
