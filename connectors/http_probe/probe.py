"""Asks a system for an answer that is nobody's: of a FHIR server its capabilities, of any other address its options."""

from __future__ import annotations

import httpx

from connectors.http_attempt import passing_failures


class HttpProbe:
    """exchange.ports.Tester for one address.

    ``method`` is one that changes nothing (RFC 9110, 9.2.1: GET, OPTIONS), ``token`` the bearer token that the system gave us, empty for none.
    """

    def __init__(self, client: httpx.AsyncClient, method: str, url: str, *, token: str) -> None:
        self._client = client
        self._method = method
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def test(self) -> str:
        """``http-nnn`` of whatever answers; raises DeliveryFailed: ``timeout``, ``connect-failed``, ``connection-lost``."""
        # A redirect could lead to another host, which no agreement names.
        request = self._client.stream(self._method, self._url, headers=self._headers, follow_redirects=False)
        with passing_failures():
            async with request as response:
                return f"http-{response.status_code}"
