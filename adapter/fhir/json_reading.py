"""FHIR JSON (R4 2.1.0.4) as it was sent: no key twice, decimals to their last digit, bounded in size and depth."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, Final, NoReturn

from adapter.domain.errors import InputError, Issue
from adapter.fhir.paths import MAX_ISSUES, ROOT, path_of

MAX_DEPTH: Final = 100
# What any writer of JSON can write again as an integer.
_INTEGER_DIGITS: Final = 19


class _Doubled(dict[str, Any]):
    """An object in which a key stood twice; ``doubled`` are such keys."""

    doubled: tuple[str, ...]


def read_json(body: bytes, *, most: int) -> dict[str, Any]:
    """Read one resource of at most ``most`` bytes. The work grows with its size alone.

    Raises InputError: 413 ``too-large``; 400 ``unreadable`` (no JSON object in UTF-8, or NaN), ``too-deep``, ``duplicate-key``; of
    these two the first MAX_ISSUES, with paths that begin with ``Resource`` and hold elements' names alone.
    """
    if len(body) > most:
        raise InputError([Issue("", "too-large")], status=413)
    try:
        found = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=Decimal,
            parse_int=_integer,
            parse_constant=_refuse,
        )
    except (ValueError, ArithmeticError, RecursionError):
        raise InputError([Issue("", "unreadable")], status=400) from None
    if not isinstance(found, dict):
        raise InputError([Issue("", "unreadable")], status=400)
    issues = list(islice(_faults(found, ROOT, MAX_DEPTH), MAX_ISSUES))
    if issues:
        raise InputError(issues, status=400)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    doubled = _Doubled(found)
    doubled.doubled = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return doubled


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _INTEGER_DIGITS else Decimal(text)


def _refuse(_constant: str) -> NoReturn:
    raise ValueError


def _faults(value: Any, path: str, depth: int) -> Iterator[Issue]:
    if depth == 0:
        yield Issue(path, "too-deep")
    elif isinstance(value, Mapping):
        if isinstance(value, _Doubled):
            yield from (Issue(path_of(path, name), "duplicate-key") for name in value.doubled)
        for name, child in value.items():
            below = path_of(path, name)
            faults = _faults(child, below, depth - 1)
            # Below a key that is not shown nothing else is.
            yield from faults if below != path else (Issue(path, fault.code) for fault in faults)
    elif isinstance(value, list):
        for place, child in enumerate(value):
            yield from _faults(child, f"{path}[{place}]", depth - 1)
