"""Sender of the push format: one release or notice, one POST, an outcome that tells passing faults from lasting ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from adapter.domain.instants import Clock, as_instant
from adapter.exchange.ports import DeliveryFailed
from adapter.gate.enforce import ReleasedBundle
from adapter.gate.notice import Notice
from connectors.http_attempt import passing_failures, quick_tries
from connectors.http_push.schema import ENDED, faults
from connectors.http_push.serialize import CONTENT_TYPES, Form, serialize

Translate = Callable[[ReleasedBundle], Mapping[str, Any]]
"""Turns a release into a push body by the recipient's back mapping."""

_PASSING: Final = frozenset({408, 425, 429})
_MAX_ANSWER_BYTES: Final = 64_000
_MAX_RETRY_AFTER_SECONDS: Final = 86_400.0


class PushSender:
    """Pushes releases to one system (docs/push-format.md); implements ``exchange.ports.Sender``.

    ``token`` is the bearer token that the system gave us, empty for none; ``clock`` reads a Retry-After that is a date; ``deadline`` is in seconds
    and covers one attempt, its quick tries to connect included.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        translate: Translate,
        clock: Clock,
        *,
        token: str,
        form: Form = "json",
        deadline: float = 20.0,
    ) -> None:
        self._client = client
        self._url = url
        self._token = token
        self._translate = translate
        self._clock = clock
        self._form: Form = form
        self._deadline = deadline

    async def send(self, release: ReleasedBundle, idempotency_key: str) -> None:
        """Returns when the system has taken the message, whose ``messageId`` is ``idempotency_key``.

        Raises DeliveryFailed: passing ``http-408``, ``http-425``, ``http-429``, ``http-5xx``, ``connect-failed``, ``connection-lost``,
        ``timeout``; lasting ``body-invalid`` (a fault of the mapping) and every other ``http-nnn``.
        """
        tree = {**_with_sender(self._translate(release), release), "messageId": idempotency_key}
        await self._deliver(tree, idempotency_key)

    async def notify(self, notice: Notice, idempotency_key: str) -> None:
        """The same for a notice, a message of the kind ``ended``."""
        ended_at = as_instant(notice.ended_at)
        ended = {"consentId": notice.consent_id, "tidpunkt": ended_at}
        tree = {"kind": ENDED, "messageId": idempotency_key, "skapad": ended_at, "ended": ended}
        await self._deliver(tree, idempotency_key)

    async def _deliver(self, tree: Mapping[str, Any], idempotency_key: str) -> None:
        body = self._body(tree)
        with passing_failures():
            async with asyncio.timeout(self._deadline):
                status, retry_after = await self._post(body, idempotency_key)
        if not 200 <= status < 300:
            transient = status in _PASSING or status >= 500
            raise DeliveryFailed(
                f"http-{status}", transient=transient, retry_after=self._seconds(retry_after)
            )

    def _body(self, tree: Mapping[str, Any]) -> bytes:
        if next(faults(tree), None) is not None:
            raise DeliveryFailed("body-invalid", transient=False)
        return serialize(tree, self._form)

    async def _post(self, body: bytes, idempotency_key: str) -> tuple[int, str | None]:
        headers = {
            **({"Authorization": f"Bearer {self._token}"} if self._token else {}),
            "Content-Type": CONTENT_TYPES[self._form],
            "Idempotency-Key": idempotency_key,
        }
        return await quick_tries(httpx.ConnectError)(self._try, body, headers)

    async def _try(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str | None]:
        # A redirect could lead to another host, which no agreement names.
        request = self._client.stream(
            "POST", self._url, content=body, headers=headers, follow_redirects=False
        )
        async with request as response:
            await _drain(response)
            return response.status_code, response.headers.get("Retry-After")

    def _seconds(self, retry_after: str | None) -> float | None:
        """RFC 9110, 10.2.3: seconds, or a date; None where it is neither."""
        if retry_after is None:
            return None
        if retry_after.isascii() and retry_after.isdigit():
            return min(float(retry_after), _MAX_RETRY_AFTER_SECONDS)
        try:
            instant = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        wait = (instant.replace(tzinfo=instant.tzinfo or UTC) - self._clock()).total_seconds()
        return min(max(wait, 0.0), _MAX_RETRY_AFTER_SECONDS)


def _with_sender(tree: Mapping[str, Any], release: ReleasedBundle) -> Mapping[str, Any]:
    """A record need not say who made it: the unit that the release came from then stands as sender."""
    unit = release.sender_unit
    if "organisation" in tree.get("avsandare", {}) or unit is None:
        return tree
    return {**tree, "avsandare": {"organisation": unit.value, **tree.get("avsandare", {})}}


async def _drain(response: httpx.Response) -> None:
    """Read a short answer, unseen, so that its connection can be used again; a long one is cut off."""
    read = 0
    async for chunk in response.aiter_raw():
        read += len(chunk)
        if read > _MAX_ANSWER_BYTES:
            return
