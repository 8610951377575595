"""An OpenID provider at which administrators sign in: OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
import orjson

from adapter.api.bounded import read_bounded
from adapter.api.keys import PublishedKeys
from adapter.api.signed import SignedToken
from adapter.domain.errors import TokenRefused, Unreachable
from adapter.domain.instants import Clock

PATH: Final = "/.well-known/openid-configuration"
_ALGORITHMS: Final = ("RS256", "RS384", "ES256", "ES384")
_FETCH_SECONDS: Final = 5.0
_MAX_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class _Metadata:
    authorization_endpoint: str
    token_endpoint: str
    keys: PublishedKeys


@dataclass
class OpenIdProvider:
    """One provider, as its client knows it; implements ``exchange.single_sign_on.IdentityProvider``.

    ``issuer`` is its identifier, exactly as its tokens state it; where else it answers is fetched from there once
    (OpenID Connect Discovery 1.0). ``redirect_uri`` is where it sends browsers back to.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    client: httpx.AsyncClient
    clock: Clock
    _metadata: _Metadata | None = None

    async def authorization_url(self, state: str, nonce: str, verifier: str) -> str:
        """Where a browser is to go (OpenID Connect Core, 3.1.2.1). Raises Unreachable."""
        endpoint = (await self._known()).authorization_endpoint
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": _base64url(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    async def claims(self, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        """The claims of the ID token that a code is good for (3.1.3). Raises TokenRefused, Unreachable."""
        known = await self._known()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        # RFC 6749, 2.3.1: id and secret are encoded before they are put together.
        secret = (quote_plus(self.client_id), quote_plus(self.client_secret))
        answer = await self._asked("POST", known.token_endpoint, data=form, auth=secret)
        return await self._verified(answer.get("id_token"), known.keys, nonce)

    async def _verified(self, id_token: object, keys: PublishedKeys, nonce: str) -> Mapping[str, Any]:
        """OpenID Connect Core, 3.1.3.7; the only audience must be ours."""
        signed = SignedToken(id_token if isinstance(id_token, str) else "")
        if signed.issuer != self.issuer:
            raise TokenRefused("token-iss")
        claims = await signed.verified(
            keys,
            _ALGORITHMS,
            audience=self.client_id,
            now=self.clock(),
            required=("sub", "iat", "nonce"),
        )
        if claims["nonce"] != nonce:
            raise TokenRefused("token-nonce")
        if claims.get("azp", self.client_id) != self.client_id:
            raise TokenRefused("token-azp")
        return claims

    async def _known(self) -> _Metadata:
        if self._metadata is None:
            stated = await self._asked("GET", self.issuer.rstrip("/") + PATH)
            if stated.get("issuer") != self.issuer:
                raise Unreachable("provider-issuer")
            self._metadata = _Metadata(
                self._url(stated, "authorization_endpoint"),
                self._url(stated, "token_endpoint"),
                PublishedKeys(self._url(stated, "jwks_uri"), self.client),
            )
        return self._metadata

    def _url(self, metadata: Mapping[str, Any], name: str) -> str:
        # As the issuer is: none over https sends our secret or a browser anywhere in the clear.
        stated = metadata.get(name)
        if not isinstance(stated, str) or urlsplit(stated).scheme not in (
            "https",
            urlsplit(self.issuer).scheme,
        ):
            raise Unreachable("provider-unreadable")
        return stated

    async def _asked(self, method: str, url: str, **more: Any) -> Mapping[str, Any]:
        """A JSON object; raises Unreachable, and TokenRefused where the provider refuses the code."""
        try:
            async with (
                asyncio.timeout(_FETCH_SECONDS),
                self.client.stream(
                    method, url, headers={"Accept": "application/json"}, follow_redirects=False, **more
                ) as answer,
            ):
                body = await read_bounded(answer, _MAX_BYTES, "provider-unreadable")
        except (httpx.HTTPError, TimeoutError):
            raise Unreachable("provider-unreachable") from None
        if method == "POST" and answer.status_code == httpx.codes.BAD_REQUEST:
            raise TokenRefused("code-refused")
        if answer.status_code != httpx.codes.OK:
            raise Unreachable("provider-refused")
        return _object(body)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        read = None
    if not isinstance(read, dict):
        raise Unreachable("provider-unreadable")
    return read


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
