"""What every attempt to send over HTTP has in common: tries to connect that follow at once, and what its faults are called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from adapter.exchange.ports import DeliveryFailed

_QUICK_TRIES: Final = 3


@contextmanager
def passing_failures() -> Iterator[None]:
    """Faults of a request as DeliveryFailed that may pass: ``timeout``, ``connect-failed``, ``connection-lost``."""
    try:
        yield
    except (TimeoutError, httpx.TimeoutException):
        raise DeliveryFailed("timeout", transient=True) from None
    except httpx.ConnectError:
        raise DeliveryFailed("connect-failed", transient=True) from None
    except httpx.RequestError:
        raise DeliveryFailed("connection-lost", transient=True) from None


def quick_tries(*not_connected: type[httpx.RequestError]) -> AsyncRetrying:
    """Tries at once after a fault before which nothing was sent, as no connection was made; the last one's is raised."""
    return AsyncRetrying(
        retry=retry_if_exception_type(not_connected),
        stop=stop_after_attempt(_QUICK_TRIES),
        wait=wait_exponential(multiplier=0.1, max=1.0),
        reraise=True,
    )
