"""The client certificate of a connection whose TLS ends in a proxy before us, in the header of RFC 9440."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from starlette.requests import Request

from adapter.domain.errors import TokenRefused

_HEADER: Final = "client-cert"
_MAX_CHARACTERS: Final = 16_384


class TlsTerminator:
    """The proxies that may say which certificate a client showed. ``sources`` are their addresses, as they connect to us."""

    def __init__(self, sources: Sequence[IPv4Network | IPv6Network]) -> None:
        self._sources = tuple(sources)

    def thumbprint(self, request: Request) -> str | None:
        """The SHA-256 thumbprint of the client's certificate, base64url (RFC 8705, 3.1); None if the client showed none.

        Raises TokenRefused for the header from anywhere else (``certificate-untrusted``) and for one that is not one certificate.
        """
        if _HEADER not in request.headers:
            return None
        if request.client is None or not self._is_trusted(request.client.host):
            raise TokenRefused("certificate-untrusted")
        stated = request.headers.getlist(_HEADER)
        if len(stated) != 1:
            raise TokenRefused("certificate-malformed")
        digest = hashlib.sha256(_der(stated[0].strip())).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _is_trusted(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in source for source in self._sources)


def _der(text: str) -> bytes:
    """The bytes of a byte sequence (RFC 8941, 3.3.5): base64 between colons."""
    if not 2 < len(text) <= _MAX_CHARACTERS or text[0] != ":" or text[-1] != ":":
        raise TokenRefused("certificate-malformed")
    try:
        return base64.b64decode(text[1:-1], validate=True)
    except binascii.Error:
        raise TokenRefused("certificate-malformed") from None
