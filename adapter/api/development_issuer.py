"""The development issuer: access tokens for the configured clients where ``dev_issuer: true``, never in operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from joserfc.jwk import ECKey

from adapter.api.access_tokens import AccessTokens
from adapter.api.iua import extensions_of
from adapter.domain.identity import Identifier
from adapter.domain.instants import Clock
from adapter.settings import Client

LIFETIME: Final = timedelta(hours=12)


class DevelopmentIssuer:
    """Mints access tokens for the configured clients, ES384, twelve hours: for development and the demonstration only.

    ``new_id`` gives a new unique ``jti`` at each call.
    """

    def __init__(
        self,
        key: ECKey,
        issuer: str,
        audience: str,
        clients: Mapping[str, Client],
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._tokens = AccessTokens(key, issuer, audience, clock, new_id)
        self._key = key
        self._clients = clients

    def jwks(self) -> dict[str, Any]:
        """The public key as a JWKS, for whom verifies."""
        return {"keys": [self._key.as_dict(private=False)]}

    def mint(self, client_id: str, practitioner: Identifier | None = None) -> str:
        """A token that claims all that the client may, for ``practitioner`` if one is named.

        Raises KeyError for a client that is not configured.
        """
        client = self._clients[client_id]
        claims = self._tokens.claims(client, client.scopes, extensions_of(client, practitioner), LIFETIME)
        return self._tokens.signed(claims)


def development_key(path: Path) -> ECKey:
    """The development issuer's key (P-384, PEM), made at first use, readable by its owner only."""
    if path.exists():
        return ECKey.import_key(path.read_bytes())
    key = ECKey.generate_key("P-384")
    path.touch(0o600, exist_ok=False)
    path.write_bytes(key.as_pem(private=True))
    return key
