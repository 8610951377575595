"""JSON (RFC 8259), read strictly and within bounds."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from adapter.domain.errors import InputError, Issue

MAX_DEPTH: Final = 16
"""The deepest body of the push format has 6 levels."""

_TOKEN: Final = re.compile(
    rb'"(?:[^"\\]|\\.)*+"?(?P<key>[ \t\r\n]*+:)?|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL
)


def read_json(body: bytes) -> Any:
    """The tree in ``body``.

    Raises InputError 400: ``not-json``, ``too-deep`` (before it is parsed) or ``duplicate-key``.
    """
    keys = _scan(body)
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InputError([Issue("", "not-json")], 400) from None
    # The parser keeps the last of two equal keys: it then holds fewer than the text has.
    if _keys_in(tree) != keys:
        raise InputError([Issue("", "duplicate-key")], 400)
    return tree


def _scan(body: bytes) -> int:
    depth = keys = 0
    for token in _TOKEN.finditer(body):
        depth += (token["open"] is not None) - (token["close"] is not None)
        keys += token["key"] is not None
        if depth > MAX_DEPTH:
            raise InputError([Issue("", "too-deep")], 400)
    return keys


def _keys_in(tree: object) -> int:
    if isinstance(tree, dict):
        return len(tree) + sum(_keys_in(value) for value in tree.values())
    return sum(_keys_in(value) for value in tree) if isinstance(tree, list) else 0
