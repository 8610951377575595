"""Posts notices of alerts as JSON, signed as Standard Webhooks says (https://www.standardwebhooks.com), or with a bearer token."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

import httpx
import orjson

from adapter.domain.instants import Clock, as_instant
from adapter.exchange.ports import AlertNotice, DeliveryFailed
from connectors.http_attempt import passing_failures

_DEADLINE_SECONDS = 10.0


class WebhookTeller:
    """exchange.ports.Teller for one address.

    ``secret`` signs each body (HMAC-SHA256), ``token`` is sent as a bearer token; either may be empty.
    """

    def __init__(self, client: httpx.AsyncClient, url: str, clock: Clock, *, secret: str, token: str) -> None:
        self._client = client
        self._url = url
        self._clock = clock
        self._secret = secret.encode()
        self._token = token

    async def tell(self, notice: AlertNotice) -> None:
        """Post it; any status of 2xx means taken. Every failure passes, as an address that is wrong today is mended tomorrow.

        Raises DeliveryFailed: ``http-nnn``, ``timeout``, ``connect-failed``, ``connection-lost``.
        """
        body = orjson.dumps(_body(notice))
        with passing_failures():
            async with self._client.stream(
                "POST",
                self._url,
                content=body,
                headers=self._headers(notice.id, body),
                follow_redirects=False,
                timeout=_DEADLINE_SECONDS,
            ) as answer:
                status = answer.status_code
        if status // 100 != 2:
            raise DeliveryFailed(f"http-{status}", transient=True)

    def _headers(self, notice_id: str, body: bytes) -> dict[str, str]:
        at = str(int(self._clock().timestamp()))
        headers = {"Content-Type": "application/json", "webhook-id": notice_id, "webhook-timestamp": at}
        if self._secret:
            signed = b".".join((notice_id.encode(), at.encode(), body))
            digest = hmac.digest(self._secret, signed, hashlib.sha256)
            headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers


def _body(notice: AlertNotice) -> dict[str, object]:
    return {
        "type": f"alert.{notice.event}",
        "timestamp": as_instant(notice.made_at),
        "data": {
            "id": notice.alert_id,
            "code": notice.code,
            "agreement": notice.agreement,
            "party": notice.party,
            "about": notice.about,
            "count": notice.count,
            "openedAt": as_instant(notice.opened_at),
            "resolvedAt": _instant(notice.resolved_at),
        },
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else as_instant(at)
