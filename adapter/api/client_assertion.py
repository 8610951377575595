"""Client authentication by a signed assertion (RFC 7523; SMART App Launch 2, "Asymmetric client authentication")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from adapter.api.keys import Keys
from adapter.api.signed import CLOCK_SKEW_SECONDS, SignedToken
from adapter.domain.errors import TokenRefused
from adapter.domain.instants import Clock
from adapter.settings import Client
from adapter.store.assertions import spend
from adapter.store.database import Database
from adapter.store.keys import Keyring

ALGORITHMS: Final = ("RS384", "ES384")
_MAX_LIFETIME: Final = timedelta(minutes=5)
_SKEW: Final = timedelta(seconds=CLOCK_SKEW_SECONDS)


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A client that may ask for tokens, and the keys of its assertions."""

    client: Client
    keys: Keys


@dataclass(frozen=True, slots=True)
class ClientAssertions:
    """Authenticates the registered clients, keyed by their ids, by assertions made for ``audience``, each of which counts once."""

    clients: Mapping[str, RegisteredClient]
    audience: str
    database: Database
    keyring: Keyring
    clock: Clock

    async def authenticate(self, assertion: str) -> tuple[Client, Mapping[str, Any]]:
        """Whose assertion it is, and its claims; raises TokenRefused, and Unreachable where keys or database cannot be had."""
        signed = SignedToken(assertion)
        registered = self.clients.get(signed.issuer)
        if registered is None:
            raise TokenRefused("token-client")
        if not signed.has_kid:
            raise TokenRefused("token-key")
        now = self.clock()
        claims = await signed.verified(
            registered.keys, ALGORITHMS, audience=self.audience, now=now, required=("sub", "jti")
        )
        if claims["sub"] != claims["iss"]:
            raise TokenRefused("token-sub")
        if claims["exp"] > (now + _MAX_LIFETIME + _SKEW).timestamp():
            raise TokenRefused("token-lifetime")
        await self._spend(registered.client, claims["jti"], claims["exp"], now)
        return registered.client, claims

    async def _spend(self, client: Client, jti: str, expires: float, now: datetime) -> None:
        # The jti is the client's own text: kept as a keyed hash, whatever stands in it.
        key = self.keyring.record_id("client-assertion", client.id, jti)
        # Longer than any rounding of what is still accepted.
        until = datetime.fromtimestamp(expires, UTC) + 2 * _SKEW
        if not await self.database.write(partial(spend, key=key, expires_at=until, now=now)):
            raise TokenRefused("token-replayed")
