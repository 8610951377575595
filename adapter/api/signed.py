"""Signed tokens: a JWT (RFC 7519) in the compact form of RFC 7515, of which nothing is believed before its signature is verified."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import datetime
from typing import Final

from joserfc import errors as jose
from joserfc import jws, jwt

from adapter.api.keys import Keys
from adapter.domain.errors import TokenRefused

CLOCK_SKEW_SECONDS: Final = 10
_MAX_CHARACTERS: Final = 16_384
_REQUIRED: Final = ("iss", "aud", "exp")
_JTI: Final = re.compile(r"[!-~]{1,128}", re.ASCII)


class SignedToken:
    """A token as it was presented; raises TokenRefused (``token-malformed``) where it cannot be read."""

    def __init__(self, text: str) -> None:
        if len(text) > _MAX_CHARACTERS or not text.isascii():
            raise TokenRefused("token-malformed")
        try:
            self._signature = jws.extract_compact(text.encode())
            claims = json.loads(self._signature.payload)
        except (jose.JoseError, ValueError, TypeError, RecursionError):
            raise TokenRefused("token-malformed") from None
        if not isinstance(claims, dict):
            raise TokenRefused("token-malformed")
        self._claims: jwt.Claims = claims

    @property
    def issuer(self) -> str:
        """Whose token it says it is, to find the keys that must verify it; raises TokenRefused where it does not say."""
        if "iss" not in self._claims:
            raise TokenRefused("token-claim-missing")
        issuer = self._claims["iss"]
        if not isinstance(issuer, str):
            raise TokenRefused("token-iss")
        return issuer

    @property
    def has_kid(self) -> bool:
        """Whether its header names a key."""
        return "kid" in self._signature.headers()

    async def verified(
        self,
        keys: Keys,
        algorithms: Collection[str],
        *,
        audience: str,
        now: datetime,
        required: Collection[str],
    ) -> jwt.Claims:
        """The claims, once signature, times, audience and form hold; raises TokenRefused, and Unreachable without keys.

        ``audience`` must be the only one; ``iss``, ``aud``, ``exp`` and the ``required`` claims must be there. ``nbf`` and ``iat`` are
        obeyed where they are. How long it lives is the caller's to judge.
        """
        await self._verify(keys, algorithms)
        claims = self._claims
        options: dict[str, jwt.ClaimsOption] = {name: {"essential": True} for name in (*_REQUIRED, *required)}
        registry = jwt.JWTClaimsRegistry(now=int(now.timestamp()), leeway=CLOCK_SKEW_SECONDS, **options)
        try:
            registry.validate(claims)
        except jose.JoseError as error:
            raise TokenRefused(_code(error)) from None
        # RFC 7519 takes one audience out of several; ours must be the only one.
        if claims["aud"] not in (audience, [audience]):
            raise TokenRefused("token-aud")
        if "jti" in claims and not _is_jti(claims["jti"]):
            raise TokenRefused("token-jti")
        return claims

    async def _verify(self, keys: Keys, algorithms: Collection[str]) -> None:
        header = self._signature.headers()
        kid = header.get("kid")
        if not isinstance(header["alg"], str) or not isinstance(kid, str | None):
            raise TokenRefused("token-malformed")
        if header["alg"] not in algorithms:
            raise TokenRefused("token-algorithm")
        key = await keys.find(kid)
        try:
            key.check_alg(header["alg"])
            is_authentic = jws.validate_compact(self._signature, key, algorithms)
        except jose.JoseError:
            raise TokenRefused("token-key") from None
        except (ValueError, TypeError):
            raise TokenRefused("token-malformed") from None
        if not is_authentic:
            raise TokenRefused("token-signature")


def _is_jti(jti: object) -> bool:
    return isinstance(jti, str) and _JTI.fullmatch(jti) is not None


def _code(error: jose.JoseError) -> str:
    if isinstance(error, jose.ExpiredTokenError):
        return "token-expired"
    if isinstance(error, jose.MissingClaimError):
        return "token-claim-missing"
    return f"token-{error.claim}" if isinstance(error, jose.ClaimError) else "token-malformed"
