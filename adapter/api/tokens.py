"""Bearer tokens: who asks, read from a verified JWT (RFC 7519) with the claims of IHE IUA (ITI-71, JWT token option).

Organisation, unit and practitioner are written ``system|value``, the notation of a FHIR token parameter, in
``extensions.ihe_iua.subject_organization_id``, ``extensions.sambro.unit`` and ``extensions.ihe_iua.national_provider_identifier``.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final, cast

from joserfc import errors as jose
from joserfc import jwt
from joserfc.jwk import GuestProtocol, Key, KeySet, KeySetSerialization

from adapter.domain.errors import IdentityError, SambroError
from adapter.domain.identity import Identifier, parse_organization_id
from adapter.domain.instants import Clock
from adapter.domain.purposes import ACT_REASON, EMERGENCY_PURPOSES
from adapter.domain.requester import Requester
from adapter.domain.scopes import covers
from adapter.settings import Client

_ALGORITHMS: Final = ("RS256", "RS384", "ES256", "ES384")
_CLOCK_SKEW_SECONDS: Final = 10
_MAX_TOKEN_CHARACTERS: Final = 16_384
_MAX_CACHED: Final = 4_096
_MAX_CODINGS: Final = 20
_JTI: Final = re.compile(r"[!-~]{1,128}", re.ASCII)


class TokenRefused(SambroError):
    """A token that is not accepted. ``code`` is for the log and the audit; the caller learns no more than 401."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class TokenVerifier:
    """Verifies the access tokens of one issuer and holds each client to what it may claim.

    ``keys`` is the issuer's JWKS (RFC 7517 section 5), each key with a ``kid`` of its own; ``clients`` are keyed by client id. A token may
    live ``max_lifetime`` from ``iat`` to ``exp`` at most. What was verified is kept until it expires.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        keys: Mapping[str, Any],
        clients: Mapping[str, Client],
        clock: Clock,
        *,
        max_lifetime: timedelta = timedelta(minutes=5),
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = KeySet.import_key_set(cast(KeySetSerialization, keys))
        self._clients = clients
        self._clock = clock
        self._max_lifetime = max_lifetime
        self._verified: OrderedDict[bytes, tuple[float, Requester]] = OrderedDict()

    def verify(self, token: str) -> Requester:
        """The bearer of a token; raises TokenRefused.

        A purpose of emergency access (BTG, ETREAT) is kept, whatever the client may claim: the use case refuses it and alerts.
        """
        if len(token) > _MAX_TOKEN_CHARACTERS or not token.isascii():
            raise TokenRefused("token-malformed")
        digest = hashlib.sha256(token.encode()).digest()
        expires, requester = self._verified.get(digest, (0.0, None))
        if requester is not None and self._clock().timestamp() < expires:
            return requester
        claims = self._claims(token)
        requester = self._requester(claims)
        self._remember(digest, claims["exp"], requester)
        return requester

    def _remember(self, digest: bytes, expires: float, requester: Requester) -> None:
        self._verified[digest] = (expires, requester)
        self._verified.move_to_end(digest)
        if len(self._verified) > _MAX_CACHED:
            self._verified.popitem(last=False)

    def _claims(self, token: str) -> jwt.Claims:
        try:
            claims = jwt.decode(token, self._key, algorithms=_ALGORITHMS).claims
            self._registry().validate(claims)
        except jose.JoseError as error:
            raise TokenRefused(_code(error)) from None
        except (ValueError, TypeError, RecursionError):
            raise TokenRefused("token-malformed") from None
        # The registry takes an audience out of several; ours must be the only one.
        if claims["aud"] not in (self._audience, [self._audience]):
            raise TokenRefused("token-aud")
        if claims["exp"] > claims["iat"] + self._max_lifetime.total_seconds():
            raise TokenRefused("token-lifetime")
        if not _JTI.fullmatch(claims["jti"]):
            raise TokenRefused("token-jti")
        return claims

    def _registry(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=_CLOCK_SKEW_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            iat={"essential": True},
            jti={"essential": True},
        )

    def _key(self, token: GuestProtocol) -> Key:
        kid = token.headers().get("kid")
        matching = [key for key in self._keys if kid in (key.kid, None)]
        if len(matching) != 1:
            raise jose.InvalidKeyIdError("the kid must match exactly one key")
        return matching[0]

    def _requester(self, claims: jwt.Claims) -> Requester:
        client = self._client(claims.get("client_id"))
        iua = _section(claims, "ihe_iua")
        requester = Requester(
            client_id=client.id,
            organization=_organization(iua),
            unit=_identifier(_section(claims, "sambro").get("unit"), "token-unit"),
            practitioner=_identifier(iua.get("national_provider_identifier"), "token-practitioner"),
            roles=tuple(_codings(iua, "subject_role", "token-role")),
            purposes=tuple(_purposes(iua)),
            scopes=_scopes(claims.get("scope", "")),
            jti=claims["jti"],
        )
        _hold_to(client, requester)
        return requester

    def _client(self, client_id: object) -> Client:
        client = self._clients.get(client_id) if isinstance(client_id, str) else None
        if client is None:
            raise TokenRefused("token-client")
        return client


def _code(error: jose.JoseError) -> str:
    if isinstance(error, jose.ExpiredTokenError):
        return "token-expired"
    if isinstance(error, jose.MissingClaimError):
        return "token-claim-missing"
    if isinstance(error, jose.ClaimError):
        return f"token-{error.claim}"
    if isinstance(error, jose.UnsupportedAlgorithmError):
        return "token-algorithm"
    if isinstance(error, jose.InvalidKeyIdError):
        return "token-key"
    return "token-signature" if isinstance(error, jose.BadSignatureError) else "token-malformed"


def _hold_to(client: Client, requester: Requester) -> None:
    """Raise TokenRefused where a token claims more than its client may."""
    if requester.organization != client.organization:
        raise TokenRefused("token-organization")
    if client.unit is not None and requester.unit != client.unit:
        raise TokenRefused("token-unit")
    if not set(requester.purposes) <= {*client.purposes, *EMERGENCY_PURPOSES}:
        raise TokenRefused("token-purpose")
    if not set(requester.roles) <= set(client.roles):
        raise TokenRefused("token-role")
    if not covers(client.scopes, requester.scopes):
        raise TokenRefused("token-scope")


def _section(claims: jwt.Claims, name: str) -> dict[str, Any]:
    extensions = claims.get("extensions", {})
    section = extensions.get(name, {}) if isinstance(extensions, dict) else None
    if not isinstance(section, dict):
        raise TokenRefused("token-extensions")
    return section


def _organization(iua: Mapping[str, Any]) -> Identifier:
    identifier = _identifier(iua.get("subject_organization_id"), "token-organization")
    if identifier is None:
        raise TokenRefused("token-organization")
    return identifier


def _identifier(value: object, code: str) -> Identifier | None:
    """An identifier written ``system|value``; None where nothing is written."""
    if value is None:
        return None
    system, bar, text = value.partition("|") if isinstance(value, str) else ("", "", "")
    if not bar:
        raise TokenRefused(code)
    try:
        return parse_organization_id(text, system=system)
    except IdentityError:
        raise TokenRefused(code) from None


def _codings(iua: Mapping[str, Any], claim: str, code: str) -> Iterator[tuple[str, str]]:
    codings = iua.get(claim, [])
    if not isinstance(codings, list) or len(codings) > _MAX_CODINGS:
        raise TokenRefused(code)
    for coding in codings:
        pair = (coding.get("system"), coding.get("code")) if isinstance(coding, dict) else (None, None)
        if not isinstance(pair[0], str) or not isinstance(pair[1], str):
            raise TokenRefused(code)
        yield pair[0], pair[1]


def _purposes(iua: Mapping[str, Any]) -> Iterator[str]:
    for system, purpose in _codings(iua, "purpose_of_use", "token-purpose"):
        if system != ACT_REASON:
            raise TokenRefused("token-purpose")
        yield purpose


def _scopes(value: object) -> frozenset[str]:
    if not isinstance(value, str):
        raise TokenRefused("token-scope")
    return frozenset(value.split())
