"""The token endpoint for system clients: client_credentials with a signed assertion (RFC 6749, 4.4; SMART Backend Services)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adapter.api.access_tokens import AccessTokens
from adapter.api.certificate import TlsTerminator
from adapter.api.client_assertion import ALGORITHMS, ClientAssertions
from adapter.api.iua import Extensions, extensions_of, requester_of
from adapter.api.request import bounded_body, caller, request_id
from adapter.api.witness import TurnedAway, Witness, turned_away
from adapter.domain.errors import InputError, SambroError, TokenRefused
from adapter.domain.log_codes import LogCode
from adapter.domain.scopes import covers
from adapter.exchange.issuance import Issuance
from adapter.settings import Client

LIFETIME: Final = timedelta(minutes=5)
PATH: Final = "/oauth/token"
_KEYS_PATH: Final = "/oauth/jwks"
_CONFIGURATION: Final = ".well-known/smart-configuration"
_FORM: Final = "application/x-www-form-urlencoded"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_GRANT: Final = "client_credentials"
_MAX_BYTES: Final = 32_768
_MAX_FIELDS: Final = 20
_ERRORS: Final = {401: "invalid_client", 500: "server_error", 503: "temporarily_unavailable"}
_HEADERS: Final = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}
_log = structlog.get_logger()


class GrantRefused(SambroError):
    """A request for a token that is not granted; ``code`` is one of RFC 6749, 5.2."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """The routes of our own authorization server. ``base`` is our public URL, ``jwks`` the public keys of its tokens, ``scopes`` those that
    some client may be given.
    """

    base: str
    assertions: ClientAssertions
    tokens: AccessTokens
    jwks: Mapping[str, Any]
    scopes: Sequence[str]
    terminator: TlsTerminator
    issuance: Issuance
    witness: Witness

    def routes(self) -> list[Route]:
        """The routes, to be added before those of ``/fhir``, which take every path beneath it."""
        return [
            Route(PATH, self._token, methods=["POST"]),
            Route(_KEYS_PATH, self._keys, methods=["GET"]),
            Route(f"/{_CONFIGURATION}", self._configuration, methods=["GET"]),
            Route(f"/fhir/{_CONFIGURATION}", self._configuration, methods=["GET"]),
        ]

    async def _token(self, request: Request) -> Response:
        try:
            return _json(await self._granted(request), 200)
        except ClientDisconnect:
            raise
        except GrantRefused as refused:
            _log.warning(LogCode.TOKEN_REFUSED, code=refused.code)
            return await self._refused(request, TurnedAway(400, [refused.code]))
        except Exception as error:
            if isinstance(error, TokenRefused):
                _log.warning(LogCode.TOKEN_REFUSED, code=error.code)
            return await self._refused(request, turned_away(error, request_id(request), {}))

    async def _refused(self, request: Request, refused: TurnedAway) -> Response:
        status = await self.witness.saw(request, refused.status, refused.codes)
        return _json({"error": _ERRORS.get(status, refused.codes[0])}, status, _HEADERS.get(status))

    async def _granted(self, request: Request) -> dict[str, Any]:
        form = await _form(request)
        assertion = _assertion(request, form)
        client, stated = await self.assertions.authenticate(assertion)
        if form.get("client_id", client.id) != client.id:
            raise TokenRefused("token-client")
        scopes = frozenset(form.get("scope", "").split())
        if not scopes or not covers(client.scopes, scopes):
            raise GrantRefused("invalid_scope")
        thumbprint = self.terminator.thumbprint(request)
        if client.is_certificate_bound and thumbprint is None:
            raise TokenRefused("certificate-missing")
        claims = self.tokens.claims(client, scopes, _narrowed(client, stated), LIFETIME, thumbprint)
        # What would be refused when it is presented is not given out.
        requester_of(client, claims)
        asked_as, asked_from = request_id(request), caller(request)
        await self.issuance.record(client.id, claims["jti"], scopes, asked_as, asked_from)
        _log.info(LogCode.TOKEN_ISSUED, client=client.id)
        return {
            "access_token": self.tokens.signed(claims),
            "token_type": "bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "scope": claims["scope"],
        }

    async def _keys(self, _request: Request) -> Response:
        return _json(self.jwks, 200, {"Cache-Control": "public, max-age=300"})

    async def _configuration(self, _request: Request) -> Response:
        """SMART App Launch 2, "Conformance". No code is ever granted here; ``code_challenge_methods_supported`` is required all the same."""
        configuration = {
            "issuer": self.tokens.issuer,
            "jwks_uri": f"{self.base}{_KEYS_PATH}",
            "token_endpoint": f"{self.base}{PATH}",
            "grant_types_supported": [_GRANT],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "scopes_supported": list(self.scopes),
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["client-confidential-asymmetric", "permission-v2"],
        }
        return _json(configuration, 200, {"Cache-Control": "public, max-age=300"})


async def _form(request: Request) -> dict[str, str]:
    """The fields of the form (RFC 6749, 3.2): each at most once, in the body alone."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _FORM:
        raise GrantRefused("invalid_request")
    try:
        body = await bounded_body(request, _MAX_BYTES)
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS
        )
    except (InputError, ValueError):
        raise GrantRefused("invalid_request") from None
    if len(dict(pairs)) < len(pairs):
        raise GrantRefused("invalid_request")
    # A field without a value counts as omitted (RFC 6749, 3.2).
    return {name: value for name, value in pairs if value}


def _assertion(request: Request, form: Mapping[str, str]) -> str:
    """The client's assertion, its only means of authentication."""
    if "grant_type" not in form:
        raise GrantRefused("invalid_request")
    if form["grant_type"] != _GRANT:
        raise GrantRefused("unsupported_grant_type")
    if "authorization" in request.headers or "client_secret" in form:
        raise GrantRefused("invalid_request")
    if form.get("client_assertion_type") != _ASSERTION or "client_assertion" not in form:
        raise GrantRefused("invalid_request")
    return form["client_assertion"]


def _narrowed(client: Client, stated: Mapping[str, Any]) -> Extensions:
    """What the token claims: all that the client may, less what its assertion states itself (``extensions``, as in a token)."""
    extensions = stated.get("extensions", {})
    if not isinstance(extensions, dict) or not all(
        isinstance(section, dict) for section in extensions.values()
    ):
        raise TokenRefused("token-extensions")
    pinned = extensions_of(client)
    return {name: {**pinned.get(name, {}), **extensions.get(name, {})} for name in {**pinned, **extensions}}


def _json(content: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> Response:
    held = {"Cache-Control": "no-store", "Pragma": "no-cache", **(headers or {})}
    return Response(orjson.dumps(content), status, held, "application/json")
