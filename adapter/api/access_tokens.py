"""Access tokens of our own: JWTs that claim what a client of ``sambro.yaml`` may."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import ECKey

from adapter.api.iua import Extensions
from adapter.api.tokens import confirmation
from adapter.domain.instants import Clock
from adapter.settings import Client

_ALGORITHM: Final = "ES384"


class AccessTokens:
    """Signs access tokens, ES384, with one key (P-384). ``new_id`` gives a new unique ``jti`` at each call."""

    def __init__(
        self, key: ECKey, issuer: str, audience: str, clock: Clock, new_id: Callable[[], str]
    ) -> None:
        key.ensure_kid()
        self._key = key
        self.issuer = issuer
        self._audience = audience
        self._clock = clock
        self._new_id = new_id

    def claims(
        self,
        client: Client,
        scopes: Collection[str],
        extensions: Extensions,
        lifetime: timedelta,
        thumbprint: str | None = None,
    ) -> dict[str, Any]:
        """The claims of a new token; ``thumbprint`` binds it to a certificate (RFC 8705, 3.1)."""
        issued = int(self._clock().timestamp())
        bound = {} if thumbprint is None else {"cnf": confirmation(thumbprint)}
        return {
            "iss": self.issuer,
            "aud": self._audience,
            "iat": issued,
            "exp": issued + int(lifetime.total_seconds()),
            "jti": self._new_id(),
            "sub": client.id,
            "client_id": client.id,
            "scope": " ".join(sorted(scopes)),
            "extensions": extensions,
            **bound,
        }

    def signed(self, claims: dict[str, Any]) -> str:
        """The token."""
        return jwt.encode(
            {"alg": _ALGORITHM, "kid": self._key.kid}, claims, self._key, algorithms=[_ALGORITHM]
        )
