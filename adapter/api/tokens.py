"""Bearer tokens (RFC 6750): whose they are, and that whoever presents a certificate-bound one holds the certificate (RFC 8705)."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from adapter.api.iua import requester_of
from adapter.api.keys import Keys
from adapter.api.signed import SignedToken
from adapter.domain.errors import TokenRefused
from adapter.domain.instants import Clock
from adapter.domain.requester import Requester
from adapter.settings import Client

_ALGORITHMS: Final = ("RS256", "RS384", "ES256", "ES384")
_MAX_CACHED: Final = 4_096
_THUMBPRINT: Final = "x5t#S256"


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer of access tokens that is trusted: its ``iss``, the ``aud`` that names us, its keys, the clients that it may speak for, by
    their ids, and how long a token of its may live from ``iat`` to ``exp``.
    """

    name: str
    audience: str
    keys: Keys
    clients: Mapping[str, Client]
    max_lifetime: timedelta


@dataclass(frozen=True, slots=True)
class _Verified:
    requester: Requester
    thumbprint: str | None
    expires: float


class TokenVerifier:
    """Verifies the access tokens of trusted issuers and holds each client to what it may claim. What was verified is kept until it expires."""

    def __init__(self, issuers: Iterable[Issuer], clock: Clock) -> None:
        self._issuers = {issuer.name: issuer for issuer in issuers}
        self._clock = clock
        self._kept: OrderedDict[bytes, _Verified] = OrderedDict()

    async def verify(self, token: str, thumbprint: str | None = None) -> Requester:
        """The bearer of a token; raises TokenRefused, and Unreachable where the issuer's keys cannot be had.

        ``thumbprint`` is that of the client certificate of the connection, base64url of its SHA-256 (RFC 8705, 3.1), or None.
        """
        digest = hashlib.sha256(token.encode(errors="replace")).digest()
        verified = self._kept.get(digest)
        if verified is None or self._clock().timestamp() >= verified.expires:
            verified = await self._verified(token)
            self._keep(digest, verified)
        if verified.thumbprint is not None and verified.thumbprint != thumbprint:
            raise TokenRefused("certificate-missing" if thumbprint is None else "certificate-mismatch")
        return verified.requester

    def _keep(self, digest: bytes, verified: _Verified) -> None:
        self._kept[digest] = verified
        self._kept.move_to_end(digest)
        if len(self._kept) > _MAX_CACHED:
            self._kept.popitem(last=False)

    async def _verified(self, token: str) -> _Verified:
        signed = SignedToken(token)
        issuer = self._issuers.get(signed.issuer)
        if issuer is None:
            raise TokenRefused("token-iss")
        claims = await signed.verified(
            issuer.keys, _ALGORITHMS, audience=issuer.audience, now=self._clock(), required=("iat", "jti")
        )
        if claims["iat"] < 0:
            raise TokenRefused("token-iat")
        if claims["exp"] > claims["iat"] + issuer.max_lifetime.total_seconds():
            raise TokenRefused("token-lifetime")
        client = _client(issuer, claims.get("client_id"))
        thumbprint = _thumbprint(claims)
        if client.is_certificate_bound and thumbprint is None:
            raise TokenRefused("token-unbound")
        return _Verified(requester_of(client, claims), thumbprint, claims["exp"])


def confirmation(thumbprint: str) -> dict[str, str]:
    """The ``cnf`` claim of a token that is bound to a certificate (RFC 8705, 3.1)."""
    return {_THUMBPRINT: thumbprint}


def _client(issuer: Issuer, client_id: object) -> Client:
    client = issuer.clients.get(client_id) if isinstance(client_id, str) else None
    if client is None:
        raise TokenRefused("token-client")
    return client


def _thumbprint(claims: Mapping[str, Any]) -> str | None:
    """The certificate that the token is bound to. Another confirmation method (RFC 7800, 3.1) is none that we could hold a bearer to."""
    if "cnf" not in claims:
        return None
    stated = claims["cnf"]
    thumbprint = stated.get(_THUMBPRINT) if isinstance(stated, dict) and len(stated) == 1 else None
    if not isinstance(thumbprint, str):
        raise TokenRefused("token-cnf")
    return thumbprint
