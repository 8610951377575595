"""The development issuer: access tokens for the configured clients where ``dev_issuer: true``, never in operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import ECKey

from adapter.domain.identity import Identifier
from adapter.domain.instants import Clock
from adapter.domain.purposes import ACT_REASON
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
        key.ensure_kid()
        self._key = key
        self._issuer = issuer
        self._audience = audience
        self._clients = clients
        self._clock = clock
        self._new_id = new_id

    def jwks(self) -> dict[str, Any]:
        """The public key as a JWKS, for a TokenVerifier."""
        return {"keys": [self._key.as_dict(private=False)]}

    def mint(self, client_id: str) -> str:
        """A token that claims all that the client may; raises KeyError for a client that is not configured."""
        client = self._clients[client_id]
        issued = int(self._clock().timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": issued,
            "exp": issued + int(LIFETIME.total_seconds()),
            "jti": self._new_id(),
            "sub": client.id,
            "client_id": client.id,
            "scope": " ".join(sorted(client.scopes)),
            "extensions": _extensions(client),
        }
        return jwt.encode({"alg": "ES384", "kid": self._key.kid}, claims, self._key, algorithms=["ES384"])


def _extensions(client: Client) -> dict[str, Any]:
    iua = {
        "subject_organization_id": _written(client.organization),
        "purpose_of_use": [{"system": ACT_REASON, "code": purpose} for purpose in client.purposes],
        "subject_role": [{"system": system, "code": code} for system, code in client.roles],
    }
    sambro = {} if client.unit is None else {"unit": _written(client.unit)}
    return {"ihe_iua": iua, "sambro": sambro}


def _written(identifier: Identifier) -> str:
    return f"{identifier.system}|{identifier.value}"


def development_key(path: Path) -> ECKey:
    """The development issuer's key (P-384, PEM), made at first use, readable by its owner only."""
    if path.exists():
        return ECKey.import_key(path.read_bytes())
    key = ECKey.generate_key("P-384")
    path.touch(0o600, exist_ok=False)
    path.write_bytes(key.as_pem(private=True))
    return key
