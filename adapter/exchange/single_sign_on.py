"""Administrators sign in at an identity provider: what they may see is what it says of them, held to what there is."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

import orjson

from adapter.domain.errors import ContentUnreadable, TokenRefused
from adapter.domain.identity import names_person
from adapter.domain.instants import Clock, stockholm_date
from adapter.exchange.administrators import ELSEWHERE, Administrator, SignIn, is_usable_name
from adapter.store.keys import Keyring

LASTS: Final = timedelta(minutes=10)
_HOLDER: Final = "console-sign-in"
_EVERY_PARTY: Final = "*"
_LONGEST_ONWARD: Final = 1500
"""Octets: a browser keeps no cookie over 4096 (RFC 6265, 6.1), and drops the whole of it without a word."""


class IdentityProvider(Protocol):
    """Who vouches for administrators."""

    async def authorization_url(self, state: str, nonce: str, verifier: str) -> str:
        """Where a browser is to go to sign in; ``verifier`` is told as its hash only. Raises Unreachable."""
        ...

    async def claims(self, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        """What the provider says of whom it sent back with a code. Raises TokenRefused, Unreachable."""
        ...


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun: where the browser is to go, and what it keeps until it comes back."""

    url: str
    kept: str


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """``name_claim`` tells administrators apart; ``rights_claim`` lists parties as ``<agreement URI>#<party id>``, or ``*`` for the
    operator. ``parties``: those that there are, as pairs of agreement and party.
    """

    provider: IdentityProvider
    sign_in: SignIn
    keyring: Keyring
    clock: Clock
    name_claim: str
    rights_claim: str
    parties: Collection[tuple[str, str]]

    async def begin(self, onward: str) -> Begun:
        """Begin; ``onward`` is the page that was wanted, forgotten if its address is too long to keep. Raises Unreachable."""
        if len(orjson.dumps(onward)) > _LONGEST_ONWARD:
            onward = ""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        until = (self.clock() + LASTS).timestamp()
        plain = orjson.dumps([state, nonce, verifier, onward, until])
        kept = self.keyring.seal_cursor(plain, holder=_HOLDER).hex()
        return Begun(await self.provider.authorization_url(state, nonce, verifier), kept)

    async def finish(self, kept: str, state: str, code: str, caller: str | None = None) -> tuple[str, str]:
        """The token of a new session, and the page that was wanted, for a browser that came back with what it had kept.

        Raises SignInRefused, with an audit row, and Unreachable.
        """
        try:
            nonce, verifier, onward = self._opened(kept, state)
            if not code:
                raise TokenRefused("sign-in-declined")
            account = self._account(await self.provider.claims(code, nonce, verifier))
        except TokenRefused:
            await self.sign_in.refuse(caller)
        return await self.sign_in.admit(account, caller), onward

    def _opened(self, kept: str, state: str) -> tuple[str, str, str]:
        try:
            plain = self.keyring.open_cursor(bytes.fromhex(kept), holder=_HOLDER)
        except (ContentUnreadable, ValueError):
            raise TokenRefused("sign-in-not-begun") from None
        begun, nonce, verifier, onward, until = orjson.loads(plain)
        if not hmac.compare_digest(begun.encode(), state.encode()):
            raise TokenRefused("sign-in-state")
        if self.clock().timestamp() >= until:
            raise TokenRefused("sign-in-late")
        return nonce, verifier, onward

    def _account(self, claims: Mapping[str, Any]) -> Administrator:
        name, stated = claims.get(self.name_claim), claims.get(self.rights_claim)
        words = [word for word in stated if isinstance(word, str)] if isinstance(stated, list) else []
        views = frozenset(pair for pair in self.parties if "#".join(pair) in words)
        if not isinstance(name, str) or not self._may_be_called(name):
            raise TokenRefused("sign-in-name")
        if _EVERY_PARTY in words:
            return Administrator(ELSEWHERE + name, None)
        if not views:
            raise TokenRefused("sign-in-no-rights")
        return Administrator(ELSEWHERE + name, views)

    def _may_be_called(self, name: str) -> bool:
        # The name stands in pages and in the audit's events: some providers' sub is a personnummer.
        today = stockholm_date(self.clock())
        return is_usable_name(ELSEWHERE + name) and not names_person(name, today=today)
