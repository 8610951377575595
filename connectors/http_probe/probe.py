"""Asks a system for an answer that is nobody's: of a FHIR server its capabilities, of any other address its options."""

from __future__ import annotations

import httpx

from adapter.exchange.ports import DeliveryFailed


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
        try:
            async with request as response:
                return f"http-{response.status_code}"
        except httpx.TimeoutException:
            raise DeliveryFailed("timeout", transient=True) from None
        except httpx.ConnectError:
            raise DeliveryFailed("connect-failed", transient=True) from None
        except httpx.RequestError:
            raise DeliveryFailed("connection-lost", transient=True) from None
