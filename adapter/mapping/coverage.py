"""How much of a mapping its own examples exercise: the source fields that it reads, and the rows of the tables that it looks up in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from adapter.mapping.examples import ExampleResult
from adapter.mapping.mapping import Mapping


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of a mapping, how many fields and table rows there are, and those that no example has (a row as ``table[code]``)."""

    mapping: str
    fields: int
    rows: int
    unread: tuple[str, ...]
    unused: tuple[str, ...]


def coverage(mapping: Mapping, results: Iterable[ExampleResult]) -> Coverage:
    """The coverage of one mapping by the results of its own examples."""
    traced = [row for result in results if result.mapping == mapping.name for row in result.trace]
    read, used = {row.source for row in traced}, {row.row for row in traced}
    return Coverage(
        mapping.name,
        len(mapping.reads),
        len(mapping.rows),
        tuple(sorted(mapping.reads - read)),
        tuple(sorted(mapping.rows - used)),
    )
