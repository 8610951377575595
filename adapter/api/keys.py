"""Keys that verify signatures: a JWKS (RFC 7517 section 5) that is configured, or one that its owner publishes at a URL."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import httpx
import orjson
import structlog
from joserfc import errors as jose
from joserfc.jwk import ECKey, JWKRegistry, Key, RSAKey

from adapter.api.bounded import read_bounded
from adapter.domain.errors import TokenRefused, Unreachable
from adapter.domain.log_codes import LogCode

REFETCH_SECONDS: Final = 10.0
"""No URL is asked more often, whatever tokens name and whatever its answer allows."""
FRESH_SECONDS: Final = 300.0
"""How long a set is fresh whose answer does not say."""
MAX_FRESH_SECONDS: Final = 86_400.0
GRACE_SECONDS: Final = 3_600.0
"""How long the last set still serves after its freshness when its URL gives no new one; then nothing is verified with it."""
_FETCH_SECONDS: Final = 5.0
_MAX_BYTES: Final = 65_536
_MAX_KEYS: Final = 100
_log = structlog.get_logger()


class Keys(Protocol):
    """The public keys of one signer."""

    async def find(self, kid: str | None) -> Key:
        """The one key of that ``kid``; without a ``kid`` the only key.

        Raises TokenRefused (``token-key``) where no or several keys match, Unreachable where the keys cannot be had.
        """
        ...


class FixedKeys:
    """Keys that are configured."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = tuple(keys)

    async def find(self, kid: str | None) -> Key:
        """See Keys."""
        return _only(self._keys, kid)


class PublishedKeys:
    """The keys at a URL, fetched when they are needed: at first, when they are no longer fresh (RFC 9111, 4.2) and when a token names a
    ``kid`` that is not among them, at most every 10 seconds.

    When the URL gives no new set, the last one serves for another hour beyond its freshness, then nothing does. ``now`` is a monotonic
    clock in seconds.
    """

    def __init__(
        self, url: str, client: httpx.AsyncClient, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._client = client
        self._now = now
        self._keys: tuple[Key, ...] = ()
        self._fresh_until = self._kept_until = self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def find(self, kid: str | None) -> Key:
        """See Keys."""
        if self._now() >= self._fresh_until or not any(key.kid == kid for key in self._keys):
            await self._renew()
        if self._now() >= self._kept_until:
            raise Unreachable("keys-unreachable")
        return _only(self._keys, kid)

    async def _renew(self) -> None:
        async with self._asking:
            if self._now() < self._asked_at + REFETCH_SECONDS:
                return
            self._asked_at = self._now()
            try:
                keys, seconds = await self._fetched()
            except Unreachable as fault:
                _log.warning(LogCode.KEYS_NOT_FETCHED, code=fault.code, host=urlsplit(self._url).hostname)
                return
            self._keys = keys
            self._fresh_until = self._now() + seconds
            self._kept_until = self._fresh_until + GRACE_SECONDS

    async def _fetched(self) -> tuple[tuple[Key, ...], float]:
        """The published keys and for how many seconds they are fresh."""
        try:
            async with (
                asyncio.timeout(_FETCH_SECONDS),
                self._client.stream(
                    "GET",
                    self._url,
                    headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                    follow_redirects=False,
                ) as answer,
            ):
                if answer.status_code != httpx.codes.OK or "content-encoding" in answer.headers:
                    raise Unreachable("keys-refused")
                body = await read_bounded(answer, _MAX_BYTES, "keys-too-large")
            keys = tuple(usable_keys(orjson.loads(body)))
        except (httpx.HTTPError, TimeoutError):
            raise Unreachable("keys-unreachable") from None
        except orjson.JSONDecodeError:
            raise Unreachable("keys-unreadable") from None
        if not keys:
            raise Unreachable("keys-unreadable")
        return keys, _freshness(answer.headers)


def usable_keys(jwks: Any) -> Iterator[Key]:
    """The keys of a set that may verify our signatures. As RFC 7517 section 5 says, what is not understood is passed over: other kinds of key,
    keys for encryption, RSA keys under 2048 bits; private keys too, since who publishes one has lost it.
    """
    entries = jwks.get("keys") if isinstance(jwks, dict) else None
    for entry in entries[:_MAX_KEYS] if isinstance(entries, list) else ():
        key = _imported(entry)
        if key is not None and not key.is_private and _is_for_signatures(key):
            yield key


def _imported(entry: Any) -> RSAKey | ECKey | None:
    try:
        # joserfc only warns of a weak key.
        with warnings.catch_warnings(action="error", category=jose.SecurityWarning):
            key = JWKRegistry.import_key(entry)
    except (jose.JoseError, jose.SecurityWarning, ValueError, TypeError, KeyError, AttributeError):
        return None
    return key if isinstance(key, RSAKey | ECKey) and isinstance(key.get("kid", ""), str) else None


def _is_for_signatures(key: Key) -> bool:
    operations = key.get("key_ops")
    return key.get("use") in (None, "sig") and (operations is None or "verify" in operations)


def _only(keys: Sequence[Key], kid: str | None) -> Key:
    matching = [key for key in keys if kid is None or key.kid == kid]
    if len(matching) != 1:
        raise TokenRefused("token-key")
    return matching[0]


def _freshness(headers: Mapping[str, str]) -> float:
    """Seconds from now (RFC 9111, 4.2.1 and 5.2.2), less those that the answer spent in caches; a day at most."""
    directives = {
        name.strip().lower(): value.strip(' "')
        for name, _, value in (
            directive.partition("=") for directive in headers.get("cache-control", "").split(",")
        )
    }
    if not directives.keys().isdisjoint({"no-store", "no-cache"}):
        return 0.0
    stated = _seconds(directives.get("max-age", ""), FRESH_SECONDS)
    return min(max(0.0, stated - _seconds(headers.get("age", ""), 0.0)), MAX_FRESH_SECONDS)


def _seconds(text: str, default: float) -> float:
    return float(text[:12]) if text.isascii() and text.isdigit() else default
