"""What a FHIR server's answer to a transaction means for the delivery."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson

from adapter.exchange.ports import DeliveryFailed

_TRANSIENT: Final = frozenset({408, 425, 429})
_STATUS: Final = re.compile(r"([1-5][0-9]{2})(?: .*)?", re.ASCII | re.DOTALL)
_MAX_RETRY_AFTER_SECONDS: Final = 86_400.0
_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


def check_answer(answer: bytes, *, expected: int) -> None:
    """Accept the body of a 200: a transaction-response with ``expected`` entries, each one taken.

    Raises DeliveryFailed: ``answer-unreadable``, or ``http-<status>`` of an entry that was not taken.
    """
    for entry in _entries(answer, expected):
        status = _status(entry)
        if status // 100 != 2:
            raise failure(status, {})


def failure(status: int, headers: Mapping[str, str]) -> DeliveryFailed:
    """The failure that an HTTP status stands for: 408, 425, 429 and 5xx pass, the rest do not (RFC 9110, 6585, 8470)."""
    return DeliveryFailed(
        f"http-{status}", transient=status in _TRANSIENT or status >= 500, retry_after=_retry_after(headers)
    )


def _entries(answer: bytes, expected: int) -> list[Any]:
    try:
        bundle = orjson.loads(answer)
        entries: list[Any] = bundle["entry"]
        if bundle["type"] == "transaction-response" and len(entries) == expected:
            return entries
    except (orjson.JSONDecodeError, KeyError, TypeError):
        pass
    raise DeliveryFailed("answer-unreadable", transient=True)


def _status(entry: Any) -> int:
    try:
        match = _STATUS.fullmatch(entry["response"]["status"])
    except (KeyError, TypeError):
        match = None
    if match is None:
        raise DeliveryFailed("answer-unreadable", transient=True)
    return int(match[1])


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait (RFC 9110, 10.2.3); an HTTP date counts from the answer's own Date, so that no clock is compared."""
    stated = headers.get("retry-after", "")
    if _SECONDS.fullmatch(stated):
        return min(float(stated), _MAX_RETRY_AFTER_SECONDS)
    try:
        wait = parsedate_to_datetime(stated) - parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return None
    return min(max(wait.total_seconds(), 0.0), _MAX_RETRY_AFTER_SECONDS)
