"""Column types that both databases store, index and compare alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

import orjson
from sqlalchemy import BigInteger, Dialect, Text, TypeDecorator

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(instant: datetime) -> int:
    """An aware instant as whole microseconds since 1970-01-01T00:00Z."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(count: int) -> datetime:
    """The aware instant, UTC, that ``count`` microseconds since 1970-01-01T00:00Z name."""
    return _EPOCH + timedelta(microseconds=count)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else instant(value)


class Words(TypeDecorator[tuple[str, ...]]):
    """A short list of codes or field paths, kept as a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str:
        return orjson.dumps(tuple(value or ())).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(orjson.loads(value)) if value else ()


FieldPair: TypeAlias = tuple[str, str]
"""A source field and the element that it became, as a mapping writes them."""


class FieldPairs(TypeDecorator[tuple[FieldPair, ...]]):
    """The rows of a field trace, kept as a JSON array of arrays of two."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[FieldPair] | None, dialect: Dialect) -> str:
        return orjson.dumps(tuple(value or ())).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[FieldPair, ...]:
        return tuple((source, target) for source, target in orjson.loads(value)) if value else ()


class Structure(TypeDecorator[dict[str, Any]]):
    """A small JSON object: a decision, an administrator's rights."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> str:
        return orjson.dumps(value or {}).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, Any]:
        parsed: dict[str, Any] = orjson.loads(value) if value else {}
        return parsed
