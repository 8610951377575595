"""Many ids in one statement, but no more than a statement may bind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

_Item = TypeVar("_Item")

_MOST: Final = 500


def batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """The items in their order, in parts of which each fits into the conditions of one statement."""
    return (items[start : start + _MOST] for start in range(0, len(items), _MOST))
