"""What every route does with a request: its id, its bounded body, its bearer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import structlog
from starlette.requests import Request

from adapter.api.certificate import TlsTerminator
from adapter.api.tokens import TokenVerifier
from adapter.domain.errors import InputError, Issue, TokenRefused
from adapter.domain.identity import ANY_DAY, names_person
from adapter.domain.log_codes import LogCode
from adapter.domain.requester import Requester

# It stands in log and audit: not one that could be a personal number.
_REQUEST_ID: Final = re.compile(r"(?!(\d{2})?\d{6}-?\d{4}$)[A-Za-z0-9._-]{1,64}", re.ASCII)
_log = structlog.get_logger()


def request_id(request: Request) -> str:
    """The caller's X-Request-Id if it is well formed, else a new one: the same for answer and audit."""
    if not hasattr(request.state, "id"):
        given = request.headers.get("x-request-id", "")
        is_usable = _REQUEST_ID.fullmatch(given) and not names_person(given, today=ANY_DAY)
        request.state.id = given if is_usable else str(uuid4())
    known: str = request.state.id
    return known


def caller(request: Request) -> str | None:
    """The network address from which a request came: of the proxy, if there is one in front."""
    return None if request.client is None else request.client.host


@dataclass(frozen=True, slots=True)
class Bearers:
    """Who asks, by the token of the request and the certificate that its connection showed."""

    verifier: TokenVerifier
    terminator: TlsTerminator

    async def bearer(self, request: Request, *, is_narrowed: bool = False) -> Requester:
        """The bearer of the request's token (RFC 6750, 2.1); raises TokenRefused, and Unreachable where keys cannot be had.

        A token with residual rules is good only where they are applied: ``is_narrowed`` says that they are.
        """
        try:
            thumbprint = self.terminator.thumbprint(request)
            requester = await self.verifier.verify(_token(request), thumbprint)
            if requester.residual is not None and not is_narrowed:
                raise TokenRefused("token-residual")
        except TokenRefused as refused:
            _log.warning(LogCode.TOKEN_REFUSED, code=refused.code)
            raise
        return requester


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise TokenRefused("token-missing")
    return token.strip()


async def bounded_body(request: Request, limit: int) -> bytes:
    """The body, read no further than ``limit`` bytes; raises InputError (413)."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise InputError([Issue("", "too-large")], status=413)
        parts.append(part)
    return b"".join(parts)
