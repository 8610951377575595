"""Delivers releases and notices to a FHIR R4 server, each as one transaction (http://hl7.org/fhir/R4/http.html#transaction)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import httpx
import orjson

from adapter.domain.errors import MappingError
from adapter.exchange.ports import DeliveryFailed
from adapter.fhir import bundles
from adapter.gate.enforce import ReleasedBundle
from adapter.gate.notice import Notice
from connectors.fhir_rest.answer import check_answer, failure
from connectors.http_attempt import passing_failures, quick_tries

MAX_ANSWER_BYTES: Final = 1_048_576


class FhirSender:
    """exchange.ports.Sender for a FHIR server.

    ``base_url`` is the server's FHIR endpoint and ``token`` the bearer token that it gave us, empty for none. With ``patient`` a Patient that the
    recipient lacks is created; it is never changed. ``deadline`` is in seconds and covers one attempt, its quick tries to connect
    included.
    """

    def __init__(
        self, client: httpx.AsyncClient, base_url: str, *, token: str, patient: bool, deadline: float = 20.0
    ) -> None:
        self._client = client
        self._base_url = base_url
        self._headers = {
            **({"Authorization": f"Bearer {token}"} if token else {}),
            "Content-Type": "application/fhir+json",
            "Accept": "application/fhir+json",
            # Not compressed: a bound on the bytes read is then a bound on the answer.
            "Accept-Encoding": "identity",
            "Prefer": "return=minimal",
        }
        self._patient = patient
        self._deadline = deadline

    async def send(self, release: ReleasedBundle, idempotency_key: str) -> None:
        """Send it all or nothing.

        Raises DeliveryFailed: passing ``http-408``, ``http-425``, ``http-429``, ``http-5xx``, ``connect-failed``, ``connection-lost``, ``timeout``
        and ``answer-unreadable`` (200, but no transaction-response that accounts for each entry: it may have been taken, so it is
        repeated under the same key); lasting ``not-deliverable`` and ``nothing-to-deliver`` (the release makes no transaction) and
        every other ``http-nnn``.
        """
        await self._deliver(self._transaction(release), idempotency_key)

    async def notify(self, notice: Notice, idempotency_key: str) -> None:
        """Create one Communication, unless it is there already; raises what ``send`` does."""
        bundle = bundles.notice(notice.consent_id, notice.ended_at, idempotency_key)
        await self._deliver(bundle, idempotency_key)

    async def _deliver(self, bundle: Mapping[str, Any], idempotency_key: str) -> None:
        with passing_failures():
            async with asyncio.timeout(self._deadline):
                answer = await self._post(orjson.dumps(bundle), idempotency_key)
        check_answer(answer, expected=len(bundle["entry"]))

    def _transaction(self, release: ReleasedBundle) -> dict[str, Any]:
        try:
            bundle = bundles.transaction(
                release.resources, patient=self._patient, provenance=release.provenance
            )
        except MappingError:
            raise DeliveryFailed("not-deliverable", transient=False) from None
        if not bundle["entry"]:
            raise DeliveryFailed("nothing-to-deliver", transient=False)
        return bundle

    async def _post(self, body: bytes, idempotency_key: str) -> bytes:
        headers = self._headers | {"Idempotency-Key": idempotency_key}
        return await quick_tries(httpx.ConnectError, httpx.ConnectTimeout)(self._try, body, headers)

    async def _try(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The body of a 200; that of any other answer is not read."""
        # A redirect could lead to another host, which no agreement names.
        request = self._client.stream(
            "POST", self._base_url, content=body, headers=headers, follow_redirects=False
        )
        async with request as response:
            if response.status_code != httpx.codes.OK:
                raise failure(response.status_code, response.headers)
            return await _read_bounded(response)


async def _read_bounded(response: httpx.Response) -> bytes:
    answer = bytearray()
    async for chunk in response.aiter_raw():
        answer += chunk
        if len(answer) > MAX_ANSWER_BYTES:
            raise DeliveryFailed("answer-unreadable", transient=True)
    return bytes(answer)
